/* conveyor-load: how it ends, and with which code. */
#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/clients/loader.h"
#include "tests/clients/scenarios.h"

static struct server *start(const struct trial *trial)
{
    return server_start(&(struct launch){.arch = trial->arch});
}

static void refuses(int port, const char *words, int code, const char *text)
{
    struct call call = loader_call(port, words);
    loader_refuses(&call, code, text);
}

/* A socket on a free port of 127.0.0.1, listening or not. */
static int bound(int *port, bool listening)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    check(fd >= 0 && bind(fd, (struct sockaddr *)&at, n) == 0 && getsockname(fd, (struct sockaddr *)&at, &n) == 0 &&
              (!listening || listen(fd, 16) == 0),
          "no port: %s", strerror(errno));
    *port = ntohs(at.sin_port);
    return fd;
}

/* ---- Thresholds ---- */

static void load_thresholds(const struct trial *trial)
{
    static const struct {
        const char *words;
        int code;
    } ways[] = {
        {"--threshold deliver_p99<60s --threshold errors<=0", 0},
        {"--threshold deliver_count>1000000000", 99},
        {"--threshold errors<1 --threshold deliver_count>1000000000 --threshold errors<1", 99},
        {"--threshold replay_count<=0 --threshold deliver_rate>0.1", 0},
    };
    struct server *server = start(trial);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct result result = loader_run(server->port, trial_text("-p rooms --closed -m 3 -d 0.2 %s", ways[i].words));
        check(result.outcome.code == ways[i].code, "%s: exit %d", ways[i].words, result.outcome.code);
        check(!strstr(result.outcome.out.at, "BROKEN") == (ways[i].code == 0), "the summary says something else: %s",
              result.outcome.out.at);
    }
    server_stop(server);
}

/* Violated before invalid, invalid before a threshold that broke. */
static void load_first_code_that_applies(const struct trial *trial)
{
    enum { STOPPED_MS = 300 };
    struct server *server = start(trial);
    struct result result =
        loader_run(server->port, "-p rooms --closed -m 3 -d 0.3 --chats /proc --threshold connect_count>3");
    result_violates(&result, "file");
    check(!result_is(&result, "thresholds/0/held"), "the threshold held");
    struct loader loader =
        loader_start(server->port, "-p rooms -m 3 --rate 200 -d 60 --chats /proc --threshold deliver_p50<=0us");
    loader_wait(&loader, 0, "1 s");
    program_signal(loader.program, SIGSTOP);
    usleep(STOPPED_MS * 1000);
    program_signal(loader.program, SIGCONT);
    loader_wait(&loader, 0, "2 s");
    program_signal(loader.program, SIGINT);
    result = loader_end(&loader);
    result_violates(&result, "file");
    check(!result_is(&result, "generator/valid"), "the generator was stopped, and did not notice");
    server_stop(server);
}

/* Steps go up until one breaks; the maximum is the highest one that held. A busy machine may break any of them. */
static void check_steps(const struct result *result)
{
    double max = 0, broken = 1e9;
    bool valid = true, generator = false;
    unsigned n = 0;
    for (; result_has(result, trial_text("find_max/steps/%u", n)); n++) {
        const char *step = trial_text("find_max/steps/%u", n);
        double rate = result_number(result, trial_text("%s/rate", step));
        bool fine = result_is(result, trial_text("%s/valid", step));
        bool held = fine && result_is(result, trial_text("%s/held", step));
        valid = valid && fine;
        if (held && rate > max)
            max = rate;
        if (!held && rate < broken) {
            broken = rate;
            generator = !fine;
        }
    }
    check(result_number(result, "find_max/rate") == max, "the maximum is %g instead of %g",
          result_number(result, "find_max/rate"), max);
    check(!valid || (n >= 5 && max >= 300 && max < 334), "the maximum is %g after %u steps", max, n);
    check(result->outcome.code == (generator ? 4 : max > 0 ? 0 : 99), "exit %d", result->outcome.code);
}

static void load_finds_the_maximum(const struct trial *trial)
{
    struct server *server = start(trial);
    const char *words = "-p rooms -m 3 --rate 40 -d 0.2 --find-max";
    struct result result = loader_run(server->port, trial_text("%s --threshold deliver_count<=200", words));
    check_steps(&result);
    check(strstr(result.outcome.out.at, "40 a second: deliver p99"), "the steps are not told: %s",
          result.outcome.out.at);
    result = loader_run(server->port, trial_text("%s --threshold deliver_p50<=0us", words));
    check(result.outcome.code == (result_is(&result, "generator/valid") ? 99 : 4), "exit %d", result.outcome.code);
    check(result_number(&result, "find_max/rate") == 0, "something held");
    check(strstr(result.outcome.out.at, "not even the first rate held"), "it does not say so");
    server_stop(server);
}

/* ---- What can't begin ---- */

static void load_wrong_usage(const struct trial *trial)
{
    static const struct {
        const char *words, *text;
    } rows[] = {
        {"", "how many clients?"},
        {"5 --bogus", "bogus"},
        {"5 -Z", "Z"},
        {"x", "x"},
        {"5 6", "6"},
        {"0", "clients"},
        {"-p nothing", "nothing"},
        {"-p rooms --stage 10", "stage"},
        {"-p rooms --stage 10:x", "stage"},
        {"-p rooms --threshold deliver_p99<20", "unit"},
        {"-p rooms --threshold delivery_p99<20ms", "time"},
        {"-p rooms 5", "members"},
        {"-p rooms --closed --rate 5", "rate"},
        {"-p rooms --find-max", "threshold"},
        {"5 --chats x --no-verify", "chats"},
        {"5 -c 127.0.0.1", "connect"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        refuses(0, rows[i].words, 2, rows[i].text);
    (void)trial;
}

/* However it is spelled; and whatever was there is there still, as nothing could begin. */
static void load_two_results_in_one_file(const struct trial *trial)
{
    const char *file = trial_path("one"), *same = trial_text("%s/./one", trial_path(".")), *link = trial_path("link");
    file_write(file, "before", strlen("before"));
    check(symlink(file, link) == 0, "no link: %s", strerror(errno));
    refuses(1, trial_text("5 --csv %s --json %s", file, file), 2, "one file");
    refuses(1, trial_text("5 --csv %s --json %s", file, same), 2, file);
    refuses(1, trial_text("5 --hgrm %s --json %s", file, link), 2, "one file");
    for (size_t i = 0; i < 3; i++) {
        static const char *const options[] = {"json", "csv", "hgrm"};
        refuses(1, trial_text("5 --%s %s", options[i], file), 1, "refused");
    }
    struct bytes kept = file_read(file);
    check(kept.n == strlen("before") && memcmp(kept.at, "before", kept.n) == 0, "the file holds '%s'", kept.at);
    (void)trial;
}

static void load_nobody_listens(const struct trial *trial)
{
    int port, fd = bound(&port, false);
    refuses(port, "5 -d 1", 1, "refused");
    refuses(port, "-p rooms -d 1", 1, trial_text("127.0.0.1:%d", port));
    struct server *server = start(trial);
    refuses(server->port, trial_text("-c 127.0.0.1:%d -p idle 5 -d 1", port), 1, "refused");
    server_stop(server);
    close(fd);
}

static void load_files_that_cannot_be(const struct trial *trial)
{
    static const char *const options[] = {"json", "csv", "hgrm", "chats"};
    int port, fd = bound(&port, true);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        refuses(port, trial_text("5 -d 1 --%s /nowhere/file", options[i]), 1, "/nowhere/file: ");
        check(accept(fd, NULL, NULL) < 0 && errno == EAGAIN, "the server was asked");
    }
    close(fd);
    (void)trial;
}

/* Nobody gets in who would have to; it is given up after a while, and said in a line. All of them wait at once. */
static void load_full(const struct trial *trial)
{
    static const struct {
        const char *option, *number, *words;
    } ways[] = {
        {"--max-clients", "3", "-p idle 5 -d 1"},
        {"--max-per-ip", "3", "-p idle 5 -d 1"},
        {"--max-clients", "2", "-p rooms -m 4 -d 1 -t 2"},
    };
    enum { WAYS = sizeof ways / sizeof *ways };
    struct server *servers[WAYS];
    struct loader loaders[WAYS];
    for (size_t i = 0; i < WAYS; i++) {
        servers[i] = server_start(&(struct launch){.arch = trial->arch, .options = {ways[i].option, ways[i].number}});
        loaders[i] = loader_start(servers[i]->port, ways[i].words);
    }
    for (size_t i = 0; i < WAYS; i++) {
        struct result result = loader_end(&loaders[i]);
        const struct bytes *err = &result.outcome.err;
        check(result.outcome.code == 1, "%s: exit %d", ways[i].words, result.outcome.code);
        check(strstr(err->at, "could not enter") && strstr(err->at, " full: "), "it says '%s'", err->at);
        check(strchr(err->at, '\n') == err->at + err->n - 1, "it says more than a line: %s", err->at);
        check(result.outcome.out.n == 0 && !result.json, "there are results");
        server_stop(servers[i]);
    }
}

/* ---- Signals ---- */

static void load_ends_by_a_signal(const struct trial *trial)
{
    static const int numbers[] = {SIGINT, SIGTERM, SIGHUP};
    struct server *server = start(trial);
    struct loader loaders[3];
    for (size_t i = 0; i < 3; i++)
        loaders[i] = loader_start(server->port, "3");
    for (size_t i = 0; i < 3; i++) {
        loader_wait(&loaders[i], 0, "1 s");
        program_signal(loaders[i].program, numbers[i]);
    }
    for (size_t i = 0; i < 3; i++) {
        struct result result = loader_end(&loaders[i]);
        result_fine(&result);
        check(result.outcome.code == 0 && result_is(&result, "stopped"), "signal %d: exit %d", numbers[i],
              result.outcome.code);
        double seconds = result_number(&result, "seconds");
        check(seconds >= 0.9 && seconds < 600, "it measured for %g s", seconds);
        check(strstr(result.outcome.out.at, "until stopped") && strstr(result.outcome.out.at, "delivery: no record"),
              "there is no summary: %s", result.outcome.out.at);
    }
    server_stop(server);
}

/* With a server that has stopped answering there is much to wait for; a second signal waits for nothing. */
static void load_ends_by_a_second_signal(const struct trial *trial)
{
    struct server *server = start(trial);
    struct loader loader = loader_start(server->port, "3");
    loader_wait(&loader, 0, "1 s");
    server_signal(server, SIGSTOP);
    int64_t until = time_limit();
    siginfo_t info = {0};
    while (waitid(P_PID, (id_t)loader.program->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && !info.si_pid) {
        program_signal(loader.program, SIGINT);
        look_again(until, "the second signal to end it");
    }
    struct result result = loader_end(&loader);
    check(result.outcome.code == 128 + SIGINT && !result.json, "exit %d", result.outcome.code);
    server_signal(server, SIGCONT);
    server_stop(server);
}

/* ---- Very many ---- */

enum { MANY = 10100, MANY_BYTES = 100 << 20 };

static size_t resident(const struct program *program)
{
    struct bytes status = file_read(trial_text("/proc/%d/status", (int)program->pid));
    const char *line = strstr(status.at, "VmRSS:");
    check(line, "its memory can't be read");
    return strtoull(line + strlen("VmRSS:"), NULL, 10) * 1024;
}

/* From how many addresses the server's connections come. */
static unsigned count_sources(int port)
{
    struct bytes table = file_read("/proc/net/tcp");
    unsigned char seen[256] = {0}, n = 0;
    for (const char *at = table.at; (at = strstr(at, ": ")); at++) {
        unsigned local, local_port, remote, remote_port;
        if (sscanf(at + 2, "%x:%x %x:%x", &local, &local_port, &remote, &remote_port) != 4 ||
            local_port != (unsigned)port || !remote_port)
            continue;
        unsigned last = ntohl(remote) & 255;
        n = (unsigned char)(n + !seen[last]);
        seen[last] = 1;
    }
    return n;
}

static void load_many(const struct trial *trial)
{
    struct rlimit limit;
    if (!server_memory_is_its_own())
        trial_skip("the memory of this build is its sanitizer's");
    check(getrlimit(RLIMIT_NOFILE, &limit) == 0, "no limit");
    if (limit.rlim_max < MANY + 1000)
        trial_skip("%d connections need more open files than the %llu that are allowed", MANY,
                   (unsigned long long)limit.rlim_max);
    struct server *server = start(trial);
    struct loader loader = loader_start(server->port, trial_text("-p idle %d -d 60", MANY));
    loader_wait(&loader, 0, trial_text("%d clients", MANY));
    size_t bytes = resident(loader.program);
    unsigned sources = count_sources(server->port);
    program_signal(loader.program, SIGINT);
    struct result result = loader_end(&loader);
    result_fine(&result);
    check(bytes < MANY_BYTES, "%d bots cost %zu bytes", MANY, bytes);
    check(sources > 1, "all come from %u address", sources);
    server_stop(server);
}

const struct scenario load_ends_scenarios[] = {
    {"load_thresholds", load_thresholds},
    {"load_first_code_that_applies", load_first_code_that_applies},
    {"load_finds_the_maximum", load_finds_the_maximum},
    {"load_wrong_usage", load_wrong_usage},
    {"load_two_results_in_one_file", load_two_results_in_one_file},
    {"load_nobody_listens", load_nobody_listens},
    {"load_files_that_cannot_be", load_files_that_cannot_be},
    {"load_full", load_full},
    {"load_ends_by_a_signal", load_ends_by_a_signal},
    {"load_ends_by_a_second_signal", load_ends_by_a_second_signal},
    {"load_many", load_many},
    {0},
};
