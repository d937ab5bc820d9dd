/* Stalled readers: they lose nothing, delay nobody and cost next to nothing. */
#include <string.h>

#include "tests/faults/scenarios.h"
#include "tests/harness/census.h"
#include "tests/harness/crowd.h"
#include "tests/harness/rows.h"

/* What those who stall read with: what the kernel keeps for them is no part of what they miss. */
enum { SMALL_BUFFER = 4096 };

static size_t grown_since(const struct server *server, size_t before)
{
    size_t now = server_memory(server);
    return now > before ? now - before : 0;
}

/* Never more than the server has said, and, where memory can be told, no more than `most`. */
static void check_grown(const struct server *server, size_t before, unsigned stalled, size_t most, const char *why)
{
    size_t grown = grown_since(server, before);
    double stated = cJSON_GetNumberValue(cJSON_GetObjectItem(server->started, "client_bytes"));
    check((double)grown < stated * stalled, "%zu bytes more for %u stalled readers, stated are %.0f each", grown,
          stalled, stated);
    check(!server_memory_is_its_own() || grown <= most, "%zu bytes more for %u stalled readers: %s", grown, stalled,
          why);
}

/* Half of a room stops reading while 50 MB are said: the others get everything, and when the stalled read again they get
 * everything too. A room keeps a tail of at most a megabyte while anybody is behind, and buffers of a megabyte or two to
 * read its file; that is the same for one who is behind and for a hundred, so once the tail is full what is said
 * is to cost nothing more: a few pages for the allocator, and not a hundredth of a percent of what the stalled miss. */
static void stalled_half(const struct trial *trial)
{
    enum { PEOPLE = 200, STALLED = 100, TEXT = 10000, TEXTS = 5000, ROOM = 6 << 20, PAGES = 256 << 10 };
    struct crowd crowd = crowd_make(start_plain(trial), PEOPLE, 1, 0, TEXT);
    struct server *server = crowd.server;
    unsigned texts = crowd.members[PEOPLE - 1].messages = scaled(TEXTS, 300);
    for (size_t i = 0; i < STALLED; i++)
        crowd.members[i].buffer = SMALL_BUFFER;
    crowd_begin(&crowd);
    crowd_run(&crowd, PEOPLE); /* everybody is inside */
    for (size_t i = 0; i < STALLED; i++)
        crowd.members[i].deaf = true;
    size_t before = server_memory(server);
    crowd_run(&crowd, (size_t)(PEOPLE - STALLED) * texts / 2);
    size_t half = server_memory(server);
    crowd_finish(&crowd);
    check_grown(server, before, STALLED, ROOM, "more than a room keeps while somebody is behind");
    check_grown(server, half, STALLED, PAGES, "it still grows when the tail is full");
    for (size_t i = 0; i < STALLED; i++)
        crowd.members[i].deaf = false;
    crowd_finish(&crowd);
    crowd_check(&crowd, false);
    crowd_check_all_stored(&crowd);
    finish(server);
}

/* Fills somebody who reads nothing with private messages, until the server says that he is not reading. How many it took. */
static unsigned fill(struct client *ann, const char *name, const char *padding)
{
    const char *not_reading = trial_text(SAY_NOT_READING, (int)strlen(name), name);
    for (unsigned n = 0;; n++) {
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

/* Those who stall with private messages unsent keep 64 KiB of them and one more; all that come later are refused, and
 * cost nothing. What was taken arrives, in order. */
static void stalled_with_private_messages(const struct trial *trial)
{
    enum {
        STALLED = 50,
        TEXT = 1000,
        KEPT = (64 << 10) + 2 * TEXT,
        LEDGER = 4 << 10,
        ROOM = 1 << 20,
        PAGES = 64 << 10
    };
    struct server *server = start_plain(trial);
    struct client *ann = client_login(server, "ann"), *stalled[STALLED];
    char *padding = repeated("p", TEXT);
    unsigned taken[STALLED], refused = scaled(1000, 20);
    client_create(ann, "hall");
    client_enter(ann, "hall");
    for (unsigned i = 0; i < STALLED; i++) {
        stalled[i] = client_open_small(server, SMALL_BUFFER);
        client_set_name(stalled[i], trial_text("s%u", i));
        client_enter(stalled[i], "hall");
        stalled[i]->stalled = true;
    }
    size_t before = server_memory(server);
    for (unsigned i = 0; i < STALLED; i++)
        taken[i] = fill(ann, trial_text("s%u", i), padding);
    check_grown(server, before, STALLED, ROOM + STALLED * (KEPT + LEDGER), "more than 64 KiB of private messages each");
    size_t full = server_memory(server);
    for (unsigned i = 0; i < refused; i++)
        check(fill(ann, trial_text("s%u", i % STALLED), padding) == 0, "one who is not reading is told more");
    check_grown(server, full, STALLED, PAGES, "refused private messages cost something");
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
        stalled[i] = client_open_small(server, SMALL_BUFFER);
        client_set_name(stalled[i], trial_text("s%u", i));
        stalled[i]->stalled = true;
    }
    size_t before = server_memory(server);
    for (unsigned i = 0; i < chats; i++) {
        char *chat = trial_text("chat-%u-%s", i, "with-a-name-that-fills-the-list-soon");
        bytes_text(&list, "%s\n", chat);
        client_ask(maker, CREATE_CHAT, chat, GET_CHATS, SUCCESS, list.at);
    }
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
