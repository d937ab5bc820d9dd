/* connect_from: in all its rows, and going on where a client stopped. */
#include <string.h>

#include "tests/harness/census.h"
#include "tests/harness/checker.h"
#include "tests/harness/rows.h"
#include "tests/system/scenarios.h"

enum { RECORDS = 6 };

/* The bytes of "ann TAB stamp NL text N CR" in the file. */
static size_t record_length(int i)
{
    return strlen("ann\t") + STAMP_LENGTH + strlen("\n") + strlen(trial_text("text %d", i)) + strlen("\r");
}

static struct client *fill_hall(struct server *server)
{
    struct client *ann = client_login(server, "ann");
    client_create(ann, "hall");
    client_enter(ann, "hall");
    for (int i = 0; i < RECORDS; i++)
        client_message(ann, "ann", trial_text("text %d", i));
    return ann;
}

static void replay_table(const struct trial *trial)
{
    struct server *server = start_plain(trial);
    struct client *ann = fill_hall(server);
    size_t whole = 0;
    for (int i = 0; i < RECORDS; i++)
        whole += record_length(i);
    struct client *bob = client_login(server, "bob");
    size_t offset = 0;
    for (int from = 0; from <= RECORDS; from++) {
        client_enter_from(bob, offset, "hall");
        for (int i = from; i < RECORDS; i++)
            client_expect_record(bob, RECEIVE_MESSAGE, "ann", trial_text("text %d", i));
        client_expect_nothing(bob);
        client_ask(bob, LEAVE_CHAT, "", GET_CHATS, SUCCESS, "hall\n");
        offset += record_length(from);
    }
    const size_t wrong[] = {1, record_length(0) - 1, record_length(0) + 1, whole - 1, whole + 1, 1 << 20};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        client_ask(bob, CONNECT_FROM, trial_text("%zu\nhall", wrong[i]), CONNECT_FROM, FAILURE, SAY_NO_RECORD_THERE);
    const struct row rows[] = {
        {CONNECT_FROM, "0\nnowhere", CONNECT_CHAT, FAILURE, SAY_NO_SUCH_CHAT},
        {CONNECT_FROM, "", CONNECT_FROM, FAILURE, NULL},
        {CONNECT_FROM, "hall", CONNECT_FROM, FAILURE, NULL},
        {CONNECT_FROM, "0hall", CONNECT_FROM, FAILURE, NULL},
        {CONNECT_FROM, "\nhall", CONNECT_FROM, FAILURE, NULL},
        {CONNECT_FROM, "-1\nhall", CONNECT_FROM, FAILURE, NULL},
        {CONNECT_FROM, "x\nhall", CONNECT_FROM, FAILURE, NULL},
        {CONNECT_FROM, "0x0\nhall", CONNECT_FROM, FAILURE, NULL},
        {CONNECT_FROM, " 0\nhall", CONNECT_FROM, FAILURE, NULL},
        {CONNECT_FROM, "0 \nhall", CONNECT_FROM, FAILURE, NULL},
        {CONNECT_FROM, "18446744073709551615\nhall", CONNECT_FROM, FAILURE, NULL},
        {CONNECT_FROM, "18446744073709551616\nhall", CONNECT_FROM, FAILURE, NULL},
        {CONNECT_FROM, "36893488147419103232\nhall", CONNECT_FROM, FAILURE, NULL},
        {CONNECT_FROM, "0\n", CONNECT_CHAT, FAILURE, SAY_NO_SUCH_CHAT},
        {CONNECT_FROM, "0", CONNECT_FROM, FAILURE, NULL},
        {CONNECT_FROM, "0\nhall\n", CONNECT_CHAT, FAILURE, SAY_NO_SUCH_CHAT},
    };
    rows_ask(bob, ROWS(rows));
    client_expect_nothing(bob);
    client_ask(bob, GET_CHATS, "", GET_CHATS, SUCCESS, "hall\n");
    client_expect_nothing(ann);
    finish(server);
}

/* A refused connect_from leaves one in the lobby: new chats are shown, as to the others. */
static void refused_replay_stays_in_the_lobby(const struct trial *trial)
{
    struct server *server = start_plain(trial);
    struct client *ann = fill_hall(server), *bob = client_login(server, "bob");
    client_ask(bob, CONNECT_FROM, "5\nhall", CONNECT_FROM, FAILURE, SAY_NO_RECORD_THERE);
    client_leave(ann);
    client_ask(ann, CREATE_CHAT, "den", GET_CHATS, SUCCESS, "hall\nden\n");
    client_expect_list(bob, "hall\nden\n");
    client_enter_from(bob, 0, "den");
    client_message(bob, "bob", "first");
    client_expect_nothing(bob);
    finish(server);
}

/* Adds what comes until the connection is found at rest. */
static void read_records(struct client *client, struct stream *stream)
{
    client_say(client, RECEIVE_MESSAGE, "");
    for (struct frame got; (got = client_next(client)).request != WRONG_REQUEST;) {
        check(got.request == RECEIVE_MESSAGE && got.response == SUCCESS, "{%d,%d} among the records", got.request,
              got.response);
        stream_add(stream, got.text, got.n);
    }
}

/* Stops after some records, by leaving or by closing, and goes on from there: together it is the file, once. */
static void replay_continues(const struct trial *trial)
{
    struct server *server = start_plain(trial);
    struct client *ann = fill_hall(server), *bob = client_login(server, "bob");
    struct stream stream = {0};
    client_enter(bob, "hall");
    read_records(bob, &stream);
    for (int round = 0; round < 12; round++) {
        if (round % 3 == 0) {
            client_leave(bob);
        } else {
            if (round % 3 == 1)
                client_reset(bob);
            else
                client_quit(bob);
            bob = client_open(server);
            client_retry_name(bob, "bob");
        }
        for (int i = 0; i < round; i++)
            client_message(ann, "ann", trial_text("round %d, missed %d", round, i));
        client_enter_from(bob, stream_length(&stream), "hall");
        client_message(ann, "ann", trial_text("round %d, live", round));
        read_records(bob, &stream);
    }
    struct chat_file file = chat_file_read(server_chat_path(server, "hall"));
    check(check_piece(&file, &stream, 0, "bob") == file.count, "bob has seen %zu of %zu records", stream.count,
          file.count);
    finish(server);
}

const struct scenario replay_everywhere[] = {
    {"replay_table", replay_table},
    {"refused_replay_stays_in_the_lobby", refused_replay_stays_in_the_lobby},
    {"replay_continues", replay_continues},
    {0},
};
