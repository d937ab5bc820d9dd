/* Starting on files that are cut, torn, strange or no files at all. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/faults/mounts.h"
#include "tests/faults/scenarios.h"
#include "tests/harness/census.h"
#include "tests/harness/client.h"
#include "tests/harness/rows.h"

#define RECORD_1 "ann\t09:08:07 03/02/21\nfirst"
#define TORN "bob\t23:59:59 12/31/22\nthe end is mis"

enum { FILE_SIZE = 4096, FILES_AT_ONCE = 512, MEMORY = 64 << 20 };

/* A chat's file as it is found, and what the start is to make of it. */
struct found {
    const char *chat;
    struct bytes bytes;
    size_t kept;      /* its first bytes, which stay; the rest goes into the .torn file */
    struct bytes now; /* what it holds by now */
};

static char *make_folder(void)
{
    static unsigned made;
    char *folder = trial_path("given-%u", made++);
    check(mkdir(folder, 0777) == 0, "no folder");
    return folder;
}

static void put(const char *folder, const char *file, const char *bytes, size_t n)
{
    file_write(trial_text("%s/%s", folder, file), bytes, n);
}

static struct server *start_on(const struct trial *trial, const char *folder)
{
    return server_start(&(struct launch){.arch = trial->arch, .chats = folder});
}

static bool same(const struct bytes *a, const char *b, size_t n)
{
    return a->n == n && memcmp(a->at, b, n) == 0;
}

/* Records of many lengths, with characters of one to four bytes, so many bytes together. */
static struct bytes make_file(size_t size)
{
    static const char *const words[] = {"a",
                                        "word",
                                        "Stra\xc3\x9f"
                                        "e",
                                        "\xe2\x82\xac 5",
                                        "\xf0\x9f\x8d\x8e",
                                        "\n",
                                        "\t"};
    struct bytes file = {0};
    for (unsigned i = 0; file.n + 60 < size; i++) {
        bytes_text(&file, "%s\t09:08:07 03/02/21\n%s", i % 2 ? "ann" : "J\xc3\xbcrgen", words[i % 7]);
        for (unsigned more = i * i % 23; more && file.n + 50 < size; more--)
            bytes_text(&file, " %s", words[more % 7]);
        bytes_text(&file, "%c", RECORD_END);
    }
    bytes_text(&file, "last\t09:08:07 03/02/21\n");
    while (file.n + 1 < size)
        bytes_text(&file, "x");
    bytes_text(&file, "%c", RECORD_END);
    return file;
}

/* What is behind the last CR goes; without any all stays. */
static size_t whole_records(const struct bytes *file)
{
    const char *end = file->n ? memrchr(file->at, RECORD_END, file->n) : NULL;
    return end ? (size_t)(end - file->at) + 1 : file->n;
}

static struct found make_found(const char *chat, const char *from, size_t n, size_t nuls)
{
    struct found found = {.chat = chat};
    bytes_add(&found.bytes, from, n);
    while (nuls-- > 0)
        bytes_add(&found.bytes, "", 1);
    found.kept = whole_records(&found.bytes);
    bytes_add(&found.now, found.bytes.at, found.kept);
    return found;
}

static void check_file(const struct server *server, const struct found *found)
{
    struct bytes file = file_read(server_chat_path(server, found->chat));
    char *torn = trial_text("%s/%s.chat.torn", server->chats, found->chat);
    check(same(&file, found->now.at, found->now.n), "%s holds '%s' instead of '%s'", found->chat,
          shown(file.at, file.n), shown(found->now.at, found->now.n));
    if (found->kept == found->bytes.n) {
        check(!file_exists(torn), "something was cut off %s", found->chat);
        return;
    }
    struct bytes kept = file_read(torn);
    check(same(&kept, found->bytes.at + found->kept, found->bytes.n - found->kept), "%s is '%s'", torn,
          shown(kept.at, kept.n));
}

/* The file is served to the byte: a record up to each CR, longer runs in pieces, and what has no CR. */
static void expect_file(struct client *reader, const struct bytes *file)
{
    for (size_t at = 0; at < file->n;) {
        const char *end = memchr(file->at + at, RECORD_END, file->n - at);
        size_t n = end ? (size_t)(end - file->at) - at : file->n - at;
        for (; n > RECORD_MAX; n -= RECORD_MAX, at += RECORD_MAX)
            client_expect_bytes(reader, RECEIVE_MESSAGE, SUCCESS, file->at + at, RECORD_MAX);
        client_expect_bytes(reader, RECEIVE_MESSAGE, SUCCESS, file->at + at, n);
        at += n + 1;
    }
}

/* One thing more is said, and stands behind what was found, which has an end by then. */
static void say_one(struct client *reader, struct found *found)
{
    client_say(reader, SEND_MESSAGE, "one more");
    struct frame record = client_next(reader);
    check(record.request == RECEIVE_MESSAGE && memmem(record.text, record.n, "reader\t", 7) == record.text,
          "{%d,%d} for a message to %s", record.request, record.response, found->chat);
    if (found->now.n && found->now.at[found->now.n - 1] != RECORD_END)
        bytes_text(&found->now, "%c", RECORD_END);
    bytes_add(&found->now, record.text, record.n);
    bytes_text(&found->now, "%c", RECORD_END);
}

static void visit(struct server *server, struct client *reader, struct found *found)
{
    check_file(server, found);
    client_enter(reader, found->chat);
    expect_file(reader, &found->now);
    say_one(reader, found);
    client_leave(reader);
    check_file(server, found);
}

/* Starts on these files, in the order of their names: each is listed, served, written and, after the next start, served again. */
static void start_on_found(const struct trial *trial, struct found *all, size_t n)
{
    char *folder = fast_folder(MEMORY);
    struct bytes list = {0};
    for (size_t i = 0; i < n; i++) {
        put(folder, trial_text("%s.chat", all[i].chat), all[i].bytes.at, all[i].bytes.n);
        bytes_text(&list, "%s\n", all[i].chat);
    }
    struct server *server = start_on(trial, folder);
    for (int round = 0; round < 2; round++) {
        struct client *reader = client_login(server, "reader");
        client_ask(reader, GET_CHATS, "", GET_CHATS, SUCCESS, list.at);
        for (size_t i = 0; i < n; i++)
            visit(server, reader, &all[i]);
        finish(server);
        if (round == 0)
            server_restart(server);
    }
}

/* Cut at every byte, many files at a start; `nuls`: and NULs behind the cut, as after a power cut. */
static void cut_everywhere(const struct trial *trial, bool nuls)
{
    struct bytes whole = make_file(FILE_SIZE);
    struct found *all = trial_alloc(FILES_AT_ONCE * sizeof *all);
    size_t n = 0, cuts = scaled(FILE_SIZE, 64);
    for (size_t i = 0; i <= cuts; i++) {
        size_t at = i * FILE_SIZE / cuts;
        all[n++] = make_found(trial_text("at-%04zu", at), whole.at, at, nuls ? 1 + i * 37 % 5000 : 0);
        if (n == FILES_AT_ONCE || i == cuts) {
            start_on_found(trial, all, n);
            n = 0;
        }
    }
}

static void cut_at_every_byte(const struct trial *trial)
{
    cut_everywhere(trial, false);
}

static void cut_with_nuls(const struct trial *trial)
{
    cut_everywhere(trial, true);
}

/* Without any end of a record nothing is cut, however long it is. */
static void without_any_end(const struct trial *trial)
{
    static const size_t sizes[] = {1,
                                   2,
                                   63,
                                   64,
                                   65,
                                   4095,
                                   4096,
                                   4097,
                                   65535,
                                   65536,
                                   65537,
                                   RECORD_MAX - 1,
                                   RECORD_MAX,
                                   RECORD_MAX + 1,
                                   2 * RECORD_MAX,
                                   2 * RECORD_MAX + 5};
    enum { SIZES = sizeof sizes / sizeof *sizes };
    struct found *all = trial_alloc(SIZES * sizeof *all);
    char *text = repeated("no end, ", 2 * RECORD_MAX / 8 + 1);
    for (size_t i = 0; i < SIZES; i++)
        all[i] = make_found(trial_text("size-%07zu", sizes[i]), text, sizes[i], 0);
    start_on_found(trial, all, SIZES);
}

/* The .torn file can't be had: then nothing is cut, since nothing is deleted; the chat is served as it is and goes on. */
static void torn_that_cannot_be_kept(const struct trial *trial)
{
    static const char *const chats[] = {"dir", "fifo", "link", "nowhere"};
    enum { CHATS = sizeof chats / sizeof *chats };
    struct found found[CHATS];
    char *folder = make_folder(), *secret = trial_path("secret"), *absent = trial_path("absent");
    file_write(secret, "secret", 6);
    for (size_t i = 0; i < CHATS; i++) {
        found[i] = make_found(chats[i], RECORD_1 "\r" TORN, strlen(RECORD_1 "\r" TORN), 0);
        put(folder, trial_text("%s.chat", chats[i]), found[i].bytes.at, found[i].bytes.n);
        found[i].now = found[i].bytes;
        found[i].kept = found[i].bytes.n;
    }
    check(mkdir(trial_text("%s/dir.chat.torn", folder), 0777) == 0, "no directory");
    check(mkfifo(trial_text("%s/fifo.chat.torn", folder), 0666) == 0, "no FIFO");
    check(symlink(secret, trial_text("%s/link.chat.torn", folder)) == 0, "no symlink");
    check(symlink(absent, trial_text("%s/nowhere.chat.torn", folder)) == 0, "no symlink");
    struct server *server = start_on(trial, folder);
    server_wait_line(server, "Could not cut a torn record");
    struct client *reader = client_login(server, "reader");
    for (size_t i = 0; i < CHATS; i++) {
        client_enter(reader, chats[i]);
        expect_file(reader, &found[i].now);
        say_one(reader, &found[i]);
        client_leave(reader);
        struct bytes file = file_read(server_chat_path(server, chats[i]));
        check(same(&file, found[i].now.at, found[i].now.n), "%s holds '%s'", chats[i], shown(file.at, file.n));
    }
    struct bytes outside = file_read(secret);
    check(same(&outside, "secret", 6) && !file_exists(absent), "something outside the folder was written");
    finish(server);
}

/* What is no file of its own by the time somebody comes: refused, without waiting for anything, and a chat again when it is one. */
static void changed_under_the_server(const struct trial *trial)
{
    char *folder = make_folder(), *file = trial_text("%s/hall.chat", folder), *away = trial_text("%s/away", folder);
    put(folder, "hall.chat", RECORD_1 "\r", strlen(RECORD_1 "\r"));
    put(folder, "den.chat", "", 0);
    struct server *server =
        server_start(&(struct launch){.arch = trial->arch, .chats = folder, .options = {"--room-linger", "0"}});
    struct client *reader = client_login(server, "reader");
    for (int kind = 0; kind < 4; kind++) {
        census(server);
        check(rename(file, away) == 0, "the file can't be moved");
        if (kind == 0)
            check(mkfifo(file, 0666) == 0, "no FIFO");
        else if (kind == 1)
            check(symlink(away, file) == 0, "no symlink");
        else if (kind == 2)
            check(mkdir(file, 0777) == 0, "no directory");
        for (int i = 0; i < 3; i++)
            client_ask_refused(reader, CONNECT_CHAT, "hall");
        client_enter(reader, "den");
        client_leave(reader);
        if (kind < 3)
            check(remove(file) == 0, "what took its place can't be removed");
        check(rename(away, file) == 0, "the file can't be moved back");
        client_enter(reader, "hall");
        client_expect(reader, RECEIVE_MESSAGE, SUCCESS, RECORD_1);
        client_expect_nothing(reader);
        client_leave(reader);
    }
    finish(server);
}

/* FIFO, symlink and directory are no chats; of a file with two names one is; the torn file beside them is mended all the same. */
static void no_chats(const struct trial *trial)
{
    static const char *const refused[] = {"dir", "fifo", "hard", "link"};
    char *folder = make_folder();
    put(folder, "hall.chat", RECORD_1 "\r" TORN, strlen(RECORD_1 "\r" TORN));
    put(folder, "first.chat", RECORD_1 "\r", strlen(RECORD_1 "\r"));
    check(mkdir(trial_text("%s/dir.chat", folder), 0777) == 0, "no directory");
    check(mkfifo(trial_text("%s/fifo.chat", folder), 0666) == 0, "no FIFO");
    check(link(trial_text("%s/first.chat", folder), trial_text("%s/hard.chat", folder)) == 0, "no hard link");
    check(symlink("hall.chat", trial_text("%s/link.chat", folder)) == 0, "no symlink");
    struct server *server = start_on(trial, folder);
    server_wait_line(server, "Another name of a chat's file, not listed");
    struct client *reader = client_login(server, "reader");
    client_ask(reader, GET_CHATS, "", GET_CHATS, SUCCESS, "first\nhall\n");
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        client_ask(reader, CONNECT_CHAT, refused[i], CONNECT_CHAT, FAILURE, SAY_NO_SUCH_CHAT);
        client_ask_refused(reader, CREATE_CHAT, refused[i]);
    }
    client_enter(reader, "hall");
    client_expect(reader, RECEIVE_MESSAGE, SUCCESS, RECORD_1);
    client_expect_nothing(reader);
    struct bytes torn = file_read(trial_text("%s/hall.chat.torn", folder));
    check(same(&torn, TORN, strlen(TORN)), "the torn end was not kept, but '%s'", shown(torn.at, torn.n));
    finish(server);
}

const struct scenario starts_faults[] = {
    {"start_cut_at_every_byte", cut_at_every_byte},
    {"start_cut_with_nuls", cut_with_nuls},
    {"start_without_any_end", without_any_end},
    {"start_torn_that_cannot_be_kept", torn_that_cannot_be_kept},
    {"start_no_chats", no_chats},
    {"start_changed_under_the_server", changed_under_the_server},
    {0},
};
