/* A room: its rows of the table, what a text may be, who is shown what, and when. */
#include <string.h>
#include <time.h>

#include "tests/harness/census.h"
#include "tests/harness/checker.h"
#include "tests/harness/rows.h"
#include "tests/system/scenarios.h"

static void room_table(const struct trial *trial)
{
    struct server *server = start_plain(trial);
    struct client *ann = client_login(server, "ann");
    client_create(ann, "hall");
    client_enter(ann, "hall");
    const struct row rows[] = {
        MISPLACED(SET_NAME, "bob"),
        MISPLACED(SET_NAME, "ann"),
        MISPLACED(CREATE_CHAT, "den"),
        MISPLACED(CREATE_CHAT, "hall"),
        MISPLACED(CONNECT_CHAT, "hall"),
        MISPLACED(CONNECT_CHAT, "nowhere"),
        MISPLACED(GET_CHATS, ""),
        MISPLACED(CONNECT_FROM, "0\nhall"),
        MISPLACED(CONNECT_FROM, ""),
        {SEND_MESSAGE, "", SEND_MESSAGE, FAILURE, SAY_TEXT_RULES},
        {PRIVATE_MESSAGE, "", PRIVATE_MESSAGE, FAILURE, NULL},
    };
    rows_ask(ann, ROWS(rows));
    rows_ask_unknown(ann);
    client_message(ann, "ann", "hello");
    client_expect_nothing(ann);
    client_say(ann, LEAVE_CHAT, "text is of no matter");
    client_expect_list(ann, "hall\n");
    client_enter(ann, "hall");
    client_expect_record(ann, RECEIVE_MESSAGE, "ann", "hello");
    client_expect_nothing(ann);
    client_ask(ann, DISCONNECT, "text is of no matter", DISCONNECT, SUCCESS, "");
    client_expect_end(ann);
    finish(server);
}

/* Every member gets every record, the sender too; a newcomer gets the whole history first. */
static void messages_reach_all(const struct trial *trial)
{
    struct server *server = start_plain(trial);
    const char *names[] = {"ann", "bob", "cid"};
    struct client *people[3];
    for (int i = 0; i < 3; i++)
        people[i] = client_login(server, names[i]);
    client_create(people[0], "hall");
    client_expect_list(people[1], "hall\n");
    client_expect_list(people[2], "hall\n");
    for (int i = 0; i < 3; i++) {
        client_enter(people[i], "hall");
        for (int before = 0; before < i; before++)
            client_expect_record(people[i], RECEIVE_MESSAGE, names[before], trial_text("from %s", names[before]));
        client_say(people[i], SEND_MESSAGE, trial_text("from %s", names[i]));
        for (int reader = 0; reader <= i; reader++)
            client_expect_record(people[reader], RECEIVE_MESSAGE, names[i], trial_text("from %s", names[i]));
    }
    client_leave(people[1]);
    client_message(people[0], "ann", "without bob");
    client_expect_record(people[2], RECEIVE_MESSAGE, "ann", "without bob");
    client_expect_nothing(people[1]);
    client_quit(people[0]);
    client_message(people[2], "cid", "alone");
    struct chat_file file = chat_file_read(server_chat_path(server, "hall"));
    check(file.count == 5, "the file has %zu records instead of 5", file.count);
    finish(server);
}

static void text_rules(const struct trial *trial)
{
    static const char *const good[] = {"x",
                                       " ",
                                       "\t",
                                       "\n",
                                       "two\nlines",
                                       "tab\there",
                                       "\xe6\x97\xa5",
                                       "\xf0\x9f\x98\x80",
                                       "a\xe2\x80\xae"
                                       "b",
                                       "\xef\xbb\xbf",
                                       "ann\t12:00:00 01/01/24\nforged?",
                                       "%s%n"};
    static const char *const bad[] = {"",     "\r",           "end\r",    "a\rann\t12:00:00 01/01/24\nforged",
                                      "\x01", "\x08",         "\x0b",     "\x1b[0m",
                                      "\x7f", "\xc2\x80",     "\xc2\x85", "\xc2\x9f",
                                      "\xff", "cut \xe6\x97", "\xc0\x8d", "\xed\xa0\x80"};
    struct server *server = start_plain(trial);
    struct client *ann = client_login(server, "ann");
    client_create(ann, "hall");
    client_enter(ann, "hall");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        client_ask(ann, SEND_MESSAGE, bad[i], SEND_MESSAGE, FAILURE, SAY_TEXT_RULES);
    client_send(ann, SEND_MESSAGE, "a\0b", 3);
    client_expect(ann, SEND_MESSAGE, FAILURE, SAY_TEXT_RULES);
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        client_message(ann, "ann", good[i]);
    client_expect_nothing(ann);
    client_message(ann, "ann", repeated("y", MESSAGE_MAX_DEFAULT));
    client_ask(ann, SEND_MESSAGE, repeated("y", MESSAGE_MAX_DEFAULT + 1), SEND_MESSAGE, FAILURE,
               trial_text(SAY_TEXT_TOO_LONG, (unsigned)MESSAGE_MAX_DEFAULT));
    client_expect_nothing(ann);
    struct chat_file file = chat_file_read(server_chat_path(server, "hall"));
    check(file.count == sizeof good / sizeof *good + 1, "the file has %zu records", file.count);
    finish(server);
}

/* A refused text is an answer and waits its turn: the answers have the order of the requests, in one write too. */
static void refusals_keep_their_place(const struct trial *trial)
{
    struct server *server = start_plain(trial);
    struct client *ann = client_login(server, "ann");
    struct bytes requests = {0};
    client_create(ann, "hall");
    client_enter(ann, "hall");
    for (int i = 0; i < 60; i++) {
        frame_say(&requests, SEND_MESSAGE, i % 3 == 1 ? "bad\r" : trial_text("ann-%d", i));
        if (i % 7 == 0)
            frame_say(&requests, RECEIVE_MESSAGE, "");
        if (i % 5 == 0)
            frame_say(&requests, PRIVATE_MESSAGE, trial_text("ann\nself %d", i));
    }
    client_write(ann, requests.at, requests.n);
    for (int i = 0; i < 60; i++) {
        if (i % 3 == 1)
            client_expect(ann, SEND_MESSAGE, FAILURE, SAY_TEXT_RULES);
        else
            client_expect_record(ann, RECEIVE_MESSAGE, "ann", trial_text("ann-%d", i));
        if (i % 7 == 0)
            client_expect(ann, WRONG_REQUEST, FAILURE, SAY_WRONG_REQUEST);
        if (i % 5 == 0)
            client_expect_record(ann, PRIVATE_MESSAGE, "ann", trial_text("self %d", i));
    }
    client_expect_nothing(ann);
    finish(server);
}

/* The stamp is the local time, as %T %D writes it. */
static void stamp_is_local_time(const struct trial *trial)
{
    struct server *server = start_plain(trial);
    struct client *ann = client_login(server, "ann");
    client_create(ann, "hall");
    client_enter(ann, "hall");
    time_t before = time(NULL);
    client_say(ann, SEND_MESSAGE, "what time is it?");
    struct frame got = client_next(ann);
    time_t after = time(NULL);
    bool right = false;
    for (time_t t = before - 2; t <= after + 2; t++) {
        char stamp[32];
        struct tm local;
        strftime(stamp, sizeof stamp, "%T %D", localtime_r(&t, &local));
        right |= got.n > 4 + STAMP_LENGTH && memcmp(got.text + 4, stamp, STAMP_LENGTH) == 0;
    }
    check(right, "the stamp is not the local time: %s", shown(got.text, got.n));
    finish(server);
}

/* What was said in a room is there for whoever comes when it has been closed and opened again. */
static void history_survives_the_room(const struct trial *trial)
{
    struct server *server = start_with(trial, "--room-linger", "0");
    struct client *ann = client_login(server, "ann");
    client_create(ann, "hall");
    for (int visit = 0; visit < 10; visit++) {
        client_enter(ann, "hall");
        for (int i = 0; i < visit; i++)
            client_expect_record(ann, RECEIVE_MESSAGE, "ann", trial_text("visit %d", i));
        client_message(ann, "ann", trial_text("visit %d", visit));
        client_leave(ann);
        census(server);
    }
    finish(server);
}

const struct scenario room_everywhere[] = {
    {"room_table", room_table},
    {"messages_reach_all", messages_reach_all},
    {"text_rules", text_rules},
    {"refusals_keep_their_place", refusals_keep_their_place},
    {"stamp_is_local_time", stamp_is_local_time},
    {"history_survives_the_room", history_survives_the_room},
    {0},
};
