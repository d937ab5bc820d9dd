/* What the options limit: clients, connections of one address, chats, messages a second, the length of a message. */
#include <string.h>

#include "tests/harness/census.h"
#include "tests/harness/checker.h"
#include "tests/harness/rows.h"
#include "tests/system/scenarios.h"

static void is_refused(struct client *client, const char *sentence)
{
    client_expect(client, WRONG_REQUEST, FAILURE, sentence);
    client_expect_end(client);
}

/* Opens connections until one is let in. */
static struct client *open_when_free(struct server *server, const char *name)
{
    for (int64_t until = time_limit();; look_again(until, "a free place")) {
        struct client *client = client_open(server);
        client_say(client, SET_NAME, name);
        struct frame got = client_next(client);
        if (got.request == SET_NAME && got.response == SUCCESS) {
            client_next(client);
            return client;
        }
        check(got.request == WRONG_REQUEST && got.response == FAILURE, "{%d,%d} at the gate", got.request,
              got.response);
        client_expect_end(client);
    }
}

static void max_clients(const struct trial *trial)
{
    struct server *server = start_with(trial, "--max-clients", "2");
    struct client *ann = client_login(server, "ann"), *bob = client_login(server, "bob");
    for (int i = 0; i < 5; i++)
        is_refused(client_open(server), SAY_SERVER_FULL);
    struct client *eager = client_open(server);
    client_say(eager, SET_NAME, "eager");
    is_refused(eager, SAY_SERVER_FULL);
    client_expect_nothing(ann);
    client_quit(ann);
    struct client *cid = open_when_free(server, "cid");
    is_refused(client_open(server), SAY_SERVER_FULL);
    client_reset(bob);
    open_when_free(server, "dora");
    client_expect_nothing(cid);
    check(census(server).refused >= 7, "the refused are not counted");
    finish(server);
}

static void max_per_ip(const struct trial *trial)
{
    struct server *server = start_with(trial, "--max-per-ip", "2");
    struct client *ann = client_login(server, "ann"), *bob = client_login(server, "bob");
    is_refused(client_open(server), SAY_ADDRESS_FULL);
    struct client *cid = client_open_from(server, "127.0.0.2"), *dora = client_open_from(server, "127.0.0.2");
    client_set_name(cid, "cid");
    client_set_name(dora, "dora");
    is_refused(client_open_from(server, "127.0.0.2"), SAY_ADDRESS_FULL);
    client_quit(ann);
    open_when_free(server, "emil");
    is_refused(client_open(server), SAY_ADDRESS_FULL);
    client_expect_nothing(bob);
    client_expect_nothing(cid);
    client_expect_nothing(dora);
    finish(server);
}

static void max_chats(const struct trial *trial)
{
    struct server *server = start_with(trial, "--max-chats", "2");
    struct client *ann = client_login(server, "ann");
    client_ask(ann, CREATE_CHAT, "one", GET_CHATS, SUCCESS, "one\n");
    client_ask(ann, CREATE_CHAT, "two", GET_CHATS, SUCCESS, "one\ntwo\n");
    client_ask(ann, CREATE_CHAT, "three", CREATE_CHAT, FAILURE, SAY_TOO_MANY_CHATS);
    client_ask(ann, GET_CHATS, "", GET_CHATS, SUCCESS, "one\ntwo\n");
    check(!file_exists(server_chat_path(server, "three")), "a refused chat has a file");
    client_enter(ann, "two");
    client_message(ann, "ann", "all is well");
    client_close(ann);
    census(server);
    server_stop(server);
    file_write(server_chat_path(server, "zoo"), "", 0);
    server_restart(server);
    ann = client_open(server);
    client_ask(ann, SET_NAME, "ann", SET_NAME, SUCCESS, "");
    client_expect_list(ann, "one\ntwo\nzoo\n");
    client_ask(ann, CREATE_CHAT, "three", CREATE_CHAT, FAILURE, SAY_TOO_MANY_CHATS);
    client_enter(ann, "zoo");
    finish(server);
}

/* Each of many messages in one write is stored or refused with the sentence, in order. */
static void rate_limit(const struct trial *trial)
{
    enum { MESSAGES = 60 };
    struct server *server = start_with(trial, "--rate-limit", "2");
    struct client *ann = client_login(server, "ann"), *bob = client_login(server, "bob");
    const char *sentence = trial_text(SAY_TOO_FAST, 2u);
    struct bytes requests = {0};
    unsigned stored = 0, refused = 0;
    client_create(ann, "hall");
    client_expect_list(bob, "hall\n");
    client_enter(ann, "hall");
    client_enter(bob, "hall");
    for (int i = 0; i < MESSAGES; i++)
        frame_say(&requests, SEND_MESSAGE, trial_text("ann-%d", i));
    client_write(ann, requests.at, requests.n);
    for (int i = 0; i < MESSAGES; i++) {
        struct frame got = client_next(ann);
        if (got.request == RECEIVE_MESSAGE && got.response == SUCCESS) {
            char *end = trial_text("\nann-%d", i);
            check(got.n > strlen(end) && memcmp(got.text + got.n - strlen(end), end, strlen(end)) == 0,
                  "message %d is answered by '%s'", i, shown(got.text, got.n));
            stored++;
        } else {
            check(got.request == SEND_MESSAGE && got.response == FAILURE && got.n == strlen(sentence) &&
                      memcmp(got.text, sentence, got.n) == 0,
                  "message %d is answered {%d,%d,\"%s\"}", i, got.request, got.response, shown(got.text, got.n));
            refused++;
        }
    }
    check(stored && refused, "%u messages were stored and %u refused", stored, refused);
    client_expect_nothing(ann);
    for (unsigned i = 0; i < stored; i++)
        check(client_next(bob).request == RECEIVE_MESSAGE, "no record for bob");
    client_message(bob, "bob", "the limit is each one's own");
    struct chat_file file = chat_file_read(server_chat_path(server, "hall"));
    check(file.count == stored + 1, "%u messages were shown, the file has %zu", stored + 1, file.count);
    for (int64_t until = time_limit();; look_again(until, "a message to be taken again")) {
        client_say(ann, SEND_MESSAGE, "again");
        if (client_next(ann).request == RECEIVE_MESSAGE)
            break;
    }
    finish(server);
}

static void longest_message(const struct trial *trial)
{
    enum { LONGEST = 1000000 };
    struct server *server = start_with(trial, "--max-message", "1000000");
    struct client *ann = client_login(server, "ann"), *bob = client_login(server, "bob");
    const char *texts[] = {repeated("a", LONGEST), repeated("b", LONGEST), "short",
                           repeated("\xe2\x82\xac", LONGEST / 3)};
    client_create(ann, "hall");
    client_expect_list(bob, "hall\n");
    client_enter(ann, "hall");
    for (int i = 0; i < 4; i++)
        client_message(ann, "ann", texts[i]);
    client_ask_refused(ann, SEND_MESSAGE, repeated("c", LONGEST + 1));
    client_expect_nothing(ann);
    client_enter(bob, "hall");
    for (int i = 0; i < 4; i++)
        client_expect_record(bob, RECEIVE_MESSAGE, "ann", texts[i]);
    client_expect_nothing(bob);
    finish(server);
}

const struct scenario limits_everywhere[] = {
    {"max_clients", max_clients}, {"max_per_ip", max_per_ip},           {"max_chats", max_chats},
    {"rate_limit", rate_limit},   {"longest_message", longest_message}, {0},
};
