/* Order: one script in several ways, and against every architecture, gives one transcript. */
#include <stdio.h>
#include <string.h>

#include "tests/system/census.h"
#include "tests/system/rows.h"
#include "tests/system/scenarios.h"
#include "tests/system/script.h"

/* Every kind of request, at every desk, through many hand-overs. Bob stands in the chat "hall" all the while.
 * The record "ann TAB stamp NL one CR" is 26 bytes long. */
static const struct step script[] = {
    {SEND_MESSAGE, "too early", 1},
    {LEAVE_CHAT, "", 1},
    {SET_NAME, "not good", 1},
    {SET_NAME, "bob", 1},
    {77, "", 1},
    {SET_NAME, "ann", 2},
    {GET_CHATS, "", 1},
    {SET_NAME, "eve", 1},
    {CREATE_CHAT, "den", 1},
    {CREATE_CHAT, "den", 1},
    {CREATE_CHAT, "a/b", 1},
    {SEND_MESSAGE, "not here", 1},
    {CONNECT_CHAT, "nowhere", 1},
    {CONNECT_CHAT, "den", 1},
    {SEND_MESSAGE, "one", 1},
    {PRIVATE_MESSAGE, "bob\nhe is elsewhere", 1},
    {SEND_MESSAGE, "two", 1},
    {SEND_MESSAGE, "bad\r", 1},
    {SEND_MESSAGE, "three\nin two lines", 1},
    {PRIVATE_MESSAGE, "ann\nto myself", 1},
    {LEAVE_CHAT, "", 1},
    {CONNECT_FROM, "3\nden", 1},
    {CONNECT_FROM, "26\nden", 3},
    {LEAVE_CHAT, "", 1},
    {CONNECT_CHAT, "den", 4},
    {SEND_MESSAGE, "four", 1},
    {LEAVE_CHAT, "", 1},
    {LEAVE_CHAT, "", 1},
    {CREATE_CHAT, "attic", 1},
    {CONNECT_CHAT, "hall", 2},
    {SEND_MESSAGE, "hello bob", 1},
    {PRIVATE_MESSAGE, "bob\na secret", 1},
    {SEND_MESSAGE, "and a word for all", 1},
    {PRIVATE_MESSAGE, "nobody\na secret", 1},
    {PRIVATE_MESSAGE, "bob", 1},
    {RECEIVE_MESSAGE, "", 1},
    {WRONG_REQUEST, "", 1},
    {11, "", 1},
    {CREATE_CHAT, "x", 1},
    {CONNECT_CHAT, "den", 1},
    {GET_CHATS, "", 1},
    {CONNECT_FROM, "0\nden", 1},
    {SET_NAME, "eve", 1},
    {SEND_MESSAGE, "", 1},
    {SEND_MESSAGE, "goodbye", 1},
    {LEAVE_CHAT, "", 1},
    {GET_CHATS, "", 1},
    {CONNECT_CHAT, "attic", 1},
    {DISCONNECT, "", 1},
};

/* What both saw, and what is in the files. */
struct result {
    struct bytes ann, bob, hall, den;
};

static struct result perform(const char *arch, enum way way)
{
    struct server *server = server_start(&(struct launch){.arch = arch});
    struct client *bob = client_login(server, "bob");
    struct result result;
    size_t n = sizeof script / sizeof *script;
    client_create(bob, "hall");
    client_enter(bob, "hall");
    client_message(bob, "bob", "is anybody there?");
    /* The end of the input takes the goodbye's place. */
    result.ann = script_run(client_open(server), script, way == HALF_CLOSED ? n - 1 : n, way);
    if (way == HALF_CLOSED)
        bytes_text(&result.ann, "{5,0,0} \n");
    result.bob = script_read(bob);
    result.hall = script_file(server_chat_path(server, "hall"));
    result.den = script_file(server_chat_path(server, "den"));
    finish(server);
    return result;
}

static void compare(const struct result *expected, const struct result *got, const char *where)
{
    script_compare(&expected->ann, &got->ann, "ann's transcript", where);
    script_compare(&expected->bob, &got->bob, "bob's transcript", where);
    script_compare(&expected->hall, &got->hall, "the file of the hall", where);
    script_compare(&expected->den, &got->den, "the file of the den", where);
}

/* The script's counts of answers are the table's: a missing or an extra frame shows in the transcript's length. */
static void check_length(const struct result *result)
{
    unsigned answers = 0, lines = 0;
    for (size_t i = 0; i < sizeof script / sizeof *script; i++)
        answers += script[i].answers;
    for (size_t i = 0; i < result->ann.n; i++)
        lines += result->ann.at[i] == '\n';
    check(lines == answers, "%u frames came where the table has %u", lines, answers);
}

static void transcripts(const struct trial *trial)
{
    struct result expected = perform(trial->arch, LOCK_STEP);
    check_length(&expected);
    for (int way = 0; way < WAYS; way++) {
        if (way == LOCK_STEP)
            continue;
        struct result got = perform(trial->arch, (enum way)way);
        compare(&expected, &got, trial_text("%s, %s,", trial->arch, way_names[way]));
    }
    for (size_t i = 0; trial_archs[i]; i++) {
        if (strcmp(trial_archs[i], trial->arch) == 0)
            continue;
        struct result got = perform(trial_archs[i], LOCK_STEP);
        compare(&expected, &got, trial_text("%s, beside %s,", trial_archs[i], trial->arch));
    }
}

/* name -> lobby -> room -> lobby -> room -> bye, all asked for in one segment. */
static void hand_overs_in_one_segment(const struct trial *trial)
{
    static const char expected[] = "{0,0,0} \n"
                                   "{8,0,5} hall\\x0a\n"
                                   "{2,0,4} hall\n"
                                   "{6,0,25} ann\\x09-----------------\\x0aone\n"
                                   "{8,0,5} hall\\x0a\n"
                                   "{2,0,4} hall\n"
                                   "{6,0,25} ann\\x09-----------------\\x0aone\n"
                                   "{6,0,25} ann\\x09-----------------\\x0atwo\n"
                                   "{5,0,0} \n";
    static const struct step steps[] = {
        {SET_NAME, "ann", 2},      {CONNECT_CHAT, "hall", 1}, {SEND_MESSAGE, "one", 1}, {LEAVE_CHAT, "", 1},
        {CONNECT_CHAT, "hall", 2}, {SEND_MESSAGE, "two", 1},  {DISCONNECT, "", 1},
    };
    const struct bytes right = {.at = (char *)(uintptr_t)expected, .n = sizeof expected - 1};
    for (int way = 0; way < HALF_CLOSED; way++) {
        struct server *server = start_with(trial, "--room-linger", "0");
        struct client *keeper = client_login(server, "keeper");
        client_create(keeper, "hall");
        struct bytes got = script_run(client_open(server), steps, sizeof steps / sizeof *steps, (enum way)way);
        script_compare(&right, &got, "the transcript", way_names[way]);
        finish(server);
    }
}

/* Several at once, each with a script of its own in its own chat: nobody's answers mix with another's. */
static void scripts_side_by_side(const struct trial *trial)
{
    enum { PEOPLE = 12, ROUNDS = 15 };
    struct server *server = start_plain(trial);
    struct client *people[PEOPLE];
    for (int i = 0; i < PEOPLE; i++) {
        people[i] = client_login(server, trial_text("p%d", i));
        client_create(people[i], trial_text("c%d", i));
        client_enter(people[i], trial_text("c%d", i));
    }
    for (int i = 0; i < PEOPLE; i++) {
        struct bytes requests = {0};
        for (int r = 0; r < ROUNDS; r++) {
            frame_say(&requests, SEND_MESSAGE, trial_text("round %d", r));
            frame_say(&requests, LEAVE_CHAT, "");
            frame_say(&requests, CONNECT_FROM, trial_text("0\nc%d", i));
        }
        client_write(people[i], requests.at, requests.n);
    }
    for (int i = 0; i < PEOPLE; i++) {
        for (int r = 0; r < ROUNDS; r++) {
            client_expect_record(people[i], RECEIVE_MESSAGE, trial_text("p%d", i), trial_text("round %d", r));
            check(client_next(people[i]).request == GET_CHATS, "no list after the leave");
            client_expect(people[i], CONNECT_FROM_ANSWER, SUCCESS, trial_text("c%d", i));
            for (int before = 0; before <= r; before++)
                client_expect_record(people[i], RECEIVE_MESSAGE, trial_text("p%d", i), trial_text("round %d", before));
        }
        client_expect_nothing(people[i]);
    }
    finish(server);
}

const struct scenario order_scenarios[] = {
    {"transcripts", transcripts},
    {"hand_overs_in_one_segment", hand_overs_in_one_segment},
    {"scripts_side_by_side", scripts_side_by_side},
    {0},
};
