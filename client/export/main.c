/* conveyor-export: the load generator's log as metrics for Prometheus.
 *
 * One thread does everything, so the counts need no lock: it polls for signals, for lines on standard input and for what the web
 * server waits for, and does a little of whatever is ready. A question is answered between two pieces of input. */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "client/export/input.h"
#include "client/export/serve.h"
#include "common/net.h"

enum { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };
enum { GO_ON = -1, BACKLOG = 64 };

/* One line on standard error; gives the status back. */
__attribute__((format(printf, 2, 3))) static int fail(int status, const char *format, ...)
{
    va_list rest;
    va_start(rest, format);
    fputs("conveyor-export: ", stderr);
    vfprintf(stderr, format, rest);
    fputc('\n', stderr);
    va_end(rest);
    return status;
}

/* ---- Options ---- */

static int print_help(void)
{
    puts("Usage: conveyor-load ... | conveyor-export [OPTION]...\n"
         "Reads the load generator's log on standard input and serves metrics for Prometheus.\n\n"
         "  -l, --listen HOST:PORT    serve here, port 0 picks a free one (127.0.0.1:9200)\n"
         "  -h, --help                print this, and end\n"
         "  -V, --version             print the version, and end");
    return EXIT_FINE;
}

static int print_version(void)
{
    puts("conveyor-export " CONVEYOR_VERSION);
    return EXIT_FINE;
}

static int complain(int got, const char *word)
{
    if (got == ':')
        return fail(EXIT_USAGE, "%s: the value is missing", word);
    if (optopt > ' ' && optopt != 'h' && optopt != 'V')
        return fail(EXIT_USAGE, "there is no option '-%c', see --help", optopt);
    if (optopt)
        return fail(EXIT_USAGE, "%s: it takes no value", word);
    return fail(EXIT_USAGE, "there is no option '%s', see --help", word);
}

/* GO_ON, or the status to end with. */
static int read_options(int argc, char **argv, struct net_address *address)
{
    static const struct option known[] = {{"listen", required_argument, NULL, 'l'},
                                          {"help", no_argument, NULL, 'h'},
                                          {"version", no_argument, NULL, 'V'},
                                          {0}};
    const char *listen = "127.0.0.1:9200";
    opterr = 0;
    for (int got; (got = getopt_long(argc, argv, ":l:hV", known, NULL)) != -1;) {
        if (got == 'h')
            return print_help();
        if (got == 'V')
            return print_version();
        if (got != 'l')
            return complain(got, argv[optind - 1]);
        listen = optarg;
    }
    if (optind < argc)
        return fail(EXIT_USAGE, "'%s' is no option, see --help", argv[optind]);
    const char *wrong = net_parse(listen, address);
    return wrong ? fail(EXIT_USAGE, "--listen: '%s': %s", listen, wrong) : GO_ON;
}

/* ---- Running ---- */

/* Whoever starts it with standard input closed must not find a socket read in its place. */
static void fill_standard_fds(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)!open("/dev/null", O_RDWR);
}

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
        fail(EXIT_FAILED, "cannot read standard input any further: %s", strerror(errno));
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
            return fail(EXIT_FAILED, "cannot wait: %s", strerror(errno));
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
    int status = read_options(argc, argv, &address);
    if (status != GO_ON)
        return status;
    fill_standard_fds();
    int signals = take_signals();
    int listener = net_listen(&address, BACKLOG, 0);
    net_text(&address, text);
    if (listener < 0)
        return fail(EXIT_FAILED, "cannot listen on %s: %s", text, strerror(errno));
    struct MHD_Daemon *daemon = signals < 0 ? NULL : serve_open(listener, &events);
    if (!daemon)
        return fail(EXIT_FAILED, "could not set up the web server");
    fprintf(stderr, "conveyor-export: serving http://%s/metrics\n", text);
    status = run(daemon, signals, &events);
    serve_close(daemon);
    return status;
}
