/* The thread that turns the ring's records into lines of JSON.
 *
 * Threading: main opens and closes the log; in between the sinks, the date's text and the ring's reading end belong to
 * the thread "log" alone. Others reach it through atomics and the bell. It waits in one place, for the bell and for
 * sinks that were full, never inside a write: what is not ready is not written to, and a pipe that is ready takes
 * PIPE_BUF bytes. Should a write hang all the same (a dead disk, a terminal), log_close gives the thread up. */
#include "common/log_writer.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/log_internal.h"
#include "common/log_line.h"

enum { GATHER_MAX = 16 * PIPE_BUF, ANNOUNCE_TRIES = 100 };

static const int64_t close_limit = SECOND;    /* what is left then is dropped */
static const int64_t hang_limit = SECOND / 4; /* and this much later the writer counts as hanging */
static const int64_t announce_limit = SECOND; /* for a place in the ring */
static const struct timespec announce_pause = {.tv_nsec = 1000000}; /* and for memory */

/* Where lines go. `out` begins with at most one line that is no record, a report of drops; the records follow it. */
struct sink {
    int fd;
    struct buf out;
    size_t sent;
    size_t records;  /* lines of records in `out` */
    uint64_t report; /* how many drops the report in `out` speaks of */
    bool torn;       /* the last thing written is half a line */
    bool failing;    /* so is the last attempt to write */
};

/* The writer's own. */
static struct sink log_sink;  /* every record goes here: standard output or the file */
static struct sink announcer; /* with a file: standard output, for announcements; else fd -1 */
static char *log_path;
static uint64_t reported; /* drops */

static pthread_t thread;
static bool running, hanging; /* main's, as is the thread's handle */
static int ended = -1;        /* an eventfd: the writer's last sign of life */
static _Atomic int64_t stop_at;
static _Atomic bool reopen_wanted;

/* ---- Lines to sinks ---- */

static size_t count_lines(const char *at, size_t n)
{
    size_t lines = 0;
    const char *end = at + n;
    while (at < end && (at = memchr(at, '\n', (size_t)(end - at)))) {
        lines++;
        at++;
    }
    return lines;
}

/* True when the line, which may be NULL for want of memory, stands in the sink. */
static bool add_line(struct sink *sink, const char *text)
{
    size_t n = text ? strlen(text) : 0;
    if (!text || !buf_reserve(&sink->out, n + 2))
        return false;
    if (sink->torn)
        buf_append(&sink->out, "\n", 1);
    sink->torn = false;
    buf_append(&sink->out, text, n);
    buf_append(&sink->out, "\n", 1);
    return true;
}

static void add_record(struct sink *sink, const char *text)
{
    if (add_line(sink, text))
        sink->records++;
    else
        log_drop(1);
}

/* The record's line goes into every sink it is meant for; false without memory, and then into none. */
static bool try_record(const struct log_record *record)
{
    char *line = log_line(record);
    bool both = record->announced && announcer.fd >= 0;
    size_t room = line ? strlen(line) + 2 : 0;
    bool fits = line && buf_reserve(&log_sink.out, room) && (!both || buf_reserve(&announcer.out, room));
    if (fits)
        add_record(&log_sink, line);
    if (fits && both)
        add_record(&announcer, line);
    free(line);
    return fits;
}

/* Somebody waits for what is announced: it gets several tries. */
static void take_record(const struct log_record *record)
{
    int tries = record->announced ? ANNOUNCE_TRIES : 1;
    while (!try_record(record)) {
        if (--tries == 0) {
            log_drop(1);
            return;
        }
        nanosleep(&announce_pause, NULL);
    }
}

/* Only into an empty sink, so that it comes first there. */
static void add_report(struct sink *sink, uint64_t drops)
{
    cJSON *data;
    cJSON *line = log_line_begin(clock_wall(), LOG_WARN, "log", "Log records dropped", &data);
    cJSON_AddNumberToObject(data, "count", (double)(drops - reported));
    char *text = log_line_end(line);
    if (add_line(sink, text)) {
        sink->report = drops - reported;
        reported = drops;
    }
    free(text);
}

static void sink_empty(struct sink *sink)
{
    sink->out.n = 0;
    sink->sent = 0;
    sink->records = 0;
    sink->report = 0;
}

/* What the sink did not take counts as dropped; a report among it is made again, for its drops too. */
static void sink_lose(struct sink *sink)
{
    if (sink->out.n == 0)
        return;
    size_t lines = count_lines(sink->out.at + sink->sent, sink->out.n - sink->sent);
    if (lines > sink->records)
        reported -= sink->report;
    log_drop(lines < sink->records ? lines : sink->records);
    sink->torn = sink->sent ? sink->out.at[sink->sent - 1] != '\n' : sink->out.at[0] == '\n';
    sink_empty(sink);
}

/* How much to write at once: whole lines, as many as a pipe takes in one piece, or a piece of a line that is longer. */
static size_t piece(const struct sink *sink)
{
    const char *at = sink->out.at + sink->sent;
    size_t n = sink->out.n - sink->sent;
    if (n <= PIPE_BUF)
        return n;
    const char *last = memrchr(at, '\n', PIPE_BUF);
    return last ? (size_t)(last - at) + 1 : PIPE_BUF;
}

/* Writes while the sink takes bytes. */
static void sink_flush(struct sink *sink)
{
    while (sink->sent < sink->out.n) {
        struct pollfd ready = {.fd = sink->fd, .events = POLLOUT};
        if (poll(&ready, 1, 0) <= 0)
            return;
        ssize_t n = write(sink->fd, sink->out.at + sink->sent, piece(sink));
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        sink->failing = n < 0;
        if (sink->failing) {
            sink_lose(sink);
            return;
        }
        sink->sent += (size_t)n;
    }
    sink_empty(sink);
}

/* ---- The thread ---- */

static int open_file(const char *path)
{
    return open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0640);
}

/* Not through the ring: that may be full, or closed already. */
static void complain(int error)
{
    cJSON *data;
    cJSON *line = log_line_begin(clock_wall(), LOG_ERROR, "log", "Could not open the log file again", &data);
    cJSON_AddStringToObject(data, "file", log_path);
    cJSON_AddStringToObject(data, "error", strerror(error));
    char *text = log_line_end(line);
    add_record(&log_sink, text);
    free(text);
}

/* The old file stays when the new one can't be opened. */
static void reopen(void)
{
    if (log_sink.out.n || !atomic_exchange(&reopen_wanted, false) || !log_path)
        return;
    int fd = open_file(log_path);
    if (fd < 0) {
        complain(errno);
        return;
    }
    close(log_sink.fd);
    log_sink.fd = fd;
    log_sink.torn = log_sink.failing = false;
}

static bool report_due(void)
{
    return log_drops() != reported && log_level >= LOG_WARN;
}

/* Takes records out of the ring, a bounded number of bytes, and only once the last ones were written. A record written
 * into the ring after log_reopen goes into the new file: the wish is looked at again for each. */
static void gather(void)
{
    if (log_sink.out.n)
        return;
    const struct log_record *record = log_ring_front();
    if (report_due() && (record || !log_sink.failing))
        add_report(&log_sink, log_drops());
    while (record && log_sink.out.n < GATHER_MAX && !atomic_load(&reopen_wanted)) {
        take_record(record);
        log_ring_pop();
        record = log_ring_front();
    }
}

static bool has_work(void)
{
    return log_sink.out.n == 0 && (log_ring_front() || (report_due() && !log_sink.failing));
}

static int time_left(void)
{
    int64_t stop = atomic_load(&stop_at);
    if (stop == NEVER)
        return -1;
    int64_t left = stop - clock_now();
    return left > 0 ? (int)(left / MILLISECOND) + 1 : 0;
}

static void wait_for_work(void)
{
    struct pollfd fds[] = {
        {.fd = log_bell(), .events = POLLIN},
        {.fd = log_sink.out.n ? log_sink.fd : -1, .events = POLLOUT},
        {.fd = announcer.out.n ? announcer.fd : -1, .events = POLLOUT},
    };
    log_bell_wanted(log_sink.out.n == 0);
    if (!has_work())
        poll(fds, sizeof fds / sizeof *fds, time_left());
    log_bell_wanted(false);
    if (fds[0].revents)
        log_bell_silence();
}

static bool is_over(void)
{
    if (atomic_load(&stop_at) == NEVER)
        return false;
    bool done = log_ring_waiting() == 0 && log_sink.out.n == 0 && announcer.out.n == 0 && !has_work();
    return done || time_left() == 0;
}

static void *run(void *unused)
{
    pthread_setname_np(pthread_self(), "log");
    while (!is_over()) {
        reopen();
        gather();
        sink_flush(&log_sink);
        sink_flush(&announcer);
        if (!is_over())
            wait_for_work();
    }
    sink_lose(&log_sink);
    sink_lose(&announcer);
    (void)!write(ended, &(uint64_t){1}, sizeof(uint64_t));
    return unused;
}

/* ---- Main's side ---- */

/* Signals are for main alone, so the thread begins with all of them blocked. */
static int start_thread(void)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&thread, NULL, run, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return error;
}

static int open_sinks(const char *path)
{
    log_sink = announcer = (struct sink){.fd = -1};
    if (!path) {
        log_sink.fd = STDOUT_FILENO;
        return 0;
    }
    log_path = strdup(path);
    log_sink.fd = log_path ? open_file(path) : -1;
    announcer.fd = STDOUT_FILENO;
    return log_sink.fd < 0 ? -1 : 0;
}

static void close_sinks(void)
{
    buf_free(&log_sink.out);
    buf_free(&announcer.out);
    if (log_path && log_sink.fd >= 0)
        close(log_sink.fd);
    free(log_path);
    log_path = NULL;
}

const char *log_open(const char *path)
{
    assert(!running);
    if (hanging)
        return "the writer of the log before still hangs in a write";
    if (ended < 0)
        ended = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (ended < 0)
        return strerror(errno);
    if (open_sinks(path) < 0 || !log_ring_open()) {
        int error = errno;
        close_sinks();
        return strerror(error);
    }
    log_drop_none();
    reported = 0;
    atomic_store(&stop_at, NEVER);
    atomic_store(&reopen_wanted, false);
    int error = start_thread();
    if (error) {
        log_ring_close();
        close_sinks();
        return strerror(error);
    }
    running = true;
    return NULL;
}

void log_announce(const char *stage, const char *message, size_t n, const struct log_field *fields)
{
    int64_t limit = clock_now() + announce_limit;
    while (!log_ring_announce(stage, message, n, fields)) {
        if (clock_now() > limit) {
            log_drop(1);
            return;
        }
        nanosleep(&announce_pause, NULL);
    }
}

void log_reopen(void)
{
    atomic_store(&reopen_wanted, true);
    log_bell_ring();
}

unsigned long long log_dropped(void)
{
    return log_drops();
}

/* False when the writer gives no sign until then. */
static bool await_end(int64_t until)
{
    for (;;) {
        int64_t left = until - clock_now();
        struct pollfd end = {.fd = ended, .events = POLLIN};
        int found = poll(&end, 1, left > 0 ? (int)(left / MILLISECOND) + 1 : 0);
        if (found > 0)
            return read(ended, &(uint64_t){0}, sizeof(uint64_t)) > 0;
        if (found == 0 || errno != EINTR)
            return false;
    }
}

void log_close(void)
{
    if (!running)
        return;
    running = false;
    log_ring_close();
    int64_t limit = clock_now() + close_limit;
    atomic_store(&stop_at, limit);
    log_bell_ring();
    if (!await_end(limit + hang_limit)) {
        hanging = true;
        log_drop(log_ring_waiting());
        pthread_detach(thread);
        return;
    }
    pthread_join(thread, NULL);
    for (; log_ring_front(); log_ring_pop())
        log_drop(1);
    close_sinks();
}
