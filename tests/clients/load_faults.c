/* conveyor-load: that it finds what a server must not do, and what it does itself; and that it outlives the server. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/protocol.h"
#include "tests/clients/loader.h"
#include "tests/clients/proxy.h"
#include "tests/clients/scenarios.h"

static struct server *start(const struct trial *trial)
{
    return server_start(&(struct launch){.arch = trial->arch});
}

/* ---- A proxy that lies ---- */

/* 60 messages to 4 members. */
static const char *const run_of_60 = "-p rooms -m 4 --rate 200 -d 0.3";

/* A run through a proxy, to a server of its own; several go on at once. */
struct lied {
    struct server *server;
    struct loader loader;
};

static struct lied begin_with(const struct trial *trial, struct proxy_plan plan, const char *words)
{
    struct lied lied = {.server = start(trial)};
    plan.port = lied.server->port;
    lied.loader = loader_start(proxy_start(&plan), words);
    return lied;
}

static struct result end_with(struct lied *lied)
{
    struct result result = loader_end(&lied->loader);
    server_stop(lied->server);
    return result;
}

static struct result run_with(const struct trial *trial, struct proxy_plan plan, const char *words)
{
    struct lied lied = begin_with(trial, plan, words);
    return end_with(&lied);
}

/* Each connection in turn, and whether its bot is the first to be sent the record or the last. */
static void find_everywhere(const struct trial *trial, enum fault fault, const char *words, const char *kind)
{
    for (unsigned i = 0; i < 4; i++) {
        struct proxy_plan plan = {.fault = fault, .connection = i % 2 ? 4 : 1, .record = 20, .late = i / 2};
        struct result result = run_with(trial, plan, words);
        result_violates(&result, kind);
    }
}

static void load_proxy_that_does_nothing(const struct trial *trial)
{
    for (unsigned late = 0; late < 2; late++) {
        struct proxy_plan plan = {.fault = FAULT_CHANGE, .connection = 2, .record = 1000, .late = late};
        struct result result = run_with(trial, plan, run_of_60);
        result_fine(&result);
        check(result_number(&result, "counts/delivered") == 240, "it was not everything");
    }
}

static void load_finds_a_loss(const struct trial *trial)
{
    find_everywhere(trial, FAULT_DROP, run_of_60, "loss");
}

static void load_finds_a_double(const struct trial *trial)
{
    find_everywhere(trial, FAULT_DOUBLE, run_of_60, "double");
}

static void load_finds_two_swapped(const struct trial *trial)
{
    find_everywhere(trial, FAULT_SWAP, "-p rooms -m 4 --senders 1 --rate 200 -d 0.3", "order");
    find_everywhere(trial, FAULT_SWAP, run_of_60,
                    NULL); /* of several authors nobody knows the order before it is told */
}

static void load_finds_a_changed_byte(const struct trial *trial)
{
    find_everywhere(trial, FAULT_CHANGE, run_of_60, "other");
    /* Who is first to be sent something without a mark can't know that it had one; then it is missed by the others. */
    for (unsigned late = 0; late < 2; late++) {
        struct proxy_plan plan = {.fault = FAULT_CHANGE_MARK, .connection = 3, .record = 20, .late = late};
        struct result result = run_with(trial, plan, run_of_60);
        result_violates(&result, NULL);
    }
}

/* Bots of one thread each: only the comparison of what the threads were shown can find it. One sender has the first connection or the
 * second, and is lied to or not. All of these happen at once: a loss is waited for. */
static void load_finds_what_threads_disagree_on(const struct trial *trial)
{
    static const struct {
        enum fault fault;
        const char *words, *kind;
    } ways[] = {
        {FAULT_SWAP, "-p rooms -m 2 --rate 200 -d 0.3 -t 2", "order"},
        {FAULT_DROP, "-p rooms -m 2 --rate 200 -d 0.3 -t 2", "loss"},
        {FAULT_CHANGE, "-p rooms -m 2 --senders 1 --rate 200 -d 0.3 -t 2", "other"},
    };
    enum { WAYS = sizeof ways / sizeof *ways, RUNS = 4 * WAYS };
    struct lied runs[RUNS];
    for (unsigned i = 0; i < RUNS; i++) {
        struct proxy_plan plan = {.fault = ways[i / 4].fault, .connection = 1 + i % 2, .record = 20, .late = i / 2 % 2};
        runs[i] = begin_with(trial, plan, ways[i / 4].words);
    }
    for (unsigned i = 0; i < RUNS; i++) {
        struct result result = end_with(&runs[i]);
        result_violates(&result, ways[i / 4].kind);
        check(strstr(result.outcome.err.at, "threads 0 and 1"), "way %u: it says '%s'", i, result.outcome.err.at);
    }
}

static void load_finds_a_lost_message(const struct trial *trial)
{
    find_everywhere(trial, FAULT_LOSE, "-p rooms -m 4 --rate 400 -d 0.3", "loss");
    struct proxy_plan plan = {.fault = FAULT_LOSE, .connection = 2, .record = 3};
    struct result result = run_with(trial, plan, "3 -d 0.5");
    result_violates(&result, "loss");
}

/* What would have been the last is missed only after a while: all of these wait at once. */
static void load_finds_the_last_one_missing(const struct trial *trial)
{
    static const struct {
        struct proxy_plan plan;
        const char *words;
    } ways[] = {
        {{.fault = FAULT_DROP, .connection = 1, .record = 60}, "-p rooms -m 4 --senders 1 --rate 200 -d 0.3"},
        {{.fault = FAULT_DROP, .connection = 3, .record = 60}, "-p rooms -m 4 --senders 1 --rate 200 -d 0.3"},
        {{.fault = FAULT_DROP, .connection = 4, .record = 60, .late = true}, "-p rooms -m 4 --rate 200 -d 0.3"},
        {{.fault = FAULT_DROP, .connection = 2, .record = 60}, "-p rooms -m 4 --rate 200 -d 0.3 -t 2"},
        {{.fault = FAULT_LOSE, .connection = 3, .record = 60}, "-p rooms -m 4 --senders 1 --rate 200 -d 0.3"},
    };
    enum { WAYS = sizeof ways / sizeof *ways };
    struct lied runs[WAYS];
    for (size_t i = 0; i < WAYS; i++)
        runs[i] = begin_with(trial, ways[i].plan, ways[i].words);
    for (size_t i = 0; i < WAYS; i++) {
        struct result result = end_with(&runs[i]);
        result_violates(&result, "loss");
        check(!result_is(&result, "delivery/drained"), "it says that everything came");
    }
}

/* Whoever leaves must have been sent all that others were, or that was put there. All of these run at once. */
static void load_finds_half_a_history(const struct trial *trial)
{
    static const struct {
        struct proxy_plan plan;
        const char *words;
    } ways[] = {
        {{.fault = FAULT_CUT, .connection = 1, .record = 51}, "-p replay 2 --history 100 -d 0.5"},
        {{.fault = FAULT_CUT, .connection = 2, .record = 101, .late = true}, "-p replay 2 --history 100 -d 0.5"},
        {{.fault = FAULT_CUT, .connection = 1, .record = 51}, "-p replay 1 --history 100 -d 0.5"},
        {{.fault = FAULT_CUT, .connection = 1, .record = 1}, "-p replay 1 --history 1 -d 0.5"},
        {{.fault = FAULT_NONE}, "-p replay 3 --history 100 -d 0.5"},
    };
    enum { WAYS = sizeof ways / sizeof *ways };
    struct lied runs[WAYS];
    for (size_t i = 0; i < WAYS; i++)
        runs[i] = begin_with(trial, ways[i].plan, ways[i].words);
    for (size_t i = 0; i < WAYS; i++) {
        struct result result = end_with(&runs[i]);
        if (ways[i].plan.fault == FAULT_NONE)
            result_fine(&result);
        else
            result_violates(&result, "loss");
    }
}

/* ---- Files ---- */

/* The folder's chats, the last one of them without its record number `gone`; 0: with all of them. */
static const char *copy_of(const char *folder, unsigned gone)
{
    const char *copy = trial_path("copy-%u", gone);
    DIR *dir = opendir(folder);
    check(dir && mkdir(copy, 0777) == 0, "no copy: %s", strerror(errno));
    for (struct dirent *entry; (entry = readdir(dir));) {
        if (entry->d_name[0] == '.')
            continue;
        struct bytes file = file_read(trial_text("%s/%s", folder, entry->d_name));
        char *begin = file.at, *end = file.at + file.n, *next;
        for (unsigned i = 1; i <= gone; i++, begin = next) {
            next = (char *)memchr(begin, RECORD_END, (size_t)(end - begin)) + 1;
            if (i < gone)
                continue;
            memmove(begin, next, (size_t)(end - next));
            file.n -= (size_t)(next - begin);
        }
        file_write(trial_text("%s/%s", copy, entry->d_name), file.at, file.n);
    }
    closedir(dir);
    return copy;
}

/* A history that is only read: what was shown is compared with files from which somebody took a record. */
static void load_finds_a_record_gone_from_a_file(const struct trial *trial)
{
    enum { HISTORY = 50 };
    static const unsigned gone[] = {0, 1, 25, HISTORY};
    struct server *server = start(trial);
    const char *words = trial_text("-p replay 2 --seed 5 --history %d -d 0.8", HISTORY);
    struct result result = loader_run(server->port, trial_text("%s --chats %s", words, server->chats));
    result_fine(&result);
    /* The founder's records are all alike: they differ by their numbers only where a member speaks. */
    result = loader_run(server->port, "-p rooms -m 3 --seed 5 --rate 200 -d 0.3");
    result_fine(&result);
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++) {
        unsigned record = gone[i] ? HISTORY + gone[i] : 0;
        result = loader_run(server->port, trial_text("%s --chats %s", words, copy_of(server->chats, record)));
        if (record == 0)
            result_fine(&result);
        else
            result_violates(&result, "file");
    }
    server_stop(server);
}

/* ---- Stalls ---- */

/* The time counts from when it has really stopped, which on a busy machine is later than when it was told to. */
static void stop_for(pid_t pid, int ms)
{
    siginfo_t info;
    kill(pid, SIGSTOP);
    check(waitid(P_PID, (id_t)pid, &info, WSTOPPED | WNOWAIT) == 0, "waitid: %s", strerror(errno));
    int64_t until = now_ms() + ms;
    while (now_ms() < until)
        usleep(1000);
    kill(pid, SIGCONT);
}

/* A run that goes on until something has happened in it; the rate must not be too high for a slow machine. */
static struct loader begin_run(int port, unsigned rate)
{
    struct loader loader = loader_start(port, trial_text("-p rooms -m 4 --rate %u -d 600", rate));
    loader_wait(&loader, 0, "1 s");
    return loader;
}

static struct result end_run(struct loader *loader, const char *second)
{
    loader_wait(loader, 0, second);
    program_signal(loader->program, SIGINT);
    return loader_end(loader);
}

/* Messages are due while the server does nothing: all of them have waited. That the generator was in time as well can't be
 * promised for a machine that has other things to do; of several runs one should be good. */
static void load_sees_the_server_stall(const struct trial *trial)
{
    enum { STALL_MS = 200, SEEN_MS = 190, MANY_MS = 100, TRIES = 4 };
    struct server *server = start(trial);
    bool valid = false;
    for (int i = 0; i < TRIES && !valid; i++) {
        struct loader loader = begin_run(server->port, 200);
        stop_for(server->pid, STALL_MS);
        struct result result = end_run(&loader, "2 s");
        result_delivered(&result);
        check(result_number(&result, "times_us/deliver/max") >= SEEN_MS * 1000, "the stall is not seen: %g us",
              result_number(&result, "times_us/deliver/max"));
        if (result_number(&result, "seconds") < 9) /* else the stall concerns less than one in a hundred */
            check(result_number(&result, "times_us/deliver/p99") >= MANY_MS * 1000, "the stall is not in p99: %g us",
                  result_number(&result, "times_us/deliver/p99"));
        valid = result_is(&result, "generator/valid");
    }
    server_stop(server);
    if (!valid)
        trial_skip("the machine is too busy: the generator did not believe its own figures in %d runs", TRIES);
}

/* All that it does is to read, and it is stopped for a third of the time: no message was sent late, but all were read late. */
static void load_knows_that_it_read_late(const struct trial *trial)
{
    enum { STALL_MS = 250, RUN_MS = 500 };
    struct server *server = start(trial);
    struct loader loader = loader_start(server->port, "-p rooms -m 4 --senders 1 --rate 0.1 -d 600");
    loader_wait(&loader, 0, "1 s");
    for (int i = 0; i < 5; i++) {
        stop_for(loader.program->pid, STALL_MS);
        usleep(RUN_MS * 1000);
    }
    struct result result = end_run(&loader, "3 s");
    check(result.outcome.code == 4 && !result_is(&result, "generator/valid"), "exit %d", result.outcome.code);
    server_stop(server);
}

static void load_knows_that_it_was_late(const struct trial *trial)
{
    enum { STALL_MS = 300 };
    struct server *server = start(trial);
    struct loader loader = begin_run(server->port, 200);
    stop_for(loader.program->pid, STALL_MS);
    struct result result = end_run(&loader, "2 s");
    if (result_number(&result, "seconds") > 9)
        trial_skip("the machine is too busy: the stall concerns less than one in a hundred");
    check(result.outcome.code == 4 && !result_is(&result, "generator/valid"), "exit %d", result.outcome.code);
    check(strstr(result_text(&result, "generator/why"), "late") && strstr(result.outcome.out.at, "INVALID"),
          "it does not say why");
    check(result_number(&result, "delivery/violations") == 0, "delivery was violated");
    server_stop(server);
}

/* No machine does that: either the generator is late, or the server keeps it waiting; no latency looks good. */
static void load_asked_too_much(const struct trial *trial)
{
    enum { LATE_US = 10000 };
    struct server *server = start(trial);
    struct result result = loader_run(
        server->port, trial_text("-p rooms -m 1 --rate 9000000 -d %s", server_memory_is_its_own() ? "0.1" : "0.02"));
    result_fine(&result);
    check(result.outcome.code == 4 || result_number(&result, "times_us/deliver/p50") >= LATE_US,
          "it says that a message took %g us, at nine million a second",
          result_number(&result, "times_us/deliver/p50"));
    server_stop(server);
}

/* ---- The server dies ---- */

static int free_port(void)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(fd >= 0 && bind(fd, (struct sockaddr *)&at, n) == 0 && getsockname(fd, (struct sockaddr *)&at, &n) == 0,
          "no free port: %s", strerror(errno));
    close(fd);
    return ntohs(at.sin_port);
}

static void load_outlives_the_server(const struct trial *trial)
{
    static const char *const ways[] = {"-p rooms -m 6 -r 2 --rate 100 -t 2", "12"};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        const char *address = trial_text("127.0.0.1:%d", free_port());
        struct server *server =
            server_start(&(struct launch){.arch = trial->arch, .own_listen = true, .options = {"--listen", address}});
        struct loader loader = loader_start(server->port, trial_text("%s -d 600 --chats %s", ways[i], server->chats));
        loader_wait(&loader, 0, "1 s");
        server_kill(server);
        loader_wait(&loader, loader_wait(&loader, 0, "1 s"), " errors");
        server_restart(server);
        size_t seen = loader_wait(&loader, 0, "1 s");
        loader_wait(&loader, seen, " 12 clients");
        program_signal(loader.program, SIGINT);
        struct result result = loader_end(&loader);
        result_delivered(&result);
        check(result_number(&result, "counts/reconnects") >= 12, "%g came back",
              result_number(&result, "counts/reconnects"));
        server_stop(server);
    }
}

const struct scenario load_faults_scenarios[] = {
    {"load_proxy_that_does_nothing", load_proxy_that_does_nothing},
    {"load_finds_a_loss", load_finds_a_loss},
    {"load_finds_a_double", load_finds_a_double},
    {"load_finds_two_swapped", load_finds_two_swapped},
    {"load_finds_a_changed_byte", load_finds_a_changed_byte},
    {"load_finds_what_threads_disagree_on", load_finds_what_threads_disagree_on},
    {"load_finds_a_lost_message", load_finds_a_lost_message},
    {"load_finds_the_last_one_missing", load_finds_the_last_one_missing},
    {"load_finds_half_a_history", load_finds_half_a_history},
    {"load_finds_a_record_gone_from_a_file", load_finds_a_record_gone_from_a_file},
    {"load_sees_the_server_stall", load_sees_the_server_stall},
    {"load_knows_that_it_was_late", load_knows_that_it_was_late},
    {"load_knows_that_it_read_late", load_knows_that_it_read_late},
    {"load_asked_too_much", load_asked_too_much},
    {"load_outlives_the_server", load_outlives_the_server},
    {0},
};
