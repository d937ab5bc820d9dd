/* The name desk: its rows of the table, what a name may be, and when a name is free again. */
#include <string.h>

#include "tests/harness/census.h"
#include "tests/harness/rows.h"
#include "tests/system/scenarios.h"

static void name_table(const struct trial *trial)
{
    struct server *server = start_plain(trial);
    struct client *ann = client_open(server);
    const struct row rows[] = {
        MISPLACED(CREATE_CHAT, "hall"),     MISPLACED(CONNECT_CHAT, "hall"),
        MISPLACED(SEND_MESSAGE, "text"),    MISPLACED(LEAVE_CHAT, ""),
        MISPLACED(GET_CHATS, ""),           MISPLACED(PRIVATE_MESSAGE, "ann\ntext"),
        MISPLACED(CONNECT_FROM, "0\nhall"), MISPLACED(CREATE_CHAT, ""),
        MISPLACED(CONNECT_FROM, ""),        {SET_NAME, "a b", SET_NAME, FAILURE, SAY_NAME_RULES},
    };
    rows_ask(ann, ROWS(rows));
    rows_ask_unknown(ann);
    client_ask(ann, SET_NAME, "ann", SET_NAME, SUCCESS, "");
    client_expect_list(ann, "");
    client_expect_nothing(ann);
    struct client *other = client_open(server);
    client_ask(other, SET_NAME, "ann", SET_NAME, FAILURE, SAY_NAME_TAKEN);
    client_ask(other, SET_NAME, "", SET_NAME, FAILURE, SAY_NAME_RULES);
    client_set_name(other, "bob");
    client_quit(client_open(server));
    finish(server);
}

static const char *const good_names[] = {
    "a",  "Ann-Marie_2", "\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e", "o'neil", "<b>", "a/b", ".dot", "..", "-",
    "\\", "e\xcc\x81",
};
static const char *const bad_names[] = {
    " ",
    "a b",
    "a\tb",
    "a\nb",
    "a\rb",
    "ann ",
    " ann",
    "\x01",
    "a\x1f",
    "\x7f",
    "\x1b[31mred",
    "\xff",
    "a\xc3",
    "\xc0\xaf",
    "\xed\xa0\x80",
    "\xf4\x90\x80\x80",
    "\x80",
    "\xe6\x97",
    "\xf8\x88\x80\x80\x80",
    "\xc2\x85",
    "\xc2\x9f",
    "a\xc2\xa0",
    "\xe1\x9a\x80",
    "\xe2\x80\x80",
    "\xe2\x80\x83",
    "\xe2\x80\xa8",
    "\xe2\x80\xa9",
    "\xe2\x80\xaf",
    "\xe2\x81\x9f",
    "\xe3\x80\x80",
    "\xc2\xad",
    "a\xe2\x80\x8b",
    "\xe2\x80\x8e",
    "a\xe2\x80\xae"
    "b",
    "\xe2\x81\xa6",
    "\xe2\x81\xa0",
    "\xef\xbb\xbf",
    "\xd8\x80",
    "\xd8\x9c",
    "\xe1\xa0\x8e",
    "\xef\xbf\xb9",
    "\xf0\x91\x82\xbd",
    "\xf3\xa0\x80\x81",
};

static void accept_name(struct server *server, const char *name)
{
    struct client *client = client_login(server, name);
    client_quit(client);
}

static void name_rules(const struct trial *trial)
{
    struct server *server = start_plain(trial);
    struct client *client = client_open(server);
    for (size_t i = 0; i < sizeof bad_names / sizeof *bad_names; i++)
        client_ask(client, SET_NAME, bad_names[i], SET_NAME, FAILURE, SAY_NAME_RULES);
    client_send(client, SET_NAME, "a\0b", 3);
    client_expect(client, SET_NAME, FAILURE, SAY_NAME_RULES);
    client_send(client, SET_NAME, "\0", 1);
    client_expect(client, SET_NAME, FAILURE, SAY_NAME_RULES);
    client_ask(client, SET_NAME, "operator", SET_NAME, FAILURE, SAY_NAME_RESERVED);
    client_ask(client, SET_NAME, repeated("x", USER_CHARS_MAX + 1), SET_NAME, FAILURE, SAY_NAME_RULES);
    client_ask(client, SET_NAME, repeated("\xc3\xa9", USER_CHARS_MAX + 1), SET_NAME, FAILURE, SAY_NAME_RULES);
    client_ask(client, SET_NAME, repeated("\xf0\x9f\x98\x80", USER_CHARS_MAX + 1), SET_NAME, FAILURE, SAY_NAME_RULES);
    client_ask(client, SET_NAME, repeated("x", 5000), SET_NAME, FAILURE, SAY_NAME_RULES);
    for (size_t i = 0; i < sizeof good_names / sizeof *good_names; i++)
        accept_name(server, good_names[i]);
    accept_name(server, repeated("x", USER_CHARS_MAX));
    accept_name(server, repeated("\xc3\xa9", USER_CHARS_MAX));
    accept_name(server, repeated("\xf0\x9f\x98\x80", USER_BYTES_MAX / 4));
    client_set_name(client, "ann");
    finish(server);
}

/* Whoever has read {5,0,""} knows that its name is free, before the connection is closed. */
static void name_free_after_goodbye(const struct trial *trial)
{
    struct server *server = start_plain(trial);
    struct client *keeper = client_login(server, "keeper");
    client_create(keeper, "hall");
    struct client *ann = client_login(server, "ann");
    for (unsigned i = 0, n = scaled(300, 20); i < n; i++) {
        if (i % 2)
            client_enter(ann, "hall");
        client_ask(ann, DISCONNECT, "", DISCONNECT, SUCCESS, "");
        struct client *next = client_open(server);
        client_set_name(next, "ann");
        client_expect_end(ann);
        ann = next;
    }
    client_ask(client_open(server), SET_NAME, "ann", SET_NAME, FAILURE, SAY_NAME_TAKEN);
    finish(server);
}

/* One whose connection is gone, by a close or by a reset, from any desk, keeps its name no longer. */
static void name_free_after_vanishing(const struct trial *trial)
{
    struct server *server = start_plain(trial);
    struct client *keeper = client_login(server, "keeper");
    client_create(keeper, "hall");
    for (int i = 0; i < 8; i++) {
        struct client *ann = client_login(server, "ann");
        if (i & 1)
            client_enter(ann, "hall");
        if (i & 2)
            client_write(ann, "\0\0\0", 3); /* the beginning of a frame */
        if (i & 4)
            client_reset(ann);
        else
            client_close(ann);
        struct client *next = client_open(server);
        client_retry_name(next, "ann");
        client_quit(next);
    }
    finish(server);
}

/* Many ask for one name at once: exactly one gets it. */
static void name_races(const struct trial *trial)
{
    enum { RACERS = 20 };
    struct server *server = start_plain(trial);
    for (unsigned round = 0, n = scaled(20, 3); round < n; round++) {
        struct client *racers[RACERS], *winner = NULL;
        char *name = trial_text("prize-%u", round);
        for (int i = 0; i < RACERS; i++)
            racers[i] = client_open(server);
        for (int i = 0; i < RACERS; i++)
            client_say(racers[i], SET_NAME, name);
        for (int i = 0; i < RACERS; i++) {
            struct frame got = client_next(racers[i]);
            bool taken = got.response == FAILURE && got.n == strlen(SAY_NAME_TAKEN) &&
                         memcmp(got.text, SAY_NAME_TAKEN, got.n) == 0;
            check(got.request == SET_NAME && (taken || (got.response == SUCCESS && !got.n)), "a racer is told '%s'",
                  shown(got.text, got.n));
            check(taken || !winner, "two have got the name %s", name);
            if (!taken)
                winner = racers[i];
        }
        check(winner, "nobody has got the name %s", name);
        client_expect_list(winner, "");
        for (int i = 0; i < RACERS; i++)
            client_quit(racers[i]);
    }
    finish(server);
}

const struct scenario names_everywhere[] = {
    {"name_table", name_table},
    {"name_rules", name_rules},
    {"name_free_after_goodbye", name_free_after_goodbye},
    {"name_free_after_vanishing", name_free_after_vanishing},
    {"name_races", name_races},
    {0},
};
