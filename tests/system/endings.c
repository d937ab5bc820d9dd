/* How connections end: half-closed after the last request, cut within a frame, reset, at every desk. */
#include <stdio.h>
#include <string.h>

#include "tests/harness/census.h"
#include "tests/harness/checker.h"
#include "tests/harness/rows.h"
#include "tests/system/scenarios.h"

enum desk { AT_NAME, AT_LOBBY, AT_ROOM, DESKS };

static struct server *start_with_hall(const struct trial *trial)
{
    struct server *server = start_plain(trial);
    struct client *keeper = client_login(server, "keeper");
    client_create(keeper, "hall");
    client_quit(keeper);
    return server;
}

static struct client *client_at(struct server *server, enum desk desk, const char *name)
{
    struct client *client = client_open(server);
    if (desk >= AT_LOBBY)
        client_retry_name(client, name);
    if (desk == AT_ROOM)
        client_enter(client, "hall");
    return client;
}

/* End of input means 'no more requests', not 'gone': what was asked is answered; then the server closes without {5}. */
static void half_close_after_the_last(const struct trial *trial)
{
    enum { MESSAGES = 200 };
    struct server *server = start_with_hall(trial);
    struct client *ann = client_open(server);
    struct bytes requests = {0};
    frame_say(&requests, SET_NAME, "ann");
    frame_say(&requests, CREATE_CHAT, "den");
    frame_say(&requests, CONNECT_CHAT, "den");
    for (int i = 0; i < MESSAGES; i++)
        frame_say(&requests, SEND_MESSAGE, trial_text("ann-%d", i));
    client_write(ann, requests.at, requests.n);
    client_half_close(ann);
    client_expect(ann, SET_NAME, SUCCESS, "");
    client_expect_list(ann, "hall\n");
    client_expect_list(ann, "hall\nden\n");
    client_expect(ann, CONNECT_CHAT, SUCCESS, "den");
    for (int i = 0; i < MESSAGES; i++)
        client_expect_record(ann, RECEIVE_MESSAGE, "ann", trial_text("ann-%d", i));
    client_expect_end(ann);
    struct chat_file file = chat_file_read(server_chat_path(server, "den"));
    check_author(&file, "ann", MESSAGES);
    struct client *again = client_open(server);
    client_retry_name(again, "ann");
    finish(server);
}

/* At every desk: with nothing asked, with one request, and with half a frame behind it, which is dropped. */
static void half_close_at_every_desk(const struct trial *trial)
{
    struct server *server = start_with_hall(trial);
    for (int desk = 0; desk < DESKS; desk++) {
        struct client *quiet = client_at(server, (enum desk)desk, "quiet");
        struct client *asking = client_at(server, (enum desk)desk, "asking");
        struct client *cut = client_at(server, (enum desk)desk, "cut");
        struct bytes half = {0};
        client_half_close(quiet);
        client_expect_end(quiet);
        client_say(asking, RECEIVE_MESSAGE, "");
        client_half_close(asking);
        client_expect(asking, WRONG_REQUEST, FAILURE, SAY_WRONG_REQUEST);
        client_expect_end(asking);
        frame_say(&half, RECEIVE_MESSAGE, "");
        frame_say(&half, desk == AT_ROOM ? SEND_MESSAGE : SET_NAME, "unfinished");
        client_write(cut, half.at, half.n - 1);
        client_half_close(cut);
        client_expect(cut, WRONG_REQUEST, FAILURE, SAY_WRONG_REQUEST);
        client_expect_end(cut);
    }
    struct client *next = client_open(server);
    client_retry_name(next, "unfinished");
    client_enter(next, "hall");
    client_expect_nothing(next);
    finish(server);
}

/* A goodbye and the end of the input together: one {5}, then the end. */
static void goodbye_and_half_close(const struct trial *trial)
{
    struct server *server = start_with_hall(trial);
    for (int desk = 0; desk < DESKS; desk++) {
        struct client *ann = client_at(server, (enum desk)desk, "ann");
        struct bytes requests = {0};
        frame_say(&requests, DISCONNECT, "");
        frame_say(&requests, SEND_MESSAGE, "behind the goodbye");
        frame_say(&requests, DISCONNECT, "");
        for (int i = 0; i < 10; i++) /* more than is read at once */
            frame_say(&requests, SEND_MESSAGE, repeated("x", 30000));
        client_write(ann, requests.at, requests.n);
        client_half_close(ann);
        client_expect(ann, DISCONNECT, SUCCESS, "");
        client_expect_end(ann);
    }
    struct client *bob = client_at(server, AT_ROOM, "bob");
    client_expect_nothing(bob);
    finish(server);
}

/* Who half-closes while others write gets a contiguous piece with all of its own, then the end; the others go on. */
static void half_close_while_others_write(const struct trial *trial)
{
    enum { MESSAGES = 300 };
    struct server *server = start_with_hall(trial);
    struct client *ann = client_at(server, AT_ROOM, "ann"), *bob = client_at(server, AT_ROOM, "bob");
    struct bytes of_ann = {0}, of_bob = {0};
    struct stream seen = {0};
    struct frame got = {0};
    for (int i = 0; i < MESSAGES; i++) {
        frame_say(&of_bob, SEND_MESSAGE, trial_text("bob-%d", i));
        if (i < MESSAGES / 10)
            frame_say(&of_ann, SEND_MESSAGE, trial_text("ann-%d", i));
    }
    client_write(bob, of_bob.at, of_bob.n / 2);
    client_write(ann, of_ann.at, of_ann.n);
    client_half_close(ann);
    client_write(bob, of_bob.at + of_bob.n / 2, of_bob.n - of_bob.n / 2);
    while (client_next_or_end(ann, &got)) {
        check(got.request == RECEIVE_MESSAGE && got.response == SUCCESS, "{%d,%d} for ann", got.request, got.response);
        stream_add(&seen, got.text, got.n);
    }
    client_close(ann);
    for (int i = 0; i < MESSAGES + MESSAGES / 10; i++)
        check(client_next(bob).request == RECEIVE_MESSAGE, "no record for bob");
    client_expect_nothing(bob);
    struct chat_file file = chat_file_read(server_chat_path(server, "hall"));
    size_t next = check_piece(&file, &seen, 0, "ann");
    check_author(&file, "ann", MESSAGES / 10);
    check_author(&file, "bob", MESSAGES);
    file.count = next;
    check_author(&file, "ann", MESSAGES / 10); /* all of ann's are in the piece that ann has seen */
    finish(server);
}

/* Broken connections at every desk, with nothing, half a frame, or a whole script under way. */
static void reset_at_every_desk(const struct trial *trial)
{
    struct server *server = start_with_hall(trial);
    struct client *watcher = client_at(server, AT_ROOM, "watcher");
    for (unsigned i = 0, n = scaled(60, 12); i < n; i++) {
        struct client *ann = client_at(server, (enum desk)(i % DESKS), "ann");
        struct bytes requests = {0};
        for (int r = 0; r < 20; r++) {
            frame_say(&requests, CONNECT_CHAT, "hall");
            frame_say(&requests, LEAVE_CHAT, "");
        }
        if (i / DESKS % 3 == 1)
            client_write(ann, requests.at, 7);
        else if (i / DESKS % 3 == 2)
            client_write(ann, requests.at, requests.n);
        if (i % 2)
            client_reset(ann);
        else
            client_close(ann);
    }
    client_message(watcher, "watcher", "still here");
    struct client *ann = client_at(server, AT_ROOM, "ann");
    client_expect_record(ann, RECEIVE_MESSAGE, "watcher", "still here");
    finish(server);
}

/* A connection that breaks while much is due to it: the rest goes on, and nothing of it stays due. */
static void reset_with_much_unsent(const struct trial *trial)
{
    struct server *server = start_with_hall(trial);
    struct client *ann = client_at(server, AT_ROOM, "ann");
    char *text = repeated("z", 30000);
    for (int i = 0; i < 60; i++)
        client_message(ann, "ann", text);
    for (int i = 0; i < 9; i++) {
        struct client *bob = client_open_small(server, 8192);
        client_retry_name(bob, "bob");
        bob->stalled = true;
        client_say(bob, CONNECT_CHAT, "hall");
        if (i % 3 == 1)
            client_say(bob, LEAVE_CHAT, "");
        if (i % 3 == 2)
            client_half_close(bob);
        client_message(ann, "ann", "in between");
        client_reset(bob);
    }
    struct client *next = client_open(server);
    client_retry_name(next, "bob");
    finish(server);
}

/* The server closes its side and then reads on until the client closes, so that its last answers are not reset away. */
static void server_waits_for_the_close(const struct trial *trial)
{
    struct server *server = start_with_hall(trial);
    struct client *leaving[DESKS];
    struct frame got = {0};
    for (int desk = 0; desk < DESKS; desk++) {
        leaving[desk] = client_at(server, (enum desk)desk, trial_text("visitor-%d", desk));
        client_ask(leaving[desk], DISCONNECT, "", DISCONNECT, SUCCESS, "");
        check(!client_next_or_end(leaving[desk], &got), "{%d,%d} behind the goodbye", got.request, got.response);
    }
    check(census(server).bye == DESKS, "not all of those who said goodbye are waited for");
    for (int desk = 0; desk < DESKS; desk++)
        client_write(leaving[desk], "heard by nobody", 15);
    check(census(server).bye == DESKS, "not all of those who said goodbye are waited for");
    client_half_close(leaving[AT_NAME]);
    client_reset(leaving[AT_LOBBY]);
    client_close(leaving[AT_ROOM]);
    client_close(leaving[AT_NAME]);
    finish(server);
}

const struct scenario endings_everywhere[] = {
    {"half_close_after_the_last", half_close_after_the_last},
    {"half_close_at_every_desk", half_close_at_every_desk},
    {"goodbye_and_half_close", goodbye_and_half_close},
    {"half_close_while_others_write", half_close_while_others_write},
    {"server_waits_for_the_close", server_waits_for_the_close},
    {"reset_at_every_desk", reset_at_every_desk},
    {0},
};

const struct scenario endings_scenarios[] = {
    {"reset_with_much_unsent", reset_with_much_unsent},
    {0},
};
