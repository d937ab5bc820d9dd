/* Tests of the log: the lines it writes, what it does when nobody reads them, and that it never makes a writer wait.
 *
 * Threading: the test is 'main' to the log. Some tests add threads that write; they are joined before it is closed. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cjson/cJSON.h>
#include <cmocka.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/log_writer.h"
#include "common/utf8.h"

enum { PATIENCE = 20000 /* milliseconds until a test that waits gives up */ };

static char folder[PATH_MAX], path[PATH_MAX + 16], other_path[PATH_MAX + 16];

static int enter(void **state)
{
    (void)state;
    const char *temporary = getenv("TMPDIR");
    snprintf(folder, sizeof folder, "%s/test_log.XXXXXX", temporary ? temporary : "/tmp");
    if (!mkdtemp(folder))
        return -1;
    snprintf(path, sizeof path, "%s/log", folder);
    snprintf(other_path, sizeof other_path, "%s/old", folder);
    log_level = LOG_INFO;
    return 0;
}

static int leave(void **state)
{
    (void)state;
    log_close();
    unlink(path);
    unlink(other_path);
    return rmdir(folder);
}

/* ---- Lines as the tests see them ---- */

struct lines {
    struct buf text;
    size_t n;
    cJSON **at;
};

/* Every line must be one JSON object. */
static void parse(struct lines *lines)
{
    size_t begin = 0;
    lines->n = 0;
    lines->at = NULL;
    for (size_t i = 0; i < lines->text.n; i++) {
        if (lines->text.at[i] != '\n')
            continue;
        assert_true(utf8_valid((struct span){lines->text.at + begin, i - begin}));
        cJSON *line = cJSON_ParseWithLength(lines->text.at + begin, i - begin);
        assert_true(cJSON_IsObject(line));
        if ((lines->n & (lines->n - 1)) == 0)
            lines->at = realloc(lines->at, (lines->n ? 2 * lines->n : 1) * sizeof *lines->at);
        lines->at[lines->n++] = line;
        begin = i + 1;
    }
    assert_int_equal(begin, lines->text.n);
}

static void free_lines(struct lines *lines)
{
    for (size_t i = 0; i < lines->n; i++)
        cJSON_Delete(lines->at[i]);
    free(lines->at);
    buf_free(&lines->text);
    *lines = (struct lines){0};
}

/* Reads what there is, up to the end of a file or until a pipe is empty. */
static void read_more(int fd, struct buf *text)
{
    ssize_t n;
    do {
        assert_true(buf_reserve(text, 65536));
        n = read(fd, text->at + text->n, 65536);
        if (n > 0)
            text->n += (uint32_t)n;
    } while (n > 0);
}

static struct lines read_lines(const char *name)
{
    struct lines lines = {0};
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    read_more(fd, &lines.text);
    close(fd);
    parse(&lines);
    return lines;
}

/* Reads from a pipe until the text is in what was read. */
static void read_until(int fd, struct buf *text, const char *awaited)
{
    for (;;) {
        read_more(fd, text);
        if (text->n && memmem(text->at, text->n, awaited, strlen(awaited)))
            return;
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        assert_int_equal(poll(&wait, 1, PATIENCE), 1);
    }
}

static const char *text_of(const cJSON *object, const char *key)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
    assert_non_null(text);
    return text;
}

static const cJSON *data_of(const cJSON *line)
{
    const cJSON *data = cJSON_GetObjectItemCaseSensitive(line, "data");
    assert_true(cJSON_IsObject(data));
    return data;
}

static bool is_report(const cJSON *line)
{
    return strcmp(text_of(line, "message"), "Log records dropped") == 0;
}

/* The sum of what the reports among the lines say; *records is how many other lines there are. */
static unsigned long long reported_drops(const struct lines *lines, size_t *records)
{
    unsigned long long drops = 0;
    *records = 0;
    for (size_t i = 0; i < lines->n; i++) {
        if (!is_report(lines->at[i])) {
            ++*records;
            continue;
        }
        assert_string_equal(text_of(lines->at[i], "level"), "warn");
        assert_string_equal(text_of(lines->at[i], "stage"), "log");
        const cJSON *count = cJSON_GetObjectItemCaseSensitive(data_of(lines->at[i]), "count");
        assert_true(cJSON_IsNumber(count));
        drops += (unsigned long long)count->valuedouble;
    }
    return drops;
}

/* ---- What a line looks like ---- */

static void assert_line(const struct lines *lines, size_t i, const char *level, const char *rest)
{
    char *text = cJSON_PrintUnformatted(lines->at[i]), expected[1024];
    snprintf(expected, sizeof expected, "{\"timestamp\":\"%s\",\"level\":\"%s\",%s}",
             text_of(lines->at[i], "timestamp"), level, rest);
    assert_string_equal(text, expected);
    cJSON_free(text);
}

static void lines_have_their_form(void **state)
{
    (void)state;
    log_level = LOG_DEBUG;
    assert_null(log_open(path));
    log_at(LOG_INFO, "lobby", "Chat created", LOG_C("chat", "general"), LOG_N("chats", 3), LOG_B("new", true));
    log_at(LOG_DEBUG, "room 1", "Sent response to client", LOG_C("response.type", "c_send_message"),
           LOG_C("response.message", "a \"quoted\"\ttext\n"), LOG_N("client.fd", -7));
    log_at(LOG_WARN, "gate", "No fields");
    log_at(LOG_ERROR, "main", "Raw", LOG_J("listen", "[\"127.0.0.1:5000\"]"), LOG_B("no", false), LOG_C("none", ""));
    log_close();
    struct lines lines = read_lines(path);
    assert_int_equal(lines.n, 4);
    assert_line(&lines, 0, "info",
                "\"stage\":\"lobby\",\"message\":\"Chat created\","
                "\"data\":{\"chat\":\"general\",\"chats\":3,\"new\":true}");
    assert_line(&lines, 1, "debug",
                "\"stage\":\"room 1\",\"message\":\"Sent response to client\","
                "\"data\":{\"response\":{\"type\":\"c_send_message\",\"message\":\"a \\\"quoted\\\"\\ttext\\n\"},"
                "\"client\":{\"fd\":-7}}");
    assert_line(&lines, 2, "warn", "\"stage\":\"gate\",\"message\":\"No fields\",\"data\":{}");
    assert_line(&lines, 3, "error",
                "\"stage\":\"main\",\"message\":\"Raw\","
                "\"data\":{\"listen\":[\"127.0.0.1:5000\"],\"no\":false,\"none\":\"\"}");
    assert_int_equal(log_dropped(), 0);
    free_lines(&lines);
}

static void timestamps_are_utc_with_milliseconds(void **state)
{
    (void)state;
    assert_null(log_open(path));
    time_t before = (time_t)(clock_wall() / SECOND);
    log_at(LOG_INFO, "main", "Now");
    time_t after = (time_t)(clock_wall() / SECOND);
    log_close();
    struct lines lines = read_lines(path);
    const char *stamp = text_of(lines.at[0], "timestamp");
    regex_t form;
    assert_int_equal(
        regcomp(&form, "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$", REG_EXTENDED | REG_NOSUB),
        0);
    assert_int_equal(regexec(&form, stamp, 0, NULL, 0), 0);
    regfree(&form);
    struct tm parts = {0};
    assert_non_null(strptime(stamp, "%Y-%m-%dT%H:%M:%S", &parts));
    time_t told = timegm(&parts);
    assert_true(told >= before && told <= after);
    free_lines(&lines);
}

static void numbers_are_exact(void **state)
{
    (void)state;
    assert_null(log_open(path));
    log_at(LOG_INFO, "main", "Numbers", LOG_N("most", INT64_MAX), LOG_N("least", INT64_MIN), LOG_N("zero", 0));
    log_close();
    struct lines lines = read_lines(path);
    const char *expected = "{\"most\":9223372036854775807,\"least\":-9223372036854775808,\"zero\":0}";
    assert_non_null(memmem(lines.text.at, lines.text.n, expected, strlen(expected)));
    free_lines(&lines);
}

static void levels_keep_records_out(void **state)
{
    (void)state;
    log_level = LOG_WARN;
    assert_null(log_open(path));
    assert_true(log_write(LOG_INFO, "main", "unwanted", 0, NULL));
    log_at(LOG_DEBUG, "main", "unwanted");
    assert_true(log_write(LOG_WARN, "main", "wanted", 0, NULL));
    assert_true(log_write(LOG_ERROR, "main", "wanted", 0, NULL));
    log_close();
    struct lines lines = read_lines(path);
    assert_int_equal(lines.n, 2);
    assert_line(&lines, 0, "warn", "\"stage\":\"main\",\"message\":\"wanted\",\"data\":{}");
    free_lines(&lines);
}

static void bad_text_makes_good_json(void **state)
{
    (void)state;
    assert_null(log_open(path));
    log_at(LOG_INFO, "main", "Bad", LOG_C("latin", "caf\xe9!"), LOG_S("nul", ((struct span){"a\0b", 3})),
           LOG_C("cut", "\xe2\x82"), LOG_C("control", "\x01\x7f\r"), LOG_C("fine", "\xf0\x9f\x98\x80"));
    log_close();
    struct lines lines = read_lines(path);
    const cJSON *data = data_of(lines.at[0]);
    assert_string_equal(text_of(data, "latin"), "caf\xef\xbf\xbd!");
    assert_string_equal(text_of(data, "nul"), "a\357\277\275b");
    assert_string_equal(text_of(data, "cut"), "\xef\xbf\xbd\xef\xbf\xbd");
    assert_string_equal(text_of(data, "control"), "\x01\x7f\r");
    assert_string_equal(text_of(data, "fine"), "\xf0\x9f\x98\x80");
    free_lines(&lines);
}

/* The longest text gives way, at a character's edge; what is short stays whole. */
static void long_texts_are_cut(void **state)
{
    (void)state;
    char text[3000];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = "\xe2\x82\xac"[i % 3];
    assert_null(log_open(path));
    log_at(LOG_INFO, "main", "Long", LOG_C("name", "a name that is short"), LOG_S("text", ((struct span){text, 3000})),
           LOG_N("n", 1), LOG_C("last", "short too"));
    log_close();
    struct lines lines = read_lines(path);
    const cJSON *data = data_of(lines.at[0]);
    assert_string_equal(text_of(data, "name"), "a name that is short");
    assert_string_equal(text_of(data, "last"), "short too");
    size_t n = strlen(text_of(data, "text"));
    assert_true(n > 200 && n < 512 && n % 3 == 0);
    assert_memory_equal(text_of(data, "text"), text, n);
    assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(data, "cut")));
    free_lines(&lines);
}

/* Texts of all lengths around what a slot holds: what is not said to be cut is whole. */
static void nothing_is_cut_silently(void **state)
{
    (void)state;
    char text[600];
    memset(text, 'x', sizeof text);
    assert_null(log_open(path));
    for (size_t n = 0; n < sizeof text; n++)
        log_at(LOG_INFO, "main", "Length", LOG_S("text", ((struct span){text, n})), LOG_B("end", true));
    log_close();
    struct lines lines = read_lines(path);
    assert_int_equal(lines.n, sizeof text);
    size_t whole = 0;
    for (size_t n = 0; n < lines.n; n++) {
        const cJSON *data = data_of(lines.at[n]);
        assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(data, "end")));
        if (strlen(text_of(data, "text")) == n)
            whole++;
        else
            assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(data, "cut")));
    }
    assert_true(whole > 400);
    free_lines(&lines);
}

/* A JSON array of strings that fills the room, and how many there are. */
static int make_list(char *to, size_t room)
{
    int n = 1;
    size_t used = (size_t)snprintf(to, room, "[\"127.0.0.1:5000\"");
    for (; used + 20 < room; n++)
        used += (size_t)snprintf(to + used, room - used, ",\"127.0.0.1:5000\"");
    snprintf(to + used, room - used, "]");
    return n;
}

static void json_is_never_cut(void **state)
{
    (void)state;
    char list[2000];
    make_list(list, sizeof list);
    assert_null(log_open(path));
    log_at(LOG_INFO, "main", "Json", LOG_J("list", list), LOG_J("short", "{\"a\":[]}"));
    log_close();
    struct lines lines = read_lines(path);
    assert_line(&lines, 0, "info",
                "\"stage\":\"main\",\"message\":\"Json\",\"data\":{\"list\":null,\"short\":{\"a\":[]},\"cut\":true}");
    free_lines(&lines);
}

static void too_many_fields_are_cut(void **state)
{
    (void)state;
    enum { FIELDS = 100 };
    struct log_field fields[FIELDS];
    for (size_t i = 0; i < FIELDS; i++)
        fields[i] = LOG_N("number", i);
    assert_null(log_open(path));
    assert_true(log_write(LOG_INFO, "main", "Many", FIELDS, fields));
    log_close();
    struct lines lines = read_lines(path);
    int n = cJSON_GetArraySize(data_of(lines.at[0]));
    assert_true(n > 20 && n < FIELDS);
    assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(data_of(lines.at[0]), "cut")));
    free_lines(&lines);
}

/* ---- Standard output ---- */

static int stdout_before = -1;

/* Puts a pipe in the place of standard output and gives its reading end. */
static int catch_stdout(void)
{
    int ends[2];
    fflush(stdout);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    stdout_before = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    assert_int_equal(dup2(ends[1], STDOUT_FILENO), STDOUT_FILENO);
    close(ends[1]);
    return ends[0];
}

static void release_stdout(void)
{
    dup2(stdout_before, STDOUT_FILENO);
    close(stdout_before);
}

static struct lines read_caught(int fd)
{
    struct lines lines = {0};
    read_more(fd, &lines.text);
    close(fd);
    parse(&lines);
    return lines;
}

static void stdout_takes_the_log(void **state)
{
    (void)state;
    int fd = catch_stdout();
    const char *error = log_open(NULL);
    log_announce("main", "Server started", 1, &LOG_N("pid", 1));
    log_at(LOG_INFO, "main", "between");
    log_announce("main", "Server stopped", 0, NULL);
    log_close();
    release_stdout();
    assert_null(error);
    struct lines lines = read_caught(fd);
    assert_int_equal(lines.n, 3);
    assert_line(&lines, 0, "info", "\"stage\":\"main\",\"message\":\"Server started\",\"data\":{\"pid\":1}");
    assert_line(&lines, 1, "info", "\"stage\":\"main\",\"message\":\"between\",\"data\":{}");
    assert_line(&lines, 2, "info", "\"stage\":\"main\",\"message\":\"Server stopped\",\"data\":{}");
    free_lines(&lines);
}

/* At any level, to both, and whatever its length is. */
static void announcements_go_everywhere(void **state)
{
    (void)state;
    char list[20000];
    int n = make_list(list, sizeof list);
    log_level = LOG_ERROR;
    int fd = catch_stdout();
    const char *error = log_open(path);
    log_announce("main", "Server started", 2, (struct log_field[]){LOG_J("listen", list), LOG_N("pid", 1)});
    log_at(LOG_INFO, "main", "unwanted");
    log_at(LOG_ERROR, "main", "for the file");
    log_announce("main", "Server stopped", 0, NULL);
    log_close();
    release_stdout();
    assert_null(error);
    struct lines shown = read_caught(fd), kept = read_lines(path);
    assert_int_equal(shown.n, 2);
    assert_int_equal(kept.n, 3);
    assert_string_equal(text_of(shown.at[0], "message"), "Server started");
    assert_string_equal(text_of(shown.at[1], "message"), "Server stopped");
    assert_string_equal(text_of(kept.at[1], "message"), "for the file");
    assert_true(cJSON_Compare(shown.at[0], kept.at[0], true));
    assert_true(cJSON_Compare(shown.at[1], kept.at[2], true));
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(data_of(kept.at[0]), "listen")), n);
    free_lines(&shown);
    free_lines(&kept);
}

/* ---- When nobody reads ---- */

enum { MORE_THAN_FITS = 20000 };

/* How many of them were refused. */
static unsigned long long write_many(unsigned n)
{
    unsigned long long refused = 0;
    for (unsigned i = 0; i < n; i++) {
        const struct log_field field = LOG_N("i", i);
        refused += !log_write(LOG_INFO, "main", "Flood", 1, &field);
    }
    return refused;
}

/* The pipe blocks: a writer that wrote without asking would hang in it, and log_close behind it. */
static void an_unread_stdout_holds_nobody_up(void **state)
{
    (void)state;
    int fd = catch_stdout();
    const char *error = log_open(NULL);
    unsigned long long refused = write_many(MORE_THAN_FITS);
    int64_t begin = clock_now();
    log_close();
    int64_t took = clock_now() - begin;
    release_stdout();
    assert_null(error);
    assert_true(refused > 0);
    assert_true(took < 10 * SECOND);
    struct lines lines = read_caught(fd);
    size_t records;
    assert_true(reported_drops(&lines, &records) <= log_dropped());
    assert_true(records > 0);
    assert_int_equal(records + log_dropped(), MORE_THAN_FITS);
    free_lines(&lines);
}

static int open_fifo(void)
{
    assert_int_equal(mkfifo(path, 0600), 0);
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

/* An announcement, too, gives up in the end. It may find a place while the writer still gathers, but not for long. */
static void announcing_into_a_full_ring_ends(void **state)
{
    (void)state;
    int fd = open_fifo();
    assert_null(log_open(path));
    unsigned long long before;
    do {
        write_many(MORE_THAN_FITS);
        before = log_dropped();
        log_announce("main", "Server stopped", 0, NULL);
    } while (log_dropped() == before);
    assert_true(log_dropped() == before + 1);
    log_close();
    close(fd);
}

/* Once somebody reads again, the drops are told, all of them, and the log goes on. */
static void drops_are_told(void **state)
{
    (void)state;
    int fd = open_fifo();
    struct lines lines = {0};
    assert_null(log_open(path));
    unsigned long long total = MORE_THAN_FITS, refused = write_many(MORE_THAN_FITS);
    assert_true(refused > 0);
    read_until(fd, &lines.text, "Log records dropped");
    while (!log_write(LOG_INFO, "main", "After the flood", 0, NULL))
        total++;
    total++;
    read_until(fd, &lines.text, "After the flood");
    log_close();
    read_more(fd, &lines.text);
    close(fd);
    parse(&lines);
    size_t records;
    assert_true(reported_drops(&lines, &records) == log_dropped());
    assert_true(records + log_dropped() == total);
    free_lines(&lines);
}

/* The last reader is gone: EPIPE, and no signal that ends the process. Reports of the drops are lost with the records,
 * and made again once there is a reader. */
static void a_broken_pipe_costs_its_records_only(void **state)
{
    (void)state;
    int fd = open_fifo();
    struct lines lines = {0};
    assert_null(log_open(path));
    log_at(LOG_INFO, "main", "First");
    read_until(fd, &lines.text, "First");
    close(fd);
    for (unsigned lost = 1; lost <= 3; lost++) {
        log_at(LOG_INFO, "main", "Lost");
        while (log_dropped() < lost)
            sched_yield();
        assert_int_equal(log_dropped(), lost);
    }
    fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    log_at(LOG_INFO, "main", "Found");
    read_until(fd, &lines.text, "Found");
    log_close();
    close(fd);
    parse(&lines);
    size_t records;
    assert_int_equal(reported_drops(&lines, &records), 3);
    assert_int_equal(records, 2);
    assert_true(is_report(lines.at[1]));
    free_lines(&lines);
}

static void a_full_disk_costs_records(void **state)
{
    (void)state;
    if (access("/dev/full", W_OK)) {
        print_message("SKIP: there is no /dev/full here\n");
        skip();
    }
    assert_null(log_open("/dev/full"));
    unsigned long long refused = write_many(1000);
    log_close();
    assert_int_equal(refused, 0);
    assert_int_equal(log_dropped(), 1000);
}

/* ---- Opening, closing, rotating ---- */

static void without_a_log_nothing_happens(void **state)
{
    (void)state;
    assert_false(log_write(LOG_ERROR, "main", "nowhere", 0, NULL));
    log_announce("main", "nowhere", 0, NULL);
    log_close();
    assert_null(log_open(path));
    assert_int_equal(log_dropped(), 0);
    log_at(LOG_INFO, "main", "here");
    log_close();
    log_close();
    assert_false(log_write(LOG_ERROR, "main", "nowhere", 0, NULL));
    assert_int_equal(log_dropped(), 0);
    struct lines lines = read_lines(path);
    assert_int_equal(lines.n, 1);
    free_lines(&lines);
}

static void a_file_that_can_not_be_opened_is_told(void **state)
{
    (void)state;
    char nowhere[sizeof path + 8];
    snprintf(nowhere, sizeof nowhere, "%s/x/y", path);
    assert_string_equal(log_open(nowhere), strerror(ENOENT));
    assert_string_equal(log_open(folder), strerror(EISDIR));
    assert_null(log_open(path));
}

static void a_second_log_goes_on_in_the_file(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        assert_null(log_open(path));
        assert_int_equal(write_many(1000), 0);
        log_close();
        assert_int_equal(log_dropped(), 0);
    }
    struct lines lines = read_lines(path);
    assert_int_equal(lines.n, 5000);
    for (size_t i = 0; i < lines.n; i++)
        assert_int_equal(cJSON_GetObjectItem(data_of(lines.at[i]), "i")->valueint, i % 1000);
    free_lines(&lines);
}

static void await_content(const char *name)
{
    struct stat status = {0};
    while (stat(name, &status) == 0 && status.st_size == 0)
        sched_yield();
    assert_true(status.st_size > 0);
}

/* What was written into the ring after log_reopen is in the new file. */
static void a_rotated_file_is_left(void **state)
{
    (void)state;
    assert_null(log_open(path));
    log_at(LOG_INFO, "main", "before");
    await_content(path);
    assert_int_equal(rename(path, other_path), 0);
    log_at(LOG_INFO, "main", "between");
    log_reopen();
    log_at(LOG_INFO, "main", "after");
    log_close();
    struct lines old = read_lines(other_path), new = read_lines(path);
    assert_int_equal(old.n + new.n, 3);
    assert_string_equal(text_of(old.at[0], "message"), "before");
    assert_string_equal(text_of(new.at[new.n - 1], "message"), "after");
    free_lines(&old);
    free_lines(&new);
}

static void a_file_that_can_not_be_reopened_is_kept(void **state)
{
    (void)state;
    assert_null(log_open(path));
    assert_int_equal(rename(path, other_path), 0);
    assert_int_equal(mkdir(path, 0700), 0);
    log_reopen();
    log_at(LOG_INFO, "main", "after");
    log_close();
    assert_int_equal(rmdir(path), 0);
    struct lines lines = read_lines(other_path);
    assert_int_equal(lines.n, 2);
    size_t failed = strcmp(text_of(lines.at[0], "message"), "after") == 0;
    assert_string_equal(text_of(lines.at[failed], "level"), "error");
    assert_string_equal(text_of(data_of(lines.at[failed]), "file"), path);
    free_lines(&lines);
}

/* ---- Many threads ---- */

enum { THREADS = 8, EACH = 12500 };

struct author {
    pthread_t thread;
    int number;
    unsigned long long refused;
};

static void *write_all(void *cookie)
{
    struct author *author = cookie;
    for (int i = 0; i < EACH; i++) {
        const struct log_field fields[] = {LOG_N("author", author->number), LOG_N("i", i),
                                           LOG_C("text", "some words that go with it")};
        author->refused += !log_write(LOG_INFO, "author", "Wrote", 3, fields);
    }
    return NULL;
}

static unsigned long long let_all_write(void)
{
    struct author authors[THREADS];
    unsigned long long refused = 0;
    for (int i = 0; i < THREADS; i++) {
        authors[i] = (struct author){.number = i};
        assert_int_equal(pthread_create(&authors[i].thread, NULL, write_all, &authors[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(authors[i].thread, NULL), 0);
        refused += authors[i].refused;
    }
    return refused;
}

static void threads_keep_their_order(void **state)
{
    (void)state;
    assert_null(log_open(path));
    unsigned long long refused = let_all_write();
    log_close();
    assert_true(log_dropped() >= refused);
    struct lines lines = read_lines(path);
    int next[THREADS] = {0};
    size_t records;
    assert_true(reported_drops(&lines, &records) <= log_dropped());
    assert_true(records + log_dropped() == THREADS * EACH);
    for (size_t i = 0; i < lines.n; i++) {
        if (is_report(lines.at[i]))
            continue;
        const cJSON *data = data_of(lines.at[i]);
        int author = cJSON_GetObjectItem(data, "author")->valueint, number = cJSON_GetObjectItem(data, "i")->valueint;
        assert_in_range(author, 0, THREADS - 1);
        assert_true(number >= next[author]);
        next[author] = number + 1;
    }
    free_lines(&lines);
}

/* The writer is woken for every record that finds it asleep: each is there before the next is written. */
static void no_wake_up_is_lost(void **state)
{
    (void)state;
    int fd = open_fifo();
    assert_null(log_open(path));
    for (unsigned i = 0; i < 20000; i++) {
        char line[4096];
        assert_true(log_write(LOG_INFO, "main", "Ping", 0, NULL));
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        assert_int_equal(poll(&wait, 1, PATIENCE), 1);
        assert_true(read(fd, line, sizeof line) > 0);
    }
    log_close();
    close(fd);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, enter, leave)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(lines_have_their_form),
        TEST(timestamps_are_utc_with_milliseconds),
        TEST(numbers_are_exact),
        TEST(levels_keep_records_out),
        TEST(bad_text_makes_good_json),
        TEST(long_texts_are_cut),
        TEST(nothing_is_cut_silently),
        TEST(json_is_never_cut),
        TEST(too_many_fields_are_cut),
        TEST(stdout_takes_the_log),
        TEST(announcements_go_everywhere),
        TEST(an_unread_stdout_holds_nobody_up),
        TEST(announcing_into_a_full_ring_ends),
        TEST(drops_are_told),
        TEST(a_broken_pipe_costs_its_records_only),
        TEST(a_full_disk_costs_records),
        TEST(without_a_log_nothing_happens),
        TEST(a_file_that_can_not_be_opened_is_told),
        TEST(a_second_log_goes_on_in_the_file),
        TEST(a_rotated_file_is_left),
        TEST(a_file_that_can_not_be_reopened_is_kept),
        TEST(threads_keep_their_order),
        TEST(no_wake_up_is_lost),
    };
    return cmocka_run_group_tests_name("unit/log", tests, NULL, NULL);
}
