/* Tests of the log: where its lines go, what it does when nobody reads them, and that it never makes a writer wait.
 *
 * Threading: the test is 'main' to the log. Some tests add threads that write; they are joined before it is closed. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/log_writer.h"
#include "tests/unit/logs.h"

static bool is_report(const cJSON *line)
{
    return strcmp(logs_text(line, "message"), "Log records dropped") == 0;
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
        assert_string_equal(logs_text(lines->at[i], "level"), "warn");
        assert_string_equal(logs_text(lines->at[i], "stage"), "log");
        const cJSON *count = cJSON_GetObjectItemCaseSensitive(logs_data(lines->at[i]), "count");
        assert_true(cJSON_IsNumber(count));
        drops += (unsigned long long)count->valuedouble;
    }
    return drops;
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
    logs_read_more(fd, &lines.text);
    close(fd);
    logs_parse(&lines);
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
    logs_assert_line(&lines, 0, "info", "\"stage\":\"main\",\"message\":\"Server started\",\"data\":{\"pid\":1}");
    logs_assert_line(&lines, 1, "info", "\"stage\":\"main\",\"message\":\"between\",\"data\":{}");
    logs_assert_line(&lines, 2, "info", "\"stage\":\"main\",\"message\":\"Server stopped\",\"data\":{}");
    logs_free(&lines);
}

/* At any level, to both, and whatever its length is. */
static void announcements_go_everywhere(void **state)
{
    (void)state;
    char list[20000];
    int n = logs_make_list(list, sizeof list);
    log_level = LOG_ERROR;
    int fd = catch_stdout();
    const char *error = log_open(logs_path);
    log_announce("main", "Server started", 2, (struct log_field[]){LOG_J("listen", list), LOG_N("pid", 1)});
    log_at(LOG_INFO, "main", "unwanted");
    log_at(LOG_ERROR, "main", "for the file");
    log_announce("main", "Server stopped", 0, NULL);
    log_close();
    release_stdout();
    assert_null(error);
    struct lines shown = read_caught(fd), kept = logs_read(logs_path);
    assert_int_equal(shown.n, 2);
    assert_int_equal(kept.n, 3);
    assert_string_equal(logs_text(shown.at[0], "message"), "Server started");
    assert_string_equal(logs_text(shown.at[1], "message"), "Server stopped");
    assert_string_equal(logs_text(kept.at[1], "message"), "for the file");
    assert_true(cJSON_Compare(shown.at[0], kept.at[0], true));
    assert_true(cJSON_Compare(shown.at[1], kept.at[2], true));
    assert_int_equal(cJSON_GetArraySize(cJSON_GetObjectItem(logs_data(kept.at[0]), "listen")), n);
    logs_free(&shown);
    logs_free(&kept);
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
    logs_free(&lines);
}

static int open_fifo(void)
{
    assert_int_equal(mkfifo(logs_path, 0600), 0);
    int fd = open(logs_path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

/* An announcement, too, gives up in the end. It may find a place while the writer still gathers, but not for long. */
static void announcing_into_a_full_ring_ends(void **state)
{
    (void)state;
    int fd = open_fifo();
    assert_null(log_open(logs_path));
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
    assert_null(log_open(logs_path));
    unsigned long long total = MORE_THAN_FITS, refused = write_many(MORE_THAN_FITS);
    assert_true(refused > 0);
    logs_read_until(fd, &lines.text, "Log records dropped");
    while (!log_write(LOG_INFO, "main", "After the flood", 0, NULL))
        total++;
    total++;
    logs_read_until(fd, &lines.text, "After the flood");
    log_close();
    logs_read_more(fd, &lines.text);
    close(fd);
    logs_parse(&lines);
    size_t records;
    assert_true(reported_drops(&lines, &records) == log_dropped());
    assert_true(records + log_dropped() == total);
    logs_free(&lines);
}

/* The last reader is gone: EPIPE, and no signal that ends the process. Reports of the drops are lost with the records,
 * and made again once there is a reader. */
static void a_broken_pipe_costs_its_records_only(void **state)
{
    (void)state;
    int fd = open_fifo();
    struct lines lines = {0};
    assert_null(log_open(logs_path));
    log_at(LOG_INFO, "main", "First");
    logs_read_until(fd, &lines.text, "First");
    close(fd);
    for (unsigned lost = 1; lost <= 3; lost++) {
        log_at(LOG_INFO, "main", "Lost");
        while (log_dropped() < lost)
            sched_yield();
        assert_int_equal(log_dropped(), lost);
    }
    fd = open(logs_path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    log_at(LOG_INFO, "main", "Found");
    logs_read_until(fd, &lines.text, "Found");
    log_close();
    close(fd);
    logs_parse(&lines);
    size_t records;
    assert_int_equal(reported_drops(&lines, &records), 3);
    assert_int_equal(records, 2);
    assert_true(is_report(lines.at[1]));
    logs_free(&lines);
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
    assert_null(log_open(logs_path));
    assert_int_equal(log_dropped(), 0);
    log_at(LOG_INFO, "main", "here");
    log_close();
    log_close();
    assert_false(log_write(LOG_ERROR, "main", "nowhere", 0, NULL));
    assert_int_equal(log_dropped(), 0);
    struct lines lines = logs_read(logs_path);
    assert_int_equal(lines.n, 1);
    logs_free(&lines);
}

static void a_file_that_can_not_be_opened_is_told(void **state)
{
    (void)state;
    char nowhere[sizeof logs_path + 8];
    snprintf(nowhere, sizeof nowhere, "%s/x/y", logs_path);
    assert_string_equal(log_open(nowhere), strerror(ENOENT));
    assert_string_equal(log_open(logs_folder), strerror(EISDIR));
    assert_null(log_open(logs_path));
}

static void a_second_log_goes_on_in_the_file(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 5; i++) {
        assert_null(log_open(logs_path));
        assert_int_equal(write_many(1000), 0);
        log_close();
        assert_int_equal(log_dropped(), 0);
    }
    struct lines lines = logs_read(logs_path);
    assert_int_equal(lines.n, 5000);
    for (size_t i = 0; i < lines.n; i++)
        assert_int_equal(cJSON_GetObjectItem(logs_data(lines.at[i]), "i")->valueint, i % 1000);
    logs_free(&lines);
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
    assert_null(log_open(logs_path));
    log_at(LOG_INFO, "main", "before");
    await_content(logs_path);
    assert_int_equal(rename(logs_path, logs_other), 0);
    log_at(LOG_INFO, "main", "between");
    log_reopen();
    log_at(LOG_INFO, "main", "after");
    log_close();
    struct lines old = logs_read(logs_other), new = logs_read(logs_path);
    assert_int_equal(old.n + new.n, 3);
    assert_string_equal(logs_text(old.at[0], "message"), "before");
    assert_string_equal(logs_text(new.at[new.n - 1], "message"), "after");
    logs_free(&old);
    logs_free(&new);
}

static void a_file_that_can_not_be_reopened_is_kept(void **state)
{
    (void)state;
    assert_null(log_open(logs_path));
    assert_int_equal(rename(logs_path, logs_other), 0);
    assert_int_equal(mkdir(logs_path, 0700), 0);
    log_reopen();
    log_at(LOG_INFO, "main", "after");
    log_close();
    assert_int_equal(rmdir(logs_path), 0);
    struct lines lines = logs_read(logs_other);
    assert_int_equal(lines.n, 2);
    size_t failed = strcmp(logs_text(lines.at[0], "message"), "after") == 0;
    assert_string_equal(logs_text(lines.at[failed], "level"), "error");
    assert_string_equal(logs_text(logs_data(lines.at[failed]), "file"), logs_path);
    logs_free(&lines);
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
    assert_null(log_open(logs_path));
    unsigned long long refused = let_all_write();
    log_close();
    assert_true(log_dropped() >= refused);
    struct lines lines = logs_read(logs_path);
    int next[THREADS] = {0};
    size_t records;
    assert_true(reported_drops(&lines, &records) <= log_dropped());
    assert_true(records + log_dropped() == THREADS * EACH);
    for (size_t i = 0; i < lines.n; i++) {
        if (is_report(lines.at[i]))
            continue;
        const cJSON *data = logs_data(lines.at[i]);
        int author = cJSON_GetObjectItem(data, "author")->valueint, number = cJSON_GetObjectItem(data, "i")->valueint;
        assert_in_range(author, 0, THREADS - 1);
        assert_true(number >= next[author]);
        next[author] = number + 1;
    }
    logs_free(&lines);
}

/* The writer is woken for every record that finds it asleep: each is there before the next is written. */
static void no_wake_up_is_lost(void **state)
{
    (void)state;
    int fd = open_fifo();
    assert_null(log_open(logs_path));
    for (unsigned i = 0; i < 20000; i++) {
        char line[4096];
        assert_true(log_write(LOG_INFO, "main", "Ping", 0, NULL));
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        assert_int_equal(poll(&wait, 1, LOGS_PATIENCE), 1);
        assert_true(read(fd, line, sizeof line) > 0);
    }
    log_close();
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOGS_TEST(stdout_takes_the_log),
        LOGS_TEST(announcements_go_everywhere),
        LOGS_TEST(an_unread_stdout_holds_nobody_up),
        LOGS_TEST(announcing_into_a_full_ring_ends),
        LOGS_TEST(drops_are_told),
        LOGS_TEST(a_broken_pipe_costs_its_records_only),
        LOGS_TEST(a_full_disk_costs_records),
        LOGS_TEST(without_a_log_nothing_happens),
        LOGS_TEST(a_file_that_can_not_be_opened_is_told),
        LOGS_TEST(a_second_log_goes_on_in_the_file),
        LOGS_TEST(a_rotated_file_is_left),
        LOGS_TEST(a_file_that_can_not_be_reopened_is_kept),
        LOGS_TEST(threads_keep_their_order),
        LOGS_TEST(no_wake_up_is_lost),
    };
    return cmocka_run_group_tests_name("unit/log", tests, NULL, NULL);
}
