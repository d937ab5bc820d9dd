/* Stalled readers: they lose nothing, delay nobody and cost next to nothing. */
#include <string.h>

#include "tests/faults/scenarios.h"
#include "tests/harness/census.h"
#include "tests/harness/crowd.h"
#include "tests/harness/rows.h"

/* What the kernel keeps for one who stalls is not missed: for readers it knows as fast ones that may be megabytes, so theirs
 * is bounded. (A small one overflows with short segments; then the kernel waits for seconds until it probes again.) */
enum { BUFFER = 128 << 10 };

/* Never more than the server has said, and no more than `most`. */
static void check_grown(const struct server *server, size_t before, unsigned stalled, size_t most, const char *why)
{
    size_t now = server_memory(server), grown = now > before ? now - before : 0;
    double stated = cJSON_GetNumberValue(cJSON_GetObjectItem(server->started, "client_bytes"));
    if (!server_memory_is_its_own())
        return;
    check((double)grown < stated * stalled, "%zu bytes more for %u stalled readers, stated are %.0f each", grown,
          stalled, stated);
    check(grown <= most, "%zu bytes more for %u stalled readers: %s", grown, stalled, why);
}

/* What was sent must be more than the kernel takes, or nobody is behind. */
static void check_behind(struct server *server, unsigned stalled)
{
    long long due = census_take(server).due;
    check(due >= stalled, "only %lld of %u stalled readers are behind", due, stalled);
}

/* Half of a room stops reading while 50 MB are said: the others get everything, and when the stalled read again they get
 * everything too. A room keeps a tail of a megabyte and a turn while anybody is behind, and has buffers of about a megabyte
 * to read its file; that is the same for one who is behind and for a hundred. So one stalls first, for half of
 * what is said: the room then has what it ever needs, though the tail may still grow by a turn and be moved for it. The
 * 99 who stall then are to cost two numbers each: a few KiB at most are allowed, of the megabytes each of them misses. */
static void stalled_half(const struct trial *trial)
{
    enum { PEOPLE = 200, STALLED = 100, TEXT = 10000, TEXTS = 5000, ROOM = 6 << 20, MOVE = 2 << 20, NUMBERS = 4 << 10 };
    struct crowd crowd = crowd_make(start_plain(trial), PEOPLE, 1, 0, TEXT);
    struct server *server = crowd.server;
    unsigned texts = crowd.members[PEOPLE - 1].messages = scaled(TEXTS, 300);
    for (size_t i = 0; i < STALLED; i++)
        crowd.members[i].buffer = BUFFER;
    crowd_begin(&crowd);
    crowd_run(&crowd, PEOPLE); /* everybody is inside */
    size_t before = server_memory(server);
    crowd.members[0].deaf = true;
    crowd_run(&crowd, (size_t)(PEOPLE - 1) * texts / 2);
    size_t with_one = server_memory(server);
    for (size_t i = 1; i < STALLED; i++)
        crowd.members[i].deaf = true;
    crowd_finish(&crowd);
    check_behind(server, STALLED);
    check_grown(server, before, STALLED, ROOM, "more than a room keeps while somebody is behind");
    check_grown(server, with_one, STALLED, MOVE + STALLED * NUMBERS, "a hundred cost more than one");
    for (size_t i = 0; i < STALLED; i++)
        crowd.members[i].deaf = false;
    crowd_finish(&crowd);
    crowd_check(&crowd, false);
    crowd_check_all_stored(&crowd);
    finish(server);
}

/* Sends private messages from number `n` on to somebody who reads nothing, until the server says that he is not reading.
 * The number of the next one. */
static unsigned fill(struct client *ann, const char *name, const char *padding, unsigned n)
{
    enum { FAR_TOO_MANY = 20000 };
    const char *not_reading = trial_text(SAY_NOT_READING, (int)strlen(name), name);
    for (;; n++) {
        check(n < FAR_TOO_MANY, "%u private messages are taken for one who is not reading", n);
        client_say(ann, PRIVATE_MESSAGE, trial_text("%s\n%u %s", name, n, padding));
        struct frame got = client_next(ann);
        check(got.request == PRIVATE_MESSAGE, "{%d,%d} behind a private message", got.request, got.response);
        if (got.response == SUCCESS)
            continue;
        check(got.n == strlen(not_reading) && memcmp(got.text, not_reading, got.n) == 0, "refused with '%s'",
              shown(got.text, got.n));
        return n;
    }
}

/* Again and again until nobody takes one more: the kernel has taken what it can by then. */
static void fill_all(struct client *ann, unsigned taken[], unsigned n, const char *padding)
{
    bool more = true;
    for (int64_t until = time_limit(); more; look_again(until, "private messages to be refused by all")) {
        more = false;
        for (unsigned i = 0; i < n; i++) {
            unsigned before = taken[i];
            taken[i] = fill(ann, trial_text("s%u", i), padding, before);
            more = more || taken[i] > before;
        }
    }
}

/* Those who stall with private messages unsent keep 64 KiB of them and one more; those that come later are refused and cost
 * nothing, but for a few that take the place of what the kernel has taken meanwhile. What was taken arrives, in order. */
static void stalled_with_private_messages(const struct trial *trial)
{
    enum { STALLED = 50, TEXT = 1000, KEPT = (64 << 10) + 2 * TEXT, LEDGER = 4 << 10, ROOM = 1 << 20 };
    struct server *server = start_plain(trial);
    struct client *ann = client_login(server, "ann"), *stalled[STALLED];
    char *padding = repeated("p", TEXT);
    unsigned taken[STALLED] = {0}, refused = scaled(1000, 20);
    client_create(ann, "hall");
    client_enter(ann, "hall");
    for (unsigned i = 0; i < STALLED; i++) {
        stalled[i] = client_open(server);
        client_set_name(stalled[i], trial_text("s%u", i));
        client_enter(stalled[i], "hall");
        stalled[i]->stalled = true;
    }
    size_t before = server_memory(server);
    fill_all(ann, taken, STALLED, padding);
    check_grown(server, before, STALLED, ROOM + STALLED * (KEPT + LEDGER), "more than 64 KiB of private messages each");
    for (unsigned i = 0; i < refused; i++)
        taken[i % STALLED] = fill(ann, trial_text("s%u", i % STALLED), padding, taken[i % STALLED]);
    check_behind(server, STALLED);
    check_grown(server, before, STALLED, ROOM + STALLED * (KEPT + LEDGER), "refused private messages cost something");
    for (unsigned i = 0; i < STALLED; i++) {
        for (unsigned n = 0; n < taken[i]; n++)
            client_expect_record(stalled[i], PRIVATE_MESSAGE, "ann", trial_text("%u %s", n, padding));
        client_expect_nothing(stalled[i]);
    }
    finish(server);
}

/* Reads lists until the whole one has come; each must be longer than the one before, and its beginning. */
static void read_lists(struct client *client, const struct bytes *whole)
{
    struct frame got;
    size_t last = 0;
    do {
        got = client_next(client);
        check(got.request == GET_CHATS && got.response == SUCCESS, "{%d,%d} in the lobby", got.request, got.response);
        check(got.n > last && got.n <= whole->n && memcmp(got.text, whole->at, got.n) == 0,
              "a list of %zu bytes behind one of %zu is no beginning of the whole one: %s", got.n, last,
              shown(got.text, got.n));
        last = got.n;
    } while (last < whole->n);
}

/* People in the lobby who read nothing while thousands of chats are created: what they are due is two numbers, so that only
 * the chats themselves cost something. Awake they read to the whole list. */
static void stalled_in_the_lobby(const struct trial *trial)
{
    enum { STALLED = 100, CHATS = 3000, CHAT = 1 << 10, NUMBERS = 512, PAGES = 256 << 10 };
    struct server *server = start_plain(trial);
    struct client *maker = client_login(server, "maker"), *stalled[STALLED];
    struct bytes list = {0};
    unsigned chats = scaled(CHATS, 200);
    for (unsigned i = 0; i < STALLED; i++) {
        stalled[i] = client_open(server);
        client_set_name(stalled[i], trial_text("s%u", i));
        stalled[i]->stalled = true;
    }
    size_t before = server_memory(server);
    for (unsigned i = 0; i < chats; i++) {
        char *chat = trial_text("chat-%u-%s", i, "with-a-name-that-fills-the-list-soon");
        bytes_text(&list, "%s\n", chat);
        client_ask(maker, CREATE_CHAT, chat, GET_CHATS, SUCCESS, list.at);
    }
    check_behind(server, STALLED);
    check_grown(server, before, STALLED, PAGES + chats * CHAT + STALLED * NUMBERS, "more than chats and two numbers");
    for (unsigned i = 0; i < STALLED; i++)
        read_lists(stalled[i], &list);
    for (unsigned i = 0; i < STALLED; i++)
        client_expect_nothing(stalled[i]);
    finish(server);
}

const struct scenario readers_faults[] = {
    {"stalled_half", stalled_half},
    {"stalled_with_private_messages", stalled_with_private_messages},
    {"stalled_in_the_lobby", stalled_in_the_lobby},
    {0},
};
