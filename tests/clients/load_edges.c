/* conveyor-load at its edges: thresholds on what was before time began, two loads that meet, outputs that end, stages that want fewer
 * and then more. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "tests/clients/loader.h"
#include "tests/clients/scenarios.h"

static struct server *start(const struct trial *trial)
{
    return server_start(&(struct launch){.arch = trial->arch});
}

/* ---- Thresholds ---- */

static const cJSON *measured(const struct result *result, int nth)
{
    const cJSON *all = cJSON_GetObjectItem(result->json, "thresholds");
    const cJSON *one = cJSON_GetObjectItem(cJSON_GetArrayItem(all, nth), "measured");
    check(one, "threshold %d has not been measured", nth);
    return one;
}

/* Who enters before time begins is timed as well. What never was has no time, and none that would hold. */
static void load_thresholds_before_time(const struct trial *trial)
{
    struct server *server = start(trial);
    struct result result = loader_run(
        server->port, "-p idle 20 -d 0.3 --threshold name_p99<60s --threshold name_count>=20 --threshold name_rate<=0");
    result_fine(&result);
    for (int i = 0; i < 3; i++)
        check(result_is(&result, trial_text("thresholds/%d/held", i)), "threshold %d broke", i);
    check(cJSON_GetNumberValue(measured(&result, 0)) > 0, "it took no time to be named");
    check(cJSON_GetNumberValue(measured(&result, 1)) == 20, "%g were named",
          cJSON_GetNumberValue(measured(&result, 1)));
    result = loader_run(server->port, "-p idle 20 -d 0.1 --threshold name_count>20");
    check(result.outcome.code == 99, "more than 20 were named: exit %d", result.outcome.code);
    result = loader_run(server->port, "-p rooms -m 3 --closed -d 0.2 --threshold errors<=0 --threshold replay_p99<60s");
    check(result.outcome.code == 99, "what never was held: exit %d", result.outcome.code);
    check(result_is(&result, "thresholds/0/held") && !result_is(&result, "thresholds/1/held"), "another one broke");
    check(cJSON_IsNull(measured(&result, 1)), "a time that never was is told");
    check(strstr(result.outcome.out.at, "replay_p99<60s: BROKEN, nothing of the kind was timed"), "it says %s",
          result.outcome.out.at);
    server_stop(server);
}

/* ---- Two at once ---- */

/* With one seed they want the same names and the same chats: each is refused by turns, and reads what the other one says. */
static void load_two_with_one_seed(const struct trial *trial)
{
    enum { SEEDS = 3, TWO = 2 };
    struct loader loaders[SEEDS * TWO];
    struct server *servers[SEEDS];
    double collisions = 0;
    for (int i = 0; i < SEEDS * TWO; i++) {
        if (i % TWO == 0)
            servers[i / TWO] = start(trial);
        loaders[i] =
            loader_start(servers[i / TWO]->port, trial_text("6 -d 0.6 -t 2 --seed %d --create-chance 0.2 --chats %s",
                                                            i / TWO, servers[i / TWO]->chats));
    }
    for (int i = 0; i < SEEDS * TWO; i++) {
        struct result result = loader_end(&loaders[i]);
        check(!*result.outcome.err.at || !strstr(result.outcome.err.at, "protocol error"), "it accuses the server: %s",
              result.outcome.err.at);
        result_delivered(&result);
        check(result_number(&result, "errors/protocol") == 0 && result.outcome.code == 0, "exit %d",
              result.outcome.code);
        collisions += result_number(&result, "errors/create");
    }
    for (int i = 0; i < SEEDS; i++)
        server_stop(servers[i]);
    if (collisions < 1)
        trial_skip("the machine is too busy: the loads never met");
}

/* Names are refused when the rest of the visit has been asked for already. */
static void load_two_visit_with_one_seed(const struct trial *trial)
{
    enum { TWO = 2 };
    struct loader loaders[TWO];
    double names = 0;
    struct server *server = start(trial);
    for (int i = 0; i < TWO; i++)
        loaders[i] = loader_start(server->port, "-p churn 20 --ahead --seed 7 -d 0.8");
    for (int i = 0; i < TWO; i++) {
        struct result result = loader_end(&loaders[i]);
        result_delivered(&result);
        double visits = result_number(&result, "times_us/visit/count"),
               left = result_number(&result, "times_us/leave/count");
        check(visits > 0 && visits == left, "%g visits, %g times a chat was left", visits, left);
        check(result_number(&result, "errors/other") == 0, "what follows from a refused name counts as an error");
        names += result_number(&result, "times_us/connect/count") - result_number(&result, "times_us/name/count");
    }
    server_stop(server);
    if (names < 1)
        trial_skip("the machine is too busy: the loads never met");
}

/* More than memory holds, if it were all put at once. */
static void load_windows_of_gigabytes(const struct trial *trial)
{
    struct server *server =
        server_start(&(struct launch){.arch = trial->arch, .options = {"--max-message", "1000000"}});
    struct result result = loader_run(server->port, "-p rooms -m 1 --closed --window 10000 --size 900000 -d 0.2");
    result_fine(&result);
    check(result_number(&result, "counts/delivered") == result_number(&result, "counts/sent"), "not all came back");
    server_stop(server);
}

/* ---- Output that ends ---- */

/* Its standard output is this. */
static struct program *start_into(int port, const char *words, int fd)
{
    struct program sink = {.input = fd};
    struct call call = loader_call(port, words);
    call.into = &sink;
    struct program *program = program_start(&call);
    program_end_input(program);
    close(fd);
    return program;
}

/* It ends by itself, and its summary is there for who looks. */
static void load_log_that_nobody_reads_on(const struct trial *trial)
{
    int ends[2], lines = 0;
    char c;
    struct server *server = start(trial);
    check(pipe2(ends, O_CLOEXEC) == 0, "no pipe: %s", strerror(errno));
    struct program *program = start_into(server->port, "4 -t 2 --log", ends[1]);
    while (lines < 20 && read(ends[0], &c, 1) == 1)
        lines += c == '\n';
    check(lines == 20, "the log ended by itself");
    close(ends[0]);
    int code = program_wait(program);
    struct bytes err = file_read(program->err);
    check(code == 1, "exit %d: %s", code, err.at);
    check(strstr(err.at, "delivery: no record lost") && strstr(err.at, "the log could not be written to its end"),
          "it says %s", err.at);
    server_stop(server);
}

/* Its log goes to a pipe that takes no more; the end to read from. */
static struct program *start_into_full_pipe(int port, const char *words, int *end)
{
    int ends[2];
    check(pipe2(ends, O_CLOEXEC) == 0, "no pipe: %s", strerror(errno));
    int full = fcntl(ends[1], F_DUPFD_CLOEXEC, 0);
    struct program *program = start_into(port, words, ends[1]);
    for (int64_t until = time_limit(); poll(&(struct pollfd){.fd = full, .events = POLLOUT}, 1, 0) == 1;)
        look_again(until, "the pipe to be full");
    close(full);
    *end = ends[0];
    return program;
}

/* Who keeps the log without reading it makes the bots wait; but not a run that is to end. */
static void load_log_that_nobody_reads(const struct trial *trial)
{
    int end;
    struct server *server = start(trial);
    struct program *program = start_into_full_pipe(server->port, "4 -t 2 --log", &end);
    program_signal(program, SIGTERM);
    int code = program_wait(program);
    struct bytes err = file_read(program->err);
    check(code == 1 && strstr(err.at, "to its end: nobody reads it"), "exit %d: %s", code, err.at);
    close(end);
    server_stop(server);
}

/* Who reads slowly is waited for, also when the run is to end, and for longer than somebody who reads nothing: the log ends with a
 * whole line, and nothing went wrong. */
static void load_log_that_is_read_slowly(const struct trial *trial)
{
    enum { PIECE = 4096, PIECES = 9, PAUSE_US = 300000 };
    int end;
    struct server *server = start(trial);
    struct program *program = start_into_full_pipe(server->port, "20 -t 2 --leave-chance 0.01 --log", &end);
    char piece[PIECE], last = '\0';
    program_signal(program, SIGTERM);
    ssize_t got = 1;
    for (int i = 0; got > 0; i++) {
        if (i < PIECES)
            usleep(PAUSE_US);
        got = read(end, piece, PIECE);
        last = got > 0 ? piece[got - 1] : last;
    }
    int code = program_wait(program);
    check(code == 0 && last == '\n', "exit %d: %s", code, file_read(program->err).at);
    close(end);
    server_stop(server);
}

static void load_output_is_full(const struct trial *trial)
{
    static const char *const ways[] = {"-p idle 3 -d 0.1", "-p rooms -m 3 --closed -d 0.1"};
    struct server *server = start(trial);
    for (size_t i = 0; i < 2; i++) {
        int fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
        check(fd >= 0, "there is no /dev/full");
        struct program *program = start_into(server->port, ways[i], fd);
        int code = program_wait(program);
        struct bytes err = file_read(program->err);
        check(code == 1, "exit %d: %s", code, err.at);
        check(strncmp(err.at, LOADER ": ", strlen(LOADER ": ")) == 0 && strchr(err.at, '\n') == err.at + err.n - 1 &&
                  strstr(err.at, "could not be written: No space left"),
              "it says '%s' instead of one line", err.at);
    }
    static const char *const files[] = {"csv", "hgrm"};
    for (size_t i = 0; i < 2;
         i++) { /* what it wrote says how it ended, whatever came after that (loader_end compares) */
        struct result result = loader_run(server->port, trial_text("-p idle 3 -d 1.1 --%s /dev/full", files[i]));
        check(result.outcome.code == 1 && strstr(result.outcome.err.at, "/dev/full: No space left"), "exit %d: %s",
              result.outcome.code, result.outcome.err.at);
    }
    struct program *program = start_into(server->port, "3 --log", open("/dev/full", O_WRONLY | O_CLOEXEC));
    int code = program_wait(program);
    check(code == 1 && strstr(file_read(program->err).at, "No space left"), "a full log: exit %d, %s", code,
          file_read(program->err).at);
    server_stop(server);
}

/* ---- Fewer, and more again ---- */

/* However far those who were sent away have come when they are wanted again: they come. So many take longer to go than the stage
 * lasts that wants only two of them. */
static void load_fewer_and_more_again(const struct trial *trial)
{
    static const char *const ways[] = {"-p idle --stage 0.3:300 --stage 0.001:2 --stage 600:300",
                                       "-p idle --stage 0.3:300 --stage 0.003:2 --stage 600:300",
                                       "-p idle -t 3 --stage 0.3:300 --stage 0.002:0 --stage 600:300",
                                       "-p idle --stage 0.3:20 --stage 0.2:2 --stage 600:20",
                                       "-p replay --stage 0.3:20 --stage 0.004:2 --stage 600:20",
                                       "--stage 0.3:20 --stage 0.004:2 --stage 600:20"};
    enum { WAYS = sizeof ways / sizeof *ways, IDLE = 3 };
    struct loader loaders[WAYS];
    struct server *server = start(trial);
    for (size_t i = 0; i < WAYS; i++)
        loaders[i] = loader_start(server->port, ways[i]);
    for (size_t i = 0; i < WAYS; i++) {
        loader_wait(&loaders[i], loader_wait(&loaders[i], 0, "1 s"), i < IDLE ? "  300 clients" : "  20 clients");
        program_signal(loaders[i].program, SIGINT);
    }
    for (size_t i = 0; i < WAYS; i++) {
        struct result result = loader_end(&loaders[i]);
        result_delivered(&result);
        double named = result_number(&result, "times_us/name/count"),
               left = result_number(&result, "times_us/quit/count");
        check(named == left && named >= 20, "%s: %g were named, %g said goodbye", ways[i], named, left);
        check(i != IDLE || named > 20, "%s: nobody left and came back", ways[i]);
    }
    server_stop(server);
}

const struct scenario load_edges_scenarios[] = {
    {"load_thresholds_before_time", load_thresholds_before_time},
    {"load_two_with_one_seed", load_two_with_one_seed},
    {"load_two_visit_with_one_seed", load_two_visit_with_one_seed},
    {"load_windows_of_gigabytes", load_windows_of_gigabytes},
    {"load_log_that_nobody_reads", load_log_that_nobody_reads},
    {"load_log_that_is_read_slowly", load_log_that_is_read_slowly},
    {"load_log_that_nobody_reads_on", load_log_that_nobody_reads_on},
    {"load_output_is_full", load_output_is_full},
    {"load_fewer_and_more_again", load_fewer_and_more_again},
    {0},
};
