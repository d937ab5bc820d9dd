/* Private messages: every row, who gets a copy, and that none of it is stored. */
#include <string.h>

#include "tests/harness/census.h"
#include "tests/harness/checker.h"
#include "tests/harness/rows.h"
#include "tests/system/scenarios.h"

static void refused_with(struct client *client, const char *request, const char *answer)
{
    client_ask(client, PRIVATE_MESSAGE, request, PRIVATE_MESSAGE, FAILURE, answer);
}

static void private_table(const struct trial *trial)
{
    struct server *server = start_plain(trial);
    struct client *ann = client_login(server, "ann"), *bob = client_login(server, "bob"),
                  *cid = client_login(server, "cid");
    struct client *dora = client_login(server, "dora");
    client_create(ann, "hall");
    client_expect_list(bob, "hall\n");
    client_expect_list(cid, "hall\n");
    client_expect_list(dora, "hall\n");
    client_enter(ann, "hall");
    client_enter(bob, "hall");
    client_enter(cid, "hall");
    client_say(ann, PRIVATE_MESSAGE, "bob\nhello bob");
    client_expect_record(ann, PRIVATE_MESSAGE, "ann", "hello bob");
    client_expect_record(bob, PRIVATE_MESSAGE, "ann", "hello bob");
    client_say(bob, PRIVATE_MESSAGE, "ann\ntwo\nlines\tand a tab");
    client_expect_record(bob, PRIVATE_MESSAGE, "bob", "two\nlines\tand a tab");
    client_expect_record(ann, PRIVATE_MESSAGE, "bob", "two\nlines\tand a tab");
    client_say(ann, PRIVATE_MESSAGE, "ann\nto myself");
    client_expect_record(ann, PRIVATE_MESSAGE, "ann", "to myself");
    refused_with(ann, "dora\nin the lobby", "dora is not here");
    refused_with(ann, "nobody\nat all", "nobody is not here");
    refused_with(ann, "BOB\nnames are bytes", "BOB is not here");
    const struct row rows[] = {
        {PRIVATE_MESSAGE, "", PRIVATE_MESSAGE, FAILURE, NULL},
        {PRIVATE_MESSAGE, "bob", PRIVATE_MESSAGE, FAILURE, NULL},
        {PRIVATE_MESSAGE, "bob\n", PRIVATE_MESSAGE, FAILURE, NULL},
        {PRIVATE_MESSAGE, "\ntext", PRIVATE_MESSAGE, FAILURE, NULL},
        {PRIVATE_MESSAGE, "bob\na\r", PRIVATE_MESSAGE, FAILURE, NULL},
        {PRIVATE_MESSAGE, "bob\n\xff", PRIVATE_MESSAGE, FAILURE, NULL},
        {PRIVATE_MESSAGE, "b\xff\ntext", PRIVATE_MESSAGE, FAILURE, NULL},
    };
    rows_ask(ann, ROWS(rows));
    client_ask_refused(ann, PRIVATE_MESSAGE, trial_text("%s\ntext", repeated("n", 3000)));
    client_expect_nothing(ann);
    client_expect_nothing(bob);
    client_expect_nothing(cid);
    client_expect_nothing(dora);
    client_leave(bob);
    refused_with(ann, "bob\nare you there?", "bob is not here");
    struct bytes file = file_read(server_chat_path(server, "hall"));
    check(file.n == 0, "private messages are stored: %s", shown(file.at, file.n));
    finish(server);
}

/* The limit on a text is one on the text: the name before it does not count. */
static void private_length(const struct trial *trial)
{
    struct server *server = start_with(trial, "--max-message", "100");
    struct client *ann = client_login(server, "ann"), *bob = client_login(server, "bob");
    client_create(ann, "hall");
    client_expect_list(bob, "hall\n");
    client_enter(ann, "hall");
    client_enter(bob, "hall");
    client_say(ann, PRIVATE_MESSAGE, trial_text("bob\n%s", repeated("x", 100)));
    client_expect_record(ann, PRIVATE_MESSAGE, "ann", repeated("x", 100));
    client_expect_record(bob, PRIVATE_MESSAGE, "ann", repeated("x", 100));
    client_ask_refused(ann, PRIVATE_MESSAGE, trial_text("bob\n%s", repeated("x", 101)));
    client_ask_refused(ann, PRIVATE_MESSAGE, trial_text("bob\n%s", repeated("x", 352)));
    client_expect_nothing(bob);
    client_expect_nothing(ann);
    finish(server);
}

/* Private messages and records keep the order in which they were asked for, for the receiver as well. */
static void private_keeps_its_place(const struct trial *trial)
{
    struct server *server = start_plain(trial);
    struct client *ann = client_login(server, "ann"), *bob = client_login(server, "bob");
    struct bytes requests = {0};
    client_create(ann, "hall");
    client_expect_list(bob, "hall\n");
    client_enter(ann, "hall");
    client_enter(bob, "hall");
    for (int i = 0; i < 40; i++) {
        frame_say(&requests, SEND_MESSAGE, trial_text("ann-%d", i));
        frame_say(&requests, PRIVATE_MESSAGE, trial_text("bob\nprivate %d", i));
    }
    client_write(ann, requests.at, requests.n);
    struct client *both[] = {ann, bob};
    for (int reader = 0; reader < 2; reader++) {
        for (int i = 0; i < 40; i++) {
            client_expect_record(both[reader], RECEIVE_MESSAGE, "ann", trial_text("ann-%d", i));
            client_expect_record(both[reader], PRIVATE_MESSAGE, "ann", trial_text("private %d", i));
        }
        client_expect_nothing(both[reader]);
    }
    finish(server);
}

/* Writes to bob, who does not read, until it is refused: how many were taken. */
static unsigned write_to_deaf_bob(struct client *ann, const char *padding)
{
    enum { MOST = 3000 };
    for (unsigned taken = 0; taken < MOST; taken++) {
        client_say(ann, PRIVATE_MESSAGE, trial_text("bob\n%u %s", taken, padding));
        struct frame got = client_next(ann);
        bool refused = got.response == FAILURE && got.n == strlen("bob is not reading") &&
                       memcmp(got.text, "bob is not reading", got.n) == 0;
        check(got.request == PRIVATE_MESSAGE && (refused || (got.response == SUCCESS && got.n > strlen(padding))),
              "{%d,%d,\"%s\"}", got.request, got.response, shown(got.text, got.n));
        if (refused)
            return taken;
    }
    trial_fail("%d private messages were taken for one who does not read", MOST);
}

/* One who does not read is sent private messages until 64 KiB are unsent; it gets them all when it reads. */
static void private_to_one_who_does_not_read(const struct trial *trial)
{
    struct server *server = start_plain(trial);
    struct client *ann = client_login(server, "ann"), *bob = client_open_small(server, 16384);
    char *padding = repeated("p", 16000);
    client_set_name(bob, "bob");
    client_create(ann, "hall");
    client_expect_list(bob, "hall\n");
    client_enter(ann, "hall");
    client_enter(bob, "hall");
    for (int round = 0; round < 3; round++) {
        unsigned taken = write_to_deaf_bob(ann, padding);
        if (round)
            client_message(ann, "ann", "bob gets this in the end");
        for (unsigned i = 0; i < taken; i++)
            client_expect_record(bob, PRIVATE_MESSAGE, "ann", trial_text("%u %s", i, padding));
        if (round)
            client_expect_record(bob, RECEIVE_MESSAGE, "ann", "bob gets this in the end");
        client_expect_nothing(bob);
    }
    client_say(ann, PRIVATE_MESSAGE, "bob\nthere again?");
    client_expect_record(ann, PRIVATE_MESSAGE, "ann", "there again?");
    client_expect_record(bob, PRIVATE_MESSAGE, "ann", "there again?");
    finish(server);
}

const struct scenario private_everywhere[] = {
    {"private_table", private_table},
    {"private_length", private_length},
    {"private_keeps_its_place", private_keeps_its_place},
    {0},
};

const struct scenario private_scenarios[] = {
    {"private_to_one_who_does_not_read", private_to_one_who_does_not_read},
    {0},
};
