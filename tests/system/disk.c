/* A disk that refuses: what could not be stored is shown to nobody, and the rest goes on. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/harness/census.h"
#include "tests/harness/checker.h"
#include "tests/harness/rows.h"
#include "tests/system/scenarios.h"

enum { FILE_LIMIT = 200000, BIG = 50000 };

static struct server *start_with_small_disk(const struct trial *trial)
{
    return server_start(&(struct launch){.arch = trial->arch, .file_limit = FILE_LIMIT});
}

/* Fills the hall until the next big message does not fit; gives how many did. */
static int fill(struct client *ann, struct client *bob)
{
    char *text = repeated("f", BIG);
    int n = 0;
    for (; (n + 1) * (BIG + 30) < FILE_LIMIT; n++) {
        client_message(ann, "ann", text);
        client_expect_record(bob, RECEIVE_MESSAGE, "ann", text);
    }
    return n;
}

/* In lock-step: the refused is told so and nobody else sees anything; smaller messages and other chats go on. */
static void file_too_large(const struct trial *trial)
{
    struct server *server = start_with_small_disk(trial);
    struct client *ann = client_login(server, "ann"), *bob = client_login(server, "bob");
    client_create(ann, "hall");
    client_expect_list(bob, "hall\n");
    client_enter(ann, "hall");
    client_enter(bob, "hall");
    int n = fill(ann, bob);
    struct bytes before = file_read(server_chat_path(server, "hall"));
    for (int i = 0; i < 3; i++) {
        client_ask_refused(ann, SEND_MESSAGE, repeated("g", BIG));
        client_ask_refused(bob, SEND_MESSAGE, repeated("h", BIG));
        client_expect_nothing(bob);
        struct bytes after = file_read(server_chat_path(server, "hall"));
        check(after.n == before.n && memcmp(after.at, before.at, after.n) == 0, "the file has %zu bytes instead of %zu",
              after.n, before.n);
        client_message(ann, "ann", trial_text("a small one, %d", i));
        client_expect_record(bob, RECEIVE_MESSAGE, "ann", trial_text("a small one, %d", i));
        before = file_read(server_chat_path(server, "hall"));
    }
    client_leave(bob);
    client_create(bob, "den");
    client_enter(bob, "den");
    client_message(bob, "bob", "here is room");
    check(chat_file_read(server_chat_path(server, "hall")).count == (size_t)n + 3, "the file has not %d records",
          n + 3);
    finish(server);
}

/* Reads the answers to this many messages, in order: each "NAME-NUMBER ..." of its own is shown or refused. */
static unsigned read_answers(struct client *client, const char *name, unsigned messages, struct stream *stream)
{
    unsigned shown_own = 0, refused = 0;
    while (shown_own + refused < messages) {
        struct frame got = client_next(client);
        if (got.request == SEND_MESSAGE && got.response == FAILURE && got.n) {
            refused++;
            continue;
        }
        check(got.request == RECEIVE_MESSAGE && got.response == SUCCESS, "{%d,%d} for %s", got.request, got.response,
              name);
        stream_add(stream, got.text, got.n);
        if (strncmp(got.text, name, strlen(name)) != 0)
            continue;
        char *start = trial_text("\n%s-%u ", name, shown_own + refused);
        check(memmem(got.text, got.n < 100 ? got.n : 100, start, strlen(start)), "answer %u to %s is '%s'",
              shown_own + refused, name, shown(got.text, got.n));
        shown_own++;
    }
    check(refused, "nothing of %s's was refused", name);
    return shown_own;
}

/* All in one write, by two at once: each message is answered in its place; shown ones are stored, others are not. */
static void file_too_large_at_once(const struct trial *trial)
{
    enum { MESSAGES = 12 };
    struct server *server = start_with_small_disk(trial);
    const char *names[] = {"ann", "bob"};
    struct client *people[2];
    struct stream streams[2] = {0};
    size_t answered = 0;
    for (int p = 0; p < 2; p++) {
        people[p] = client_login(server, names[p]);
        if (p == 0)
            client_create(people[p], "hall");
        client_enter(people[p], "hall");
    }
    for (int p = 0; p < 2; p++) {
        struct bytes requests = {0};
        for (unsigned i = 0; i < MESSAGES; i++)
            frame_say(&requests, SEND_MESSAGE, trial_text("%s-%u %s", names[p], i, repeated("b", i % 4 ? BIG : 100)));
        client_write(people[p], requests.at, requests.n);
    }
    for (int p = 0; p < 2; p++)
        answered += read_answers(people[p], names[p], MESSAGES, &streams[p]);
    struct chat_file file = chat_file_read(server_chat_path(server, "hall"));
    check(file.count == answered, "%zu messages were shown to their authors, the file has %zu", answered, file.count);
    for (int p = 0; p < 2; p++) {
        client_say(people[p], RECEIVE_MESSAGE, "");
        for (struct frame got; (got = client_next(people[p])).request == RECEIVE_MESSAGE;)
            stream_add(&streams[p], got.text, got.n);
        check(check_piece(&file, &streams[p], 0, names[p]) == file.count, "%s has not seen all of the file", names[p]);
    }
    finish(server);
}

/* The folder itself goes away: no chat can be created, and that is all. */
static void chat_cannot_be_created(const struct trial *trial)
{
    struct server *server = start_plain(trial);
    struct client *ann = client_login(server, "ann"), *bob = client_login(server, "bob");
    struct dirent *entry;
    DIR *folder = opendir(server->chats);
    check(folder, "the folder can't be read");
    while ((entry = readdir(folder))) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            unlink(trial_text("%s/%s", server->chats, entry->d_name));
    }
    closedir(folder);
    check(rmdir(server->chats) == 0, "the folder can't be removed");
    for (int i = 0; i < 3; i++)
        client_ask(ann, CREATE_CHAT, trial_text("hall-%d", i), CREATE_CHAT, FAILURE, SAY_CHAT_NOT_CREATED);
    client_ask(ann, GET_CHATS, "", GET_CHATS, SUCCESS, "");
    client_expect_nothing(bob);
    finish(server);
}

const struct scenario disk_everywhere[] = {
    {"file_too_large", file_too_large},
    {"file_too_large_at_once", file_too_large_at_once},
    {"chat_cannot_be_created", chat_cannot_be_created},
    {0},
};
