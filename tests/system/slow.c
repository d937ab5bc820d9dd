/* Readers who are late: they lose nothing and delay nobody. */
#include "tests/harness/bots.h"
#include "tests/harness/census.h"
#include "tests/harness/crowd.h"
#include "tests/harness/rows.h"
#include "tests/system/scenarios.h"

/* Some stop reading while much more is said than any buffer holds; the others get everything meanwhile. */
static void stalled_readers(const struct trial *trial)
{
    struct crowd crowd = crowd_make(start_plain(trial), 12, 1, 0, 4000);
    crowd.members[0].messages = scaled(2500, 100);
    crowd_begin(&crowd);
    for (size_t i = 1; i < 5; i++)
        crowd.members[i].deaf = true;
    crowd_finish(&crowd);
    for (size_t i = 1; i < 5; i++)
        crowd.members[i].deaf = false;
    crowd_finish(&crowd);
    crowd_check(&crowd, false);
    crowd_check_all_stored(&crowd);
    finish(crowd.server);
}

/* The same in several rooms, with bots: half of them read nothing until the end, and then get all of it. */
static void stalled_in_several_rooms(const struct trial *trial)
{
    enum { STALLED = 12, TRIES = 200, MORE = 1000000 };
    struct server *server = start_plain(trial);
    struct bots *bots = bots_start(server, "--profile", "slow", "--rooms", "3", "--members", "8", "--senders", "3",
                                   "--slow", "4", "--size", "4000", "--closed", "--threshold", "errors<=0");
    long long due = 0;
    for (int i = 0; i < TRIES && due < STALLED; i++) {
        bots_talk(bots, MORE);
        due = census_take(server).due;
    }
    check(due >= STALLED, "only %lld of %d stalled readers are behind", due, STALLED);
    bots_talk(bots, scaled(10 * MORE, MORE));
    bots_stop(bots);
    finish(server);
}

/* A stalled writer: its messages are taken and shown to all while it reads none of them. */
static void stalled_writers(const struct trial *trial)
{
    struct crowd crowd = crowd_make(start_plain(trial), 6, 1, scaled(300, 20), 4000);
    crowd_begin(&crowd);
    crowd_run(&crowd, 6);
    crowd.members[2].deaf = crowd.members[3].deaf = true;
    for (size_t i = 0; i < crowd.n; i++)
        crowd.members[i].expects = 0; /* what the deaf have not yet said can't be waited for */
    crowd_finish(&crowd);
    crowd.members[2].deaf = crowd.members[3].deaf = false;
    for (size_t i = 0; i < crowd.n; i++)
        crowd.members[i].expects = (unsigned)crowd.n * crowd.members[i].messages;
    crowd_finish(&crowd);
    crowd_check(&crowd, false);
    crowd_check_all_stored(&crowd);
    finish(crowd.server);
}

/* A chat "hall" with this many records of 20,000 bytes by ann, who is in it; far more than sockets hold. */
static struct client *fill_hall(struct server *server, int records)
{
    struct client *ann = client_login(server, "ann");
    char *padding = repeated("x", 20000);
    client_create(ann, "hall");
    client_enter(ann, "hall");
    for (int i = 0; i < records; i++)
        client_message(ann, "ann", trial_text("%d %s", i, padding));
    return ann;
}

static void expect_filled(struct client *client, int records)
{
    char *padding = repeated("x", 20000);
    for (int i = 0; i < records; i++)
        client_expect_record(client, RECEIVE_MESSAGE, "ann", trial_text("%d %s", i, padding));
}

/* Pipelined behind a connect with a long history: each answer comes when the records before it have been sent. */
static void answers_wait_for_the_history(const struct trial *trial)
{
    enum { RECORDS = 200 };
    struct server *server = start_plain(trial);
    struct client *ann = fill_hall(server, RECORDS), *bob = client_open_small(server, 16384);
    struct bytes requests = {0};
    client_set_name(bob, "bob");
    frame_say(&requests, CONNECT_CHAT, "hall");
    frame_say(&requests, RECEIVE_MESSAGE, "");
    frame_say(&requests, PRIVATE_MESSAGE, "bob\nto myself");
    frame_say(&requests, SEND_MESSAGE, "bad\x01");
    frame_say(&requests, CREATE_CHAT, "not here");
    bob->stalled = true;
    client_write(bob, requests.at, requests.n);
    client_expect_nothing(ann);
    client_expect(bob, CONNECT_CHAT, SUCCESS, "hall");
    expect_filled(bob, RECORDS);
    client_expect(bob, WRONG_REQUEST, FAILURE, SAY_WRONG_REQUEST);
    client_expect_record(bob, PRIVATE_MESSAGE, "bob", "to myself");
    client_expect(bob, SEND_MESSAGE, FAILURE, SAY_TEXT_RULES);
    client_expect(bob, CREATE_CHAT, FAILURE, say_misplaced[CREATE_CHAT]);
    client_expect_nothing(bob);
    finish(server);
}

/* One who half-closes with a long history unsent: all of it, its own message, then the end. */
static void half_close_with_much_unsent(const struct trial *trial)
{
    enum { RECORDS = 200 };
    struct server *server = start_plain(trial);
    struct client *ann = fill_hall(server, RECORDS), *bob = client_open_small(server, 16384);
    struct bytes requests = {0};
    client_set_name(bob, "bob");
    frame_say(&requests, CONNECT_CHAT, "hall");
    frame_say(&requests, SEND_MESSAGE, "a last word");
    bob->stalled = true;
    client_write(bob, requests.at, requests.n);
    client_half_close(bob);
    client_expect_record(ann, RECEIVE_MESSAGE, "bob", "a last word");
    client_expect(bob, CONNECT_CHAT, SUCCESS, "hall");
    expect_filled(bob, RECORDS);
    client_expect_record(bob, RECEIVE_MESSAGE, "bob", "a last word");
    client_expect_end(bob);
    finish(server);
}

/* Who stalls in a chat and leaves it gets what was there at that moment and nothing newer, then the list.
 * That the leave was read shows only in the log. */
static void stalled_and_leaving(const struct trial *trial)
{
    enum { RECORDS = 200 };
    struct server *server = start_with(trial, "--log-level", "debug");
    struct client *ann = fill_hall(server, RECORDS), *bob = client_open_small(server, 16384);
    client_set_name(bob, "bob");
    client_enter(bob, "hall");
    bob->stalled = true;
    client_say(bob, LEAVE_CHAT, "");
    client_say(bob, CONNECT_CHAT, "nowhere");
    server_wait_line(server, "c_leave_chat");
    for (int i = 0; i < 10; i++)
        client_message(ann, "ann", "bob does not see this");
    client_ask(ann, PRIVATE_MESSAGE, "bob\nnor this", PRIVATE_MESSAGE, FAILURE, "bob is not here");
    expect_filled(bob, RECORDS);
    client_expect_list(bob, "hall\n");
    client_expect(bob, CONNECT_CHAT, FAILURE, SAY_NO_SUCH_CHAT);
    client_expect_nothing(bob);
    finish(server);
}

/* One drop at a time: a reader who takes a few bytes now and then still gets whole frames, in order. */
static void dripping_reader(const struct trial *trial)
{
    enum { MESSAGES = 40 };
    struct server *server = start_plain(trial);
    struct client *ann = client_login(server, "ann"), *bob = client_open_small(server, 4096);
    char *padding = repeated("x", 3000);
    client_set_name(bob, "bob");
    client_create(ann, "hall");
    client_expect_list(bob, "hall\n");
    client_enter(ann, "hall");
    client_enter(bob, "hall");
    bob->sip = 700;
    for (int i = 0; i < MESSAGES; i++) {
        client_message(ann, "ann", trial_text("%d %s", i, padding));
        client_fill(bob, now_ms());
    }
    for (int i = 0; i < MESSAGES; i++)
        client_expect_record(bob, RECEIVE_MESSAGE, "ann", trial_text("%d %s", i, padding));
    client_expect_nothing(bob);
    finish(server);
}

/* Many pipelined requests with large answers, from one who reads none of them for a while. */
static void answers_to_one_who_does_not_read(const struct trial *trial)
{
    enum { ASKED = 10000, CHATS = 15 };
    struct server *server = start_plain(trial);
    struct client *ann = client_login(server, "ann"), *bob = client_open_small(server, 16384);
    struct bytes requests = {0};
    unsigned n = scaled(ASKED, 200);
    struct bytes list = {0};
    for (int i = 0; i < CHATS; i++) {
        char *chat = trial_text("%s-%02d", repeated("c", CHAT_CHARS_MAX - 3), i);
        bytes_text(&list, "%s\n", chat);
        client_ask(ann, CREATE_CHAT, chat, GET_CHATS, SUCCESS, list.at);
    }
    client_set_name(bob, "bob");
    for (unsigned i = 0; i < n; i++)
        frame_say(&requests, i % 2 ? RECEIVE_MESSAGE : GET_CHATS, "");
    size_t at = 0;
    for (int64_t until = now_ms() + 300; at < requests.n && now_ms() < until;) {
        ssize_t sent = client_push(bob, requests.at + at, requests.n - at);
        check(sent >= 0, "the connection of one who does not read is broken");
        at += (size_t)sent;
        client_expect_nothing(ann);
    }
    client_write(bob, requests.at + at, requests.n - at);
    for (unsigned i = 0; i < n; i++) {
        if (i % 2)
            client_expect(bob, WRONG_REQUEST, FAILURE, SAY_WRONG_REQUEST);
        else
            client_expect_list(bob, list.at);
    }
    client_expect_nothing(bob);
    finish(server);
}

const struct scenario slow_scenarios[] = {
    {"stalled_readers", stalled_readers},
    {"stalled_in_several_rooms", stalled_in_several_rooms},
    {"stalled_writers", stalled_writers},
    {"stalled_and_leaving", stalled_and_leaving},
    {"answers_wait_for_the_history", answers_wait_for_the_history},
    {"half_close_with_much_unsent", half_close_with_much_unsent},
    {"dripping_reader", dripping_reader},
    {"answers_to_one_who_does_not_read", answers_to_one_who_does_not_read},
    {0},
};
