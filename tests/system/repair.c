/* Files that a crash or somebody's hand left strange: what is cut and kept, and what is served as it is. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/harness/census.h"
#include "tests/harness/checker.h"
#include "tests/harness/rows.h"
#include "tests/system/scenarios.h"

#define RECORD_1 "ann\t09:08:07 03/02/21\nfirst"
#define RECORD_2 "bob\t23:59:59 12/31/22\nsecond"
#define LITERAL(text) text, sizeof(text) - 1

/* A server that finds this as the file of the chat "hall". */
static struct server *start_with_file(const struct trial *trial, const char *bytes, size_t n)
{
    static unsigned made;
    char *folder = trial_path("given-%u", made++);
    check(mkdir(folder, 0777) == 0, "no folder");
    file_write(trial_text("%s/hall.chat", folder), bytes, n);
    return server_start(&(struct launch){.arch = trial->arch, .chats = folder});
}

static struct bytes torn_file(const struct server *server)
{
    return file_read(trial_text("%s/hall.chat.torn", server->chats));
}

static void expect_file(const struct server *server, const char *bytes, size_t n)
{
    struct bytes file = file_read(server_chat_path(server, "hall"));
    check(file.n == n && memcmp(file.at, bytes, n) == 0, "the file is '%s' instead of '%s'", shown(file.at, file.n),
          shown(bytes, n));
}

/* The repair is in the log, behind "Server started". */
static void expect_logged(struct server *server)
{
    server_wait_line(server, "\"hall\"");
}

static void expect_records(struct client *client, const char *const records[])
{
    for (size_t i = 0; records[i]; i++)
        client_expect(client, RECEIVE_MESSAGE, SUCCESS, records[i]);
}

/* Enters the hall, finds these records, says one more; that is what others find, before and after a restart. */
static void expect_served(struct server *server, const char *const records[])
{
    struct client *reader = client_login(server, "reader");
    client_enter(reader, "hall");
    expect_records(reader, records);
    client_message(reader, "reader", "one more");
    client_expect_nothing(reader);
    for (int round = 0; round < 2; round++) {
        struct client *late = client_login(server, "late");
        client_enter(late, "hall");
        expect_records(late, records);
        client_expect_record(late, RECEIVE_MESSAGE, "reader", "one more");
        client_expect_nothing(late);
        client_close_all(server);
        census(server);
        server_stop(server);
        server_restart(server);
    }
}

/* All behind the last CR is cut and kept; the records before it are served. */
static void one_torn(const struct trial *trial, const char *bytes, size_t n, const char *const records[])
{
    size_t whole = n;
    while (bytes[whole - 1] != RECORD_END)
        whole--;
    struct server *server = start_with_file(trial, bytes, n);
    expect_file(server, bytes, whole);
    struct bytes torn = torn_file(server);
    check(torn.n == n - whole && memcmp(torn.at, bytes + whole, torn.n) == 0, "the torn file is '%s'",
          shown(torn.at, torn.n));
    expect_logged(server);
    expect_served(server, records);
    finish(server);
}

/* A torn last record and trailing NULs are cut, after their bytes are kept. */
static void torn_record(const struct trial *trial)
{
    const char *const first[] = {RECORD_1, NULL}, *const both[] = {RECORD_1, RECORD_2, NULL};
    one_torn(trial, LITERAL(RECORD_1 "\rbob\t23:59"), first);
    one_torn(trial, LITERAL(RECORD_1 "\rb"), first);
    one_torn(trial, LITERAL(RECORD_1 "\r" RECORD_2 "\rcid\t23:59:59 12/31/22\nthe end is miss"), both);
    one_torn(trial, LITERAL(RECORD_1 "\r\0"), first);
    one_torn(trial, LITERAL(RECORD_1 "\r" RECORD_2 "\r\0\0\0\0\0\0\0\0"), both);
    one_torn(trial, LITERAL(RECORD_1 "\rbob\t23:5\0\0\0\0"), first);
}

/* Torn twice: nothing that was kept the first time is lost. */
static void torn_again(const struct trial *trial)
{
    struct server *server = start_with_file(trial, LITERAL(RECORD_1 "\rthe first torn end"));
    server_stop(server);
    file_write(server_chat_path(server, "hall"), LITERAL(RECORD_1 "\r" RECORD_2 "\ranother torn end"));
    server_restart(server);
    struct bytes torn = torn_file(server);
    check(strstr(torn.at, "the first torn end") && strstr(torn.at, "another torn end"), "the torn file is '%s'",
          shown(torn.at, torn.n));
    expect_served(server, (const char *const[]){RECORD_1, RECORD_2, NULL});
    finish(server);
}

/* A file without any CR is not cut at all. */
static void no_end_at_all(const struct trial *trial)
{
    struct server *server = start_with_file(trial, LITERAL("just some text without an end"));
    expect_file(server, LITERAL("just some text without an end"));
    check(!file_exists(trial_text("%s/hall.chat.torn", server->chats)), "something was cut");
    expect_served(server, (const char *const[]){"just some text without an end", NULL});
    finish(server);
}

/* Records that can't be parsed are served as they are. */
static void strange_records(const struct trial *trial)
{
    static const char bytes[] = "no tab\r" RECORD_1 "\r\r\n\r\tno author\r\xff\xfe\r" RECORD_2 "\r";
    struct server *server = start_with_file(trial, LITERAL(bytes));
    expect_file(server, LITERAL(bytes));
    expect_served(server,
                  (const char *const[]){"no tab", RECORD_1, "", "\n", "\tno author", "\xff\xfe", RECORD_2, NULL});
    struct client *reader = client_login(server, "late");
    client_enter_from(reader, strlen("no tab\r" RECORD_1 "\r\r\n\r"), "hall");
    client_expect(reader, RECEIVE_MESSAGE, SUCCESS, "\tno author");
    finish(server);
}

static void empty_file(const struct trial *trial)
{
    struct server *server = start_with_file(trial, "", 0);
    expect_served(server, (const char *const[]){NULL});
    finish(server);
}

/* A file with a run of so many bytes without a CR in its middle; around it one record each. */
static struct bytes long_run(size_t n)
{
    struct bytes bytes = {0};
    bytes_text(&bytes, RECORD_1 "\r");
    for (size_t i = 0; i < n; i += 8)
        bytes_add(&bytes, "runaway.", n - i < 8 ? n - i : 8);
    bytes_text(&bytes, "\r" RECORD_2 "\r");
    return bytes;
}

/* RECORD_MAX bounds what is taken for one record: more is served in pieces of that size, and stays as it is. */
static void run_of(const struct trial *trial, size_t length)
{
    struct bytes file = long_run(length);
    const char *run = file.at + strlen(RECORD_1) + 1;
    struct server *server = start_with_file(trial, file.at, file.n);
    struct client *reader = client_login(server, "reader");
    client_enter(reader, "hall");
    client_expect(reader, RECEIVE_MESSAGE, SUCCESS, RECORD_1);
    for (size_t at = 0; at < length; at += RECORD_MAX) {
        size_t n = length - at < RECORD_MAX ? length - at : RECORD_MAX;
        client_expect_bytes(reader, RECEIVE_MESSAGE, SUCCESS, run + at, n);
    }
    client_expect(reader, RECEIVE_MESSAGE, SUCCESS, RECORD_2);
    client_message(reader, "reader", "one more");
    client_expect_nothing(reader);
    if (length > RECORD_MAX)
        server_wait_line(server, "hall");
    struct bytes now = file_read(server_chat_path(server, "hall"));
    check(now.n > file.n && memcmp(now.at, file.at, file.n) == 0, "the file was changed");
    finish(server);
}

static void longest_record(const struct trial *trial)
{
    run_of(trial, RECORD_MAX - 1);
    run_of(trial, RECORD_MAX);
}

static void runs_without_an_end(const struct trial *trial)
{
    run_of(trial, RECORD_MAX + 1);
    run_of(trial, 2 * RECORD_MAX + 500000);
}

/* Many records of all sizes, so that their edges fall on all places of whatever is read at once. */
static void long_history(const struct trial *trial)
{
    struct bytes bytes = {0};
    size_t *ends = trial_alloc(3000 * sizeof *ends);
    unsigned n = scaled(3000, 200);
    for (unsigned i = 0; i < n; i++) {
        bytes_text(&bytes, "ann\t09:08:07 03/02/21\nnumber %u ", i);
        for (unsigned extra = i * 7919 % (i % 50 ? 300 : 20000); extra; extra--)
            bytes_add(&bytes, "x", 1);
        ends[i] = bytes.n;
        bytes_add(&bytes, "\r", 1);
    }
    struct server *server = start_with_file(trial, bytes.at, bytes.n);
    struct client *reader = client_login(server, "reader");
    client_enter(reader, "hall");
    for (unsigned i = 0; i < n; i++) {
        size_t from = i ? ends[i - 1] + 1 : 0;
        client_expect_bytes(reader, RECEIVE_MESSAGE, SUCCESS, bytes.at + from, ends[i] - from);
    }
    client_expect_nothing(reader);
    for (unsigned i = 0; i < n; i += n / 10) {
        client_leave(reader);
        client_enter_from(reader, ends[i] + 1, "hall");
        for (unsigned next = i + 1; next < n; next++)
            client_expect_bytes(reader, RECEIVE_MESSAGE, SUCCESS, bytes.at + ends[next - 1] + 1,
                                ends[next] - ends[next - 1] - 1);
        client_expect_nothing(reader);
    }
    finish(server);
}

const struct scenario repair_everywhere[] = {
    {"torn_record", torn_record},
    {"torn_again", torn_again},
    {"no_end_at_all", no_end_at_all},
    {"strange_records", strange_records},
    {"empty_file", empty_file},
    {"longest_record", longest_record},
    {"runs_without_an_end", runs_without_an_end},
    {"long_history", long_history},
    {0},
};
