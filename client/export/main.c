/* conveyor-export: the load generator's log as metrics for Prometheus.
 *
 * One thread does everything, so the counts need no lock: it polls for signals, for lines on standard input and for what the web
 * server waits for, and does a little of whatever is ready. A question is answered between two pieces of input. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "client/export/input.h"
#include "client/export/serve.h"
#include "common/net.h"
#include "common/program.h"

enum { BACKLOG = 64 };

/* ---- Options ---- */

static bool set_listen(struct args *args, const char *value)
{
    const char *wrong = net_parse(value, args->options);
    return !wrong || args_complain(args, "'%s': %s", value, wrong);
}

static enum args_result read_options(int argc, char **argv, struct net_address *address)
{
    static const struct args_row rows[] = {
        {"listen", 'l', "HOST:PORT", "127.0.0.1:9200", "serve here, port 0 picks a free one", set_listen, 0, 0, 0}};
    struct args args = {.program = "conveyor-export",
                        .usage = "[OPTION]...",
                        .about = "Reads the load generator's log on standard input and serves metrics for Prometheus.",
                        .rows = rows,
                        .n_rows = sizeof rows / sizeof *rows,
                        .options = address};
    if (args_defaults(&args) && args_command_line(&args, argc, argv))
        args_apply(&args);
    return args_end(&args);
}

/* ---- Running ---- */

/* A descriptor that tells when to end, or -1. */
static int take_signals(void)
{
    sigset_t taken;
    signal(SIGPIPE, SIG_IGN);
    sigemptyset(&taken);
    sigaddset(&taken, SIGTERM);
    sigaddset(&taken, SIGINT);
    sigprocmask(SIG_BLOCK, &taken, NULL);
    return signalfd(-1, &taken, SFD_NONBLOCK | SFD_CLOEXEC);
}

/* False at the end of the input. */
static bool read_input(struct input *input, struct events *events)
{
    ssize_t got = input_read(input, STDIN_FILENO, events);
    if (got < 0 && (errno == EINTR || errno == EAGAIN))
        return true;
    if (got < 0)
        program_fail(EXIT_FAILED, "cannot read standard input any further: %s", strerror(errno));
    return got > 0;
}

/* Until a signal comes; the end of the input is no reason to end. */
static int run(struct MHD_Daemon *daemon, int signals, struct events *events)
{
    static struct input input;
    struct pollfd watched[] = {{.fd = signals, .events = POLLIN},
                               {.fd = serve_fd(daemon), .events = POLLIN},
                               {.fd = STDIN_FILENO, .events = POLLIN}};
    while (!watched[0].revents) {
        int ready = poll(watched, sizeof watched / sizeof *watched, serve_wait(daemon));
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready < 0)
            return program_fail(EXIT_FAILED, "cannot wait: %s", strerror(errno));
        if (watched[2].revents && !read_input(&input, events))
            watched[2].fd = -1;
        serve_run(daemon);
    }
    return EXIT_FINE;
}

int main(int argc, char **argv)
{
    static struct events events;
    struct net_address address;
    char text[NET_TEXT];
    program_begin("conveyor-export");
    enum args_result result = read_options(argc, argv, &address);
    if (result != ARGS_RUN)
        return program_status(result);
    int signals = take_signals();
    int listener = net_listen(&address, BACKLOG, 0);
    net_text(&address, text);
    if (listener < 0)
        return program_fail(EXIT_FAILED, "cannot listen on %s: %s", text, strerror(errno));
    struct MHD_Daemon *daemon = signals < 0 ? NULL : serve_open(listener, &events);
    if (!daemon)
        return program_fail(EXIT_FAILED, "could not set up the web server");
    fprintf(stderr, "conveyor-export: serving http://%s/metrics\n", text);
    int status = run(daemon, signals, &events);
    serve_close(daemon);
    return status;
}
