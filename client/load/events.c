/* The thesis's log of a load, on standard output. */
#include "client/load/events.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "client/load/bot.h"
#include "client/load/stop.h"
#include "common/clock.h"
#include "common/utf8.h"

#define PATIENCE (2 * SECOND) /* with a reader that does not read, when the run is to end */

enum { LOOK_EVERY = 50 /* ms */ };

/* Lines of one worker are not to end up within those of another. */
static pthread_mutex_t output = PTHREAD_MUTEX_INITIALIZER;
static _Atomic int broken; /* the error that ended the log */
static int log_fd = STDOUT_FILENO;
static bool log_is_socket;
static int64_t last_try; /* until then a reader who reads nothing is waited for; 0: as long as it takes */

/* ---- JSON into a buffer ---- */

static void put(struct buf *to, const char *text)
{
    if (!buf_append(to, text, strlen(text)))
        worker_die("no memory");
}

static void put_byte(struct buf *to, unsigned char c)
{
    char escaped[8];
    if (c == '"' || c == '\\')
        snprintf(escaped, sizeof escaped, "\\%c", c);
    else
        snprintf(escaped, sizeof escaped, "\\u%04x", c);
    put(to, escaped);
}

/* Bytes that are no UTF-8 become the character for that. */
static void put_text(struct buf *to, struct span text)
{
    put(to, "\"");
    while (text.n) {
        uint32_t character;
        size_t n = utf8_next(text, &character);
        if (n == 0)
            put(to, "\xef\xbf\xbd");
        else if (character < ' ' || character == '"' || character == '\\')
            put_byte(to, (unsigned char)character);
        else if (!buf_append(to, text.at, n))
            worker_die("no memory");
        text.at += n ? n : 1;
        text.n -= n ? n : 1;
    }
    put(to, "\"");
}

static void put_stamp(struct buf *to)
{
    char stamp[40], line[64];
    int64_t wall = clock_wall();
    time_t second = (time_t)(wall / SECOND);
    struct tm parts;
    gmtime_r(&second, &parts);
    strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%S", &parts);
    snprintf(line, sizeof line, "{\"timestamp\":\"%s.%03dZ\"", stamp, (int)(wall % SECOND / MILLISECOND));
    put(to, line);
}

static void begin(struct buf *to, const char *level, const char *stage, const char *message)
{
    put_stamp(to);
    put(to, ",\"level\":\"");
    put(to, level);
    put(to, "\",\"stage\":\"");
    put(to, stage);
    put(to, "\",\"message\":\"");
    put(to, message);
    put(to, "\",\"data\":");
}

static const char *name_of(const char *const names[], int32_t n, int32_t which)
{
    return which >= 0 && which < n ? names[which] : "unknown";
}

/* ---- Lines ---- */

/* A pipe or terminal is opened anew, so that not to block is a property of ours, and not of whoever else writes there. */
static void open_log(void)
{
    struct stat about;
    if (fstat(STDOUT_FILENO, &about) < 0)
        return;
    log_is_socket = S_ISSOCK(about.st_mode);
    if (!S_ISFIFO(about.st_mode) && !S_ISCHR(about.st_mode))
        return;
    int fd = open("/proc/self/fd/1", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd >= 0)
        log_fd = fd;
}

/* The bots wait for who reads the log, so that nothing of it is lost; but a run that is to end does not wait for ever. */
static void await_reader(void)
{
    if (!last_try && stop_heard())
        last_try = clock_now() + PATIENCE;
    if (last_try && clock_now() > last_try)
        atomic_store(&broken, EAGAIN);
    else
        poll(&(struct pollfd){.fd = log_fd, .events = POLLOUT}, 1, LOOK_EVERY);
}

/* When nobody reads any more the run ends: what follows is not written. */
static void write_all(const char *at, size_t n)
{
    pthread_mutex_lock(&output);
    while (n > 0 && !events_broken()) {
        ssize_t written = log_is_socket ? send(log_fd, at, n, MSG_DONTWAIT) : write(log_fd, at, n);
        if (written < 0 && errno == EAGAIN)
            await_reader();
        else if (written < 0 && errno != EINTR)
            atomic_store(&broken, errno);
        if (written > 0) {
            last_try = 0;
            at += written;
            n -= (size_t)written;
        }
    }
    pthread_mutex_unlock(&output);
}

int events_broken(void)
{
    return atomic_load(&broken);
}

static void write_and_free(struct buf *line)
{
    put(line, "}\n");
    write_all(line->at, line->n);
    buf_free(line);
}

void events_started(const struct load_config *config)
{
    struct buf line = {0};
    char text[NET_TEXT + 1], port[16];
    if (!config->events)
        return;
    open_log();
    net_text(&config->connect[0], text);
    char *colon = strrchr(text, ':');
    *colon = '\0';
    snprintf(port, sizeof port, "%s", colon + 1);
    begin(&line, "info", "tester", "Tester started");
    put(&line, "{\"port\":");
    put(&line, port);
    put(&line, ",\"endpoint address\":");
    put_text(&line, span_of(text));
    put(&line, "}");
    write_and_free(&line);
}

void events_tester_caught(const char *exception)
{
    struct buf line = {0};
    begin(&line, "error", "tester", "Tester caught exception");
    put(&line, "{\"exception\":");
    put_text(&line, span_of(exception));
    put(&line, "}");
    write_and_free(&line);
}

void events_wrote(struct bot *bot, int32_t request, struct span text)
{
    struct buf *to = &bot->worker->events;
    begin(to, "info", "bot", "Wrote request to server");
    put(to, "{\"request\":{\"client_request_e\":\"");
    put(to, name_of(request_names, REQUEST_KINDS, request));
    put(to, "\",\"message\":");
    put_text(to, text);
    put(to, "}}}\n");
}

void events_read(struct bot *bot, int32_t request, int32_t response, struct span text, int64_t took)
{
    struct buf *to = &bot->worker->events;
    char time[64];
    begin(to, "info", "bot", took < 0 ? "Read response from server" : "Read first response from server");
    put(to, "{\"response\":{\"client_request_e\":\"");
    put(to, name_of(request_names, REQUEST_KINDS, request));
    put(to, "\",\"server_response_e\":\"");
    put(to, name_of(response_names, FAILURE + 1, response));
    put(to, "\",\"message\":");
    put_text(to, text);
    snprintf(time, sizeof time, "},\"response time\":%.3f}}\n", (double)took / MILLISECOND);
    put(to, took < 0 ? "}}}\n" : time);
}

void events_error(struct bot *bot, enum event event, int error)
{
    static const char *const messages[] = {
        [EVENT_CAUGHT] = "Client caught exception",
        [EVENT_READ_ERROR] = "Client read error",
        [EVENT_WRITE_ERROR] = "Client write error",
    };
    struct buf *to = &bot->worker->events;
    if (!bot->worker->config->events)
        return;
    begin(to, "error", "bot", messages[event]);
    put(to, event == EVENT_CAUGHT ? "{\"exception\":" : "{\"error\":");
    put_text(to, span_of(error ? strerror(error) : "End of file"));
    put(to, "}}\n");
}

void events_finished(struct bot *bot)
{
    struct buf *to = &bot->worker->events;
    if (!bot->worker->config->events)
        return;
    begin(to, "info", "bot", "Client finished it's work");
    put(to, "null}\n");
}

void events_flush(struct worker *worker)
{
    struct buf *lines = &worker->events;
    if (lines->n == 0)
        return;
    write_all(lines->at, lines->n);
    lines->n = 0;
}
