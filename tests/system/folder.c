/* The folder of chats at start: what is listed, in which order, what is not followed, and who may use it. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/harness/census.h"
#include "tests/harness/checker.h"
#include "tests/harness/rows.h"
#include "tests/system/scenarios.h"

#define RECORD_1 "Bot00ff\t09:08:07 03/02/21\nfirst"
#define RECORD_2 "ann\t23:59:59 12/31/22\nsecond,\nin two lines"

static char *make_folder(void)
{
    char *folder = trial_path("given");
    check(mkdir(folder, 0777) == 0, "%s: %s", folder, strerror(errno));
    return folder;
}

static void put(const char *folder, const char *file, const char *text)
{
    file_write(trial_text("%s/%s", folder, file), text, strlen(text));
}

static struct server *start_on(const struct trial *trial, const char *folder)
{
    return server_start(&(struct launch){.arch = trial->arch, .chats = folder});
}

static struct client *expect_listed(struct server *server, const char *list)
{
    struct client *client = client_open(server);
    client_ask(client, SET_NAME, "reader", SET_NAME, SUCCESS, "");
    client_expect_list(client, list);
    return client;
}

/* A folder of the thesis's servers loads as it is, and is left as it is but for what is appended. */
static void folder_of_the_thesis(const struct trial *trial)
{
    char *folder = make_folder();
    put(folder, "Chat1234abcd.chat", RECORD_1 "\r" RECORD_2 "\r");
    put(folder, "empty.chat", "");
    put(folder, "notes.txt", "no chat");
    put(folder, "chat", "no chat either");
    struct server *server = start_on(trial, folder);
    struct client *reader = expect_listed(server, "Chat1234abcd\nempty\n");
    client_enter(reader, "Chat1234abcd");
    client_expect(reader, RECEIVE_MESSAGE, SUCCESS, RECORD_1);
    client_expect(reader, RECEIVE_MESSAGE, SUCCESS, RECORD_2);
    client_message(reader, "reader", "third");
    client_leave(reader);
    client_enter(reader, "empty");
    client_message(reader, "reader", "first here");
    struct bytes file = file_read(server_chat_path(server, "Chat1234abcd"));
    check(strncmp(file.at, RECORD_1 "\r" RECORD_2 "\rreader\t", strlen(RECORD_1 RECORD_2) + 9) == 0,
          "the file is now %s", shown(file.at, file.n));
    check(chat_file_read(server_chat_path(server, "empty")).count == 1, "the empty file has not one record");
    finish(server);
}

/* Those found at start are sorted by their bytes, new ones follow in order of creation, until the next start. */
static void order_of_the_list(const struct trial *trial)
{
    char *folder = make_folder();
    const char *found[] = {"b", "a", "B", "\xc3\xa9", "a-1", "ab", "10", "9"};
    for (size_t i = 0; i < sizeof found / sizeof *found; i++)
        put(folder, trial_text("%s.chat", found[i]), "");
    struct server *server = start_on(trial, folder);
    struct client *reader = expect_listed(server, "10\n9\nB\na\na-1\nab\nb\n\xc3\xa9\n");
    client_ask(reader, CREATE_CHAT, "zebra", GET_CHATS, SUCCESS, "10\n9\nB\na\na-1\nab\nb\n\xc3\xa9\nzebra\n");
    client_ask(reader, CREATE_CHAT, "aa", GET_CHATS, SUCCESS, "10\n9\nB\na\na-1\nab\nb\n\xc3\xa9\nzebra\naa\n");
    client_quit(reader);
    census(server);
    server_stop(server);
    server_restart(server);
    expect_listed(server, "10\n9\nB\na\na-1\naa\nab\nb\nzebra\n\xc3\xa9\n");
    finish(server);
}

/* Names that could not be given today are listed and can be entered; but none that can't be in a LIST. */
static void names_of_former_days(const struct trial *trial)
{
    char *folder = make_folder();
    const char *found[] = {".hidden",
                           "bad\xff"
                           "bytes",
                           "operator",
                           "tab\there",
                           "with space",
                           repeated("x", 240)};
    struct bytes list = {0};
    put(folder, "two\nlines.chat", RECORD_1 "\r");
    for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
        put(folder, trial_text("%s.chat", found[i]), RECORD_1 "\r");
        bytes_text(&list, "%s\n", found[i]);
    }
    struct server *server = start_on(trial, folder);
    struct client *reader = expect_listed(server, list.at);
    for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
        client_enter(reader, found[i]);
        client_expect(reader, RECEIVE_MESSAGE, SUCCESS, RECORD_1);
        client_message(reader, "reader", "second");
        client_leave(reader);
    }
    client_ask(reader, CONNECT_CHAT, "two\nlines", CONNECT_CHAT, FAILURE, SAY_NO_SUCH_CHAT);
    client_ask(reader, CONNECT_CHAT, "two", CONNECT_CHAT, FAILURE, SAY_NO_SUCH_CHAT);
    finish(server);
}

/* What is no regular file is no chat, is not followed and can't be made one. */
static void not_regular_files(const struct trial *trial)
{
    char *folder = make_folder(), *secret = trial_path("secret"), *absent = trial_path("absent");
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    put(folder, "hall.chat", "");
    file_write(secret, RECORD_1 "\r", strlen(RECORD_1) + 1);
    check(mkfifo(trial_text("%s/fifo.chat", folder), 0666) == 0, "no FIFO");
    check(mkdir(trial_text("%s/dir.chat", folder), 0777) == 0, "no directory");
    check(symlink(secret, trial_text("%s/link.chat", folder)) == 0, "no symlink");
    check(symlink(absent, trial_text("%s/nowhere.chat", folder)) == 0, "no symlink");
    check(symlink("hall.chat", trial_text("%s/inside.chat", folder)) == 0, "no symlink");
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf(at.sun_path, sizeof at.sun_path, "%s/socket.chat", folder);
    check(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0, "no socket");
    close(fd);
    struct server *server = start_on(trial, folder);
    struct client *reader = expect_listed(server, "hall\n");
    const char *names[] = {"fifo", "dir", "link", "nowhere", "inside", "socket"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        client_ask(reader, CONNECT_CHAT, names[i], CONNECT_CHAT, FAILURE, SAY_NO_SUCH_CHAT);
        client_ask_refused(reader, CREATE_CHAT, names[i]);
    }
    client_ask(reader, GET_CHATS, "", GET_CHATS, SUCCESS, "hall\n");
    check(!file_exists(absent), "a file was made outside the folder");
    check(file_read(secret).n == strlen(RECORD_1) + 1, "a file outside the folder was written");
    finish(server);
}

/* Expects a server that does not start: exit 1, one clear line on stderr, no "Server started". */
static void cannot_start(const struct launch *launch, const char *why)
{
    struct outcome outcome = server_outcome(launch);
    const char *end = outcome.err.n ? strchr(outcome.err.at, '\n') : NULL;
    check(outcome.code == 1, "%s: exit %d instead of 1", why, outcome.code);
    check(end && end == outcome.err.at + outcome.err.n - 1 && outcome.err.n > 1, "%s: stderr has not one line: '%s'",
          why, shown(outcome.err.at, outcome.err.n));
    check(!strstr(outcome.out.at, "Server started"), "%s: the server said that it started", why);
}

static void folder_in_use(const struct trial *trial)
{
    struct server *server = start_plain(trial);
    struct client *ann = client_login(server, "ann");
    client_create(ann, "hall");
    for (size_t i = 0; trial_archs[i]; i++)
        cannot_start(&(struct launch){.arch = trial_archs[i], .chats = server->chats}, "a folder in use");
    client_enter(ann, "hall");
    client_message(ann, "ann", "all is well");
    client_close(ann);
    census(server);
    server_kill(server);
    server_restart(server);
    expect_listed(server, "hall\n");
    finish(server);
}

static void port_in_use(const struct trial *trial)
{
    struct server *server = start_plain(trial);
    char *address = trial_text("127.0.0.1:%d", server->port);
    struct launch launch = {.arch = trial->arch, .own_listen = true, .options = {"--listen", address}};
    cannot_start(&launch, "a port in use");
    client_quit(client_login(server, "ann"));
    finish(server);
}

/* As root every folder can be read: files take the place of folders that can't be used. */
static void folder_that_cannot_be_used(const struct trial *trial)
{
    char *file = trial_path("file"), *locked = trial_path("locked");
    file_write(file, "x", 1);
    cannot_start(&(struct launch){.arch = trial->arch, .chats = file}, "a file for a folder");
    cannot_start(&(struct launch){.arch = trial->arch, .chats = trial_text("%s/below", file)}, "a folder below a file");
    check(mkdir(locked, 0777) == 0 && mkdir(trial_text("%s/.lock", locked), 0777) == 0, "no folder");
    cannot_start(&(struct launch){.arch = trial->arch, .chats = locked}, "a folder whose lock is none");
    if (geteuid() != 0) {
        char *unreadable = trial_path("unreadable");
        check(mkdir(unreadable, 0) == 0, "no folder");
        cannot_start(&(struct launch){.arch = trial->arch, .chats = unreadable}, "an unreadable folder");
    }
}

/* A folder that is missing is made. */
static void folder_is_created(const struct trial *trial)
{
    struct server *server = start_on(trial, trial_path("new"));
    client_create(expect_listed(server, ""), "hall");
    check(file_exists(trial_path("new/hall.chat")), "the chat's file is missing");
    finish(server);
}

const struct scenario folder_everywhere[] = {
    {"folder_of_the_thesis", folder_of_the_thesis},
    {"order_of_the_list", order_of_the_list},
    {"names_of_former_days", names_of_former_days},
    {"not_regular_files", not_regular_files},
    {"folder_in_use", folder_in_use},
    {"port_in_use", port_in_use},
    {"folder_that_cannot_be_used", folder_that_cannot_be_used},
    {"folder_is_created", folder_is_created},
    {0},
};
