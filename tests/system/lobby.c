/* The lobby: its rows of the table, what a chat's name may be, and who is shown which LIST. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/harness/census.h"
#include "tests/harness/rows.h"
#include "tests/system/scenarios.h"

static void lobby_table(const struct trial *trial)
{
    struct server *server = start_plain(trial);
    struct client *ann = client_login(server, "ann");
    const struct row rows[] = {
        {GET_CHATS, "", GET_CHATS, SUCCESS, ""},
        {CREATE_CHAT, "hall", GET_CHATS, SUCCESS, "hall\n"},
        {CREATE_CHAT, "den", GET_CHATS, SUCCESS, "hall\nden\n"},
        {CREATE_CHAT, "hall", CREATE_CHAT, FAILURE, SAY_CHAT_EXISTS},
        {CREATE_CHAT, "a/b", CREATE_CHAT, FAILURE, SAY_CHAT_RULES},
        {CONNECT_CHAT, "nowhere", CONNECT_CHAT, FAILURE, SAY_NO_SUCH_CHAT},
        {CONNECT_CHAT, "", CONNECT_CHAT, FAILURE, SAY_NO_SUCH_CHAT},
        {CONNECT_CHAT, "../hall", CONNECT_CHAT, FAILURE, SAY_NO_SUCH_CHAT},
        {CONNECT_CHAT, "hall\n", CONNECT_CHAT, FAILURE, SAY_NO_SUCH_CHAT},
        MISPLACED(SET_NAME, "bob"),
        MISPLACED(SET_NAME, "ann"),
        MISPLACED(SET_NAME, ""),
        MISPLACED(SEND_MESSAGE, "text"),
        MISPLACED(LEAVE_CHAT, ""),
        MISPLACED(PRIVATE_MESSAGE, "ann\ntext"),
        {GET_CHATS, "text is of no matter", GET_CHATS, SUCCESS, "hall\nden\n"},
        {CONNECT_CHAT, "den", CONNECT_CHAT, SUCCESS, "den"},
        {LEAVE_CHAT, "", GET_CHATS, SUCCESS, "hall\nden\n"},
    };
    rows_ask(ann, ROWS(rows));
    rows_ask_unknown(ann);
    client_expect_nothing(ann);
    client_quit(ann);
    struct client *bob = client_open(server);
    client_ask(bob, SET_NAME, "bob", SET_NAME, SUCCESS, "");
    client_expect_list(bob, "hall\nden\n");
    finish(server);
}

static const char *const good_chats[] = {
    "a", "a.b", "a.chat", "-rf", "\xe6\x97\xa5\xe6\x9c\xac", "C++", "a\\b", "*", "operator", "~", "%s",
};
static const char *const bad_chats[] = {
    "",
    ".",
    "..",
    ".hidden",
    "/",
    "a/b",
    "/etc/passwd",
    "../up",
    " ",
    "a b",
    "a\tb",
    "a\nb",
    "a\rb",
    "\x7f",
    "\xff",
    "a\xc3",
    "\xc0\xaf",
    "\xed\xa0\x80",
    "\xc2\x85",
    "a\xc2\xa0",
    "\xe2\x80\xa8",
    "\xe2\x80\xae"
    "b",
    "\xef\xbb\xbf",
    "\xe2\x80\x8b",
};

static void chat_names(const struct trial *trial)
{
    struct server *server = start_plain(trial);
    struct client *ann = client_login(server, "ann");
    struct bytes list = {0};
    for (size_t i = 0; i < sizeof bad_chats / sizeof *bad_chats; i++)
        client_ask(ann, CREATE_CHAT, bad_chats[i], CREATE_CHAT, FAILURE, SAY_CHAT_RULES);
    client_send(ann, CREATE_CHAT, "a\0b", 3);
    client_expect(ann, CREATE_CHAT, FAILURE, SAY_CHAT_RULES);
    client_ask(ann, CREATE_CHAT, repeated("x", CHAT_CHARS_MAX + 1), CREATE_CHAT, FAILURE, SAY_CHAT_RULES);
    client_ask(ann, CREATE_CHAT, repeated("\xf0\x9f\x98\x80", CHAT_BYTES_MAX / 4 + 1), CREATE_CHAT, FAILURE,
               SAY_CHAT_RULES);
    client_ask(ann, CREATE_CHAT, repeated("x", 3000), CREATE_CHAT, FAILURE, SAY_CHAT_RULES);
    client_ask(ann, GET_CHATS, "", GET_CHATS, SUCCESS, "");
    const char *longest[] = {repeated("x", CHAT_CHARS_MAX), repeated("\xf0\x9f\x98\x80", CHAT_BYTES_MAX / 4),
                             repeated("\xe2\x82\xac", CHAT_CHARS_MAX)};
    for (size_t i = 0; i < sizeof good_chats / sizeof *good_chats + 3; i++) {
        const char *chat = i < 3 ? longest[i] : good_chats[i - 3];
        bytes_text(&list, "%s\n", chat);
        client_ask(ann, CREATE_CHAT, chat, GET_CHATS, SUCCESS, list.at);
        client_enter(ann, chat);
        client_message(ann, "ann", "a word");
        client_ask(ann, LEAVE_CHAT, "", GET_CHATS, SUCCESS, list.at);
        check(file_exists(server_chat_path(server, chat)), "there is no file for the chat %s", chat);
    }
    finish(server);
}

/* Everyone in the lobby is shown a new chat; nobody in a room is, and nobody without a name. */
static void lists_go_to_the_lobby(const struct trial *trial)
{
    struct server *server = start_plain(trial);
    struct client *ann = client_login(server, "ann");
    struct client *bob = client_login(server, "bob");
    struct client *cid = client_login(server, "cid");
    struct client *nameless = client_open(server);
    client_ask(ann, CREATE_CHAT, "hall", GET_CHATS, SUCCESS, "hall\n");
    client_expect_list(bob, "hall\n");
    client_expect_list(cid, "hall\n");
    client_enter(cid, "hall");
    client_ask(ann, CREATE_CHAT, "den", GET_CHATS, SUCCESS, "hall\nden\n");
    client_expect_list(bob, "hall\nden\n");
    client_message(cid, "cid", "no list came in between");
    client_expect_nothing(cid);
    client_expect_nothing(nameless);
    client_ask(cid, LEAVE_CHAT, "", GET_CHATS, SUCCESS, "hall\nden\n");
    client_expect_nothing(bob);
    client_ask(bob, CREATE_CHAT, "attic", GET_CHATS, SUCCESS, "hall\nden\nattic\n");
    client_expect_list(ann, "hall\nden\nattic\n");
    client_expect_list(cid, "hall\nden\nattic\n");
    finish(server);
}

/* Reads LISTs until the longest; each must be a beginning of it and longer than the one before. */
static void read_growing_lists(struct client *client, const struct bytes *whole)
{
    size_t last = 0;
    while (last < whole->n) {
        struct frame got = client_next(client);
        check(got.request == GET_CHATS && got.response == SUCCESS, "{%d,%d} instead of a list", got.request,
              got.response);
        check(got.n > last && got.n <= whole->n && memcmp(got.text, whole->at, got.n) == 0,
              "a pushed list of %zu bytes after one of %zu is no longer beginning of the whole", got.n, last);
        last = got.n;
    }
}

/* Lists pushed to a reader who is late may be merged; each of one's own requests is answered by one of its own. */
static void long_lists(const struct trial *trial)
{
    struct server *server = start_plain(trial);
    struct client *ann = client_login(server, "ann");
    struct client *late = client_open_small(server, 16384);
    struct client *busy = client_login(server, "busy");
    struct bytes list = {0}, requests = {0};
    unsigned n = scaled(400, 40);
    client_set_name(late, "late");
    for (unsigned i = 0; i < n; i++)
        frame_say(&requests, CREATE_CHAT, trial_text("a-chat-with-a-rather-long-name-to-fill-the-list-%05u", i));
    client_write(ann, requests.at, requests.n);
    for (unsigned i = 0; i < n; i++) {
        bytes_text(&list, "a-chat-with-a-rather-long-name-to-fill-the-list-%05u\n", i);
        client_expect_list(ann, list.at);
    }
    client_expect_nothing(ann);
    read_growing_lists(busy, &list);
    client_expect_nothing(busy);
    read_growing_lists(late, &list);
    client_expect_nothing(late);
    requests.n = 0;
    for (unsigned i = 0; i < 50; i++)
        frame_say(&requests, GET_CHATS, "");
    client_write(late, requests.at, requests.n);
    for (unsigned i = 0; i < 50; i++)
        client_expect_list(late, list.at);
    finish(server);
}

/* Many create one chat at once: one is given the LIST, the others are told that it is there; the list has it once. */
static void create_races(const struct trial *trial)
{
    enum { RACERS = 12 };
    struct server *server = start_plain(trial);
    struct bytes list = {0};
    struct client *racers[RACERS];
    for (int i = 0; i < RACERS; i++)
        racers[i] = client_login(server, trial_text("racer-%d", i));
    for (unsigned round = 0, n = scaled(20, 3); round < n; round++) {
        int refused = 0;
        char *chat = trial_text("prize-%u", round);
        bytes_text(&list, "%s\n", chat);
        for (int i = 0; i < RACERS; i++)
            client_say(racers[i], CREATE_CHAT, chat);
        for (int i = 0; i < RACERS; i++) {
            struct frame got = client_next(racers[i]);
            bool told = got.request == GET_CHATS && got.n == list.n && memcmp(got.text, list.at, got.n) == 0;
            check(told || (got.request == CREATE_CHAT && got.response == FAILURE), "{%d,%d}", got.request,
                  got.response);
            if (!told)
                client_expect_list(racers[i], list.at);
            client_say(racers[i], RECEIVE_MESSAGE, "");
            got = client_next(racers[i]);
            refused += !told || got.request == CREATE_CHAT;
            if (told && got.request == CREATE_CHAT)
                got = client_next(racers[i]);
            check(got.request == WRONG_REQUEST, "{%d,%d} instead of the last answer", got.request, got.response);
        }
        check(refused == RACERS - 1, "%d of %d were told that the chat %s is there", refused, RACERS, chat);
    }
    finish(server);
}

/* A chat whose file was taken away or replaced while the server runs: a reason, and back in the lobby. */
static void chat_that_cannot_be_opened(const struct trial *trial)
{
    struct server *server = start_plain(trial);
    struct client *ann = client_login(server, "ann");
    client_ask(ann, CREATE_CHAT, "hall", GET_CHATS, SUCCESS, "hall\n");
    char *path = server_chat_path(server, "hall"), *elsewhere = trial_path("elsewhere");
    file_write(elsewhere, "a secret\r", 9);
    check(unlink(path) == 0 && symlink(elsewhere, path) == 0, "the file can't be replaced");
    client_ask_refused(ann, CONNECT_CHAT, "hall");
    client_say(ann, CONNECT_FROM, "0\nhall");
    client_expect_reason(ann, CONNECT_CHAT);
    client_ask(ann, GET_CHATS, "", GET_CHATS, SUCCESS, "hall\n");
    check(unlink(path) == 0, "the file can't be removed");
    client_ask_refused(ann, CONNECT_CHAT, "hall");
    client_expect_nothing(ann);
    client_ask(ann, CREATE_CHAT, "den", GET_CHATS, SUCCESS, "hall\nden\n");
    client_enter(ann, "den");
    client_leave(ann);
    finish(server);
}

const struct scenario lobby_everywhere[] = {
    {"lobby_table", lobby_table},
    {"chat_names", chat_names},
    {"lists_go_to_the_lobby", lists_go_to_the_lobby},
    {"create_races", create_races},
    {"chat_that_cannot_be_opened", chat_that_cannot_be_opened},
    {0},
};

const struct scenario lobby_scenarios[] = {
    {"long_lists", long_lists},
    {0},
};
