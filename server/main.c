/* conveyord: the server's life from its options to its last log record.
 *
 * Main's thread prepares everything, starts the architecture and from then on only waits: for signals, for the
 * operator, and, once the server is stopping, for the last client to leave. No other thread takes a signal. */
#include <cjson/cJSON.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/log_writer.h"
#include "common/net.h"
#include "common/program.h"
#include "server/arch/arch.h"
#include "server/chat/session.h"
#include "server/console.h"
#include "server/machine.h"
#include "server/metrics.h"
#include "server/notify.h"
#include "server/options.h"

enum {
    NOTES_AT_ONCE = 1024, /* a part of what the log's ring holds */
    FOREGROUND_MS = 1000  /* how often a server in the background looks whether it still is */
};

/* --- Before anything is open. --- */

static void ignore_signals(void)
{
    static const int ignored[] = {SIGPIPE, SIGXFSZ, SIGTTIN, SIGTTOU};
    for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++)
        signal(ignored[i], SIG_IGN);
}

/* Blocks main's signals here and, as they inherit it, in all threads to come. A descriptor to read them from, or -1. */
static int take_signals(void)
{
    sigset_t taken;
    sigemptyset(&taken);
    sigaddset(&taken, SIGTERM);
    sigaddset(&taken, SIGINT);
    sigaddset(&taken, SIGHUP);
    sigaddset(&taken, SIGUSR2);
    sigprocmask(SIG_BLOCK, &taken, NULL);
    return signalfd(-1, &taken, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* --- Start. --- */

static bool open_catalog(struct server *server, struct catalog_note **notes)
{
    const char *path = server->options->chats;
    const char *reason = catalog_load(&server->catalog, path, notes);
    if (reason)
        program_fail(EXIT_FAILED, "%s: %s", path, reason);
    return !reason;
}

static void close_listeners(struct server *server)
{
    while (server->n_listeners > 0)
        close(server->listeners[--server->n_listeners]);
}

/* Afterwards the options hold the addresses as they really are. */
static bool open_listeners(struct server *server, struct options *options)
{
    for (size_t i = 0; i < options->n_listen; i++) {
        int fd = net_listen(&options->listen[i], LISTEN_BACKLOG, SEND_BUFFER);
        if (fd < 0) {
            int error = errno;
            char text[NET_TEXT];
            net_text(&options->listen[i], text);
            program_fail(EXIT_FAILED, "cannot listen on %s: %s", text, strerror(error));
            close_listeners(server);
            return false;
        }
        server->listeners[server->n_listeners++] = fd;
    }
    return true;
}

static bool open_log(const struct options *options)
{
    log_level = options->log_level;
    const char *reason = log_open(options->log_file);
    if (reason)
        program_fail(EXIT_FAILED, "%s: %s", options->log_file ? options->log_file : "the log", reason);
    return !reason;
}

/* The addresses as an array of JSON, to be freed. NULL without memory for all of them: whoever starts a server must learn
 * from it where it listens. */
static char *addresses_json(const struct options *options)
{
    cJSON *array = cJSON_CreateArray();
    bool whole = true;
    for (size_t i = 0; i < options->n_listen; i++) {
        char text[NET_TEXT];
        net_text(&options->listen[i], text);
        cJSON *address = cJSON_CreateString(text);
        whole = whole && address && cJSON_AddItemToArray(array, address);
    }
    char *json = whole ? cJSON_PrintUnformatted(array) : NULL;
    cJSON_Delete(array);
    if (!json)
        program_fail(EXIT_FAILED, "could not set up: %s", strerror(ENOMEM));
    return json;
}

static void announce_start(const struct options *options, const char *addresses)
{
    const size_t client_bytes = session_bytes_most(&options->limits) + options->arch->client_bytes;
    const struct log_field fields[] = {
        LOG_N("pid", getpid()),       LOG_C("arch", options->arch->name),  LOG_J("listen", addresses),
        LOG_J("json_listen", "[]"),   LOG_J("web_listen", "[]"),           LOG_J("udp_listen", "[]"),
        LOG_C("sync", options->sync), LOG_N("client_bytes", client_bytes),
    };
    log_announce("main", "Server started", sizeof fields / sizeof *fields, fields);
}

/* Records of the start's work. The log's ring is smaller than a big folder can be broken: its writer gets time. */
static void log_notes(const struct catalog_note *notes)
{
    static const struct timespec pause = {.tv_nsec = 20000000};
    int n = 0;
    for (const struct catalog_note *note = notes; note; note = note->next) {
        if (note->error)
            log_at(LOG_WARN, "start", note->message, LOG_C("chat", note->chat), LOG_N("bytes", note->bytes),
                   LOG_C("error", strerror(note->error)));
        else
            log_at(LOG_WARN, "start", note->message, LOG_C("chat", note->chat), LOG_N("bytes", note->bytes));
        if (++n % NOTES_AT_ONCE == 0)
            nanosleep(&pause, NULL);
    }
}

/* --- While it runs. --- */

/* What main waits for. */
struct watch {
    struct server *server;
    struct console console;
    int signals;
    bool stop;     /* somebody wants the server to end */
    bool draining; /* it is about to: wait for the last client too */
    bool empty;    /* the last client is out */
};

static void print_census(struct server *server)
{
    struct census census;
    metrics_read(server, &census);
    metrics_print_census(&census);
    metrics_print_stages(&census);
}

static void end_at_once(int signal)
{
    (void)signal;
    _exit(EXIT_FAILED);
}

static void take_signal(struct watch *watch, uint32_t signal)
{
    switch (signal) {
    case SIGHUP:
        log_reopen();
        break;
    case SIGUSR2:
        print_census(watch->server);
        break;
    default:
        if (watch->stop) /* the second one, on the heels of the first */
            end_at_once((int)signal);
        watch->stop = true;
    }
}

static void read_signals(struct watch *watch)
{
    struct signalfd_siginfo info;
    while (read(watch->signals, &info, sizeof info) == (ssize_t)sizeof info)
        take_signal(watch, info.ssi_signo);
}

static void read_console(struct watch *watch)
{
    enum console_command command;
    console_read(&watch->console);
    while ((command = console_next(&watch->console)) != CONSOLE_NONE) {
        if (command == CONSOLE_CHECK)
            print_census(watch->server);
        else
            watch->stop = true;
    }
}

/* Milliseconds to wait, -1 for as long as it takes. */
static int time_to(int64_t until, bool background)
{
    int64_t left = until == NEVER ? NEVER : (until - clock_now() + MILLISECOND - 1) / MILLISECOND;
    int64_t most = background ? FOREGROUND_MS : NEVER;
    if (left > most)
        left = most;
    if (left == NEVER)
        return -1;
    return left > 0 ? (int)left : 0;
}

/* Waits until something comes or the time is over, and handles what came. */
static void watch_once(struct watch *watch, int64_t until)
{
    struct pollfd fds[] = {
        {.fd = watch->signals, .events = POLLIN},
        {.fd = console_fd(&watch->console), .events = POLLIN},
        {.fd = watch->draining ? watch->server->empty : -1, .events = POLLIN},
    };
    if (poll(fds, sizeof fds / sizeof *fds, time_to(until, console_in_background(&watch->console))) <= 0)
        return;
    if (fds[0].revents)
        read_signals(watch);
    if (fds[1].revents)
        read_console(watch);
    if (fds[2].revents)
        watch->empty = true;
}

/* --- Stop. --- */

/* Hears a second SIGTERM or SIGINT wherever main waits from now on, for a thread or for a disk. */
static void end_on_second_signal(void)
{
    sigset_t heard;
    sigemptyset(&heard);
    sigaddset(&heard, SIGTERM);
    sigaddset(&heard, SIGINT);
    signal(SIGTERM, end_at_once);
    signal(SIGINT, end_at_once);
    sigprocmask(SIG_UNBLOCK, &heard, NULL);
}

/* Sends everybody home, and waits for them as long as --drain says. */
static void drain(struct watch *watch)
{
    const struct options *options = watch->server->options;
    int64_t until = clock_now() + options->limits.drain;
    watch->draining = true;
    notify_send("STOPPING=1");
    end_on_second_signal();
    options->arch->drain(watch->server);
    while (!watch->empty && clock_now() < until)
        watch_once(watch, until);
}

/* Runs the architecture from its start to its end. *last: the census just before the end. */
static int serve(struct server *server, int signals, struct census *last)
{
    struct watch watch = {.server = server, .signals = signals};
    const struct arch *arch = server->options->arch;
    if (!arch->start(server))
        return program_fail(EXIT_FAILED, "could not start the architecture %s, the log says why", arch->name);
    notify_send("READY=1");
    while (!watch.stop)
        watch_once(&watch, NEVER);
    drain(&watch);
    metrics_read(server, last);
    metrics_print_stages(last);
    arch->end(server);
    return EXIT_FINE;
}

static void announce_stop(const struct census *last)
{
    const struct log_field fields[] = {
        LOG_N("accepted", last->accepted),
        LOG_N("closed", last->closed),
        LOG_N("refused", last->refused),
        LOG_N("dropped_log_records", log_dropped()),
    };
    log_announce("main", "Server stopped", sizeof fields / sizeof *fields, fields);
}

static int run(struct options *options, int signals)
{
    struct server server = {.options = options, .empty = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
    struct catalog_note *notes = NULL;
    struct census last = {0};
    int status = EXIT_FAILED;
    char *addresses = NULL;
    if (signals < 0 || server.empty < 0)
        return program_fail(status, "could not set up: %s", strerror(errno));
    if (!open_catalog(&server, &notes))
        goto no_catalog;
    if (!open_listeners(&server, options))
        goto no_listeners;
    if (!(addresses = addresses_json(options)) || !open_log(options))
        goto no_log;
    announce_start(options, addresses);
    log_notes(notes);
    status = serve(&server, signals, &last);
no_log:
    free(addresses);
    close_listeners(&server);
no_listeners:
    catalog_close(&server.catalog);
    /* Both do nothing when the log was never opened. */
    announce_stop(&last);
    log_close();
no_catalog:
    catalog_notes_free(notes);
    close(server.empty);
    return status;
}

int main(int argc, char **argv)
{
    struct options options;
    program_begin("conveyord");
    enum args_result result = options_read(&options, argc, argv);
    if (result != ARGS_RUN)
        return program_status(result);
    int status = EXIT_FINE;
    char complaint[256];
    if (!machine_share(&options.limits, complaint, sizeof complaint)) {
        status = program_fail(EXIT_USAGE, "%s", complaint);
    } else if (options.check_config) {
        puts("configuration is fine");
    } else {
        ignore_signals();
        machine_serve_in_batches();
        status = run(&options, take_signals());
    }
    options_free(&options);
    return status;
}
