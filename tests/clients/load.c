/* conveyor-load: its profiles against the real server, and that its counts are true. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/clients/loader.h"
#include "tests/clients/scenarios.h"

static struct server *start(const struct trial *trial)
{
    return server_start(&(struct launch){.arch = trial->arch});
}

static struct result run_on(const struct server *server, const char *words)
{
    return loader_run(server->port, trial_text("%s --chats %s", words, server->chats));
}

static void is(const struct result *result, const char *path, double expected)
{
    double found = result_number(result, path);
    check(found == expected, "%s is %g instead of %g", path, found, expected);
}

/* A run of rooms in which everybody reads: all that was sent was delivered to all members, and stored once. */
static void check_rooms(const struct server *server, const struct result *result, double sent, unsigned members)
{
    result_fine(result);
    is(result, "counts/sent", sent);
    is(result, "counts/delivered", sent * members);
    is(result, "counts/replayed", 0);
    is(result, "times_us/send/count", sent);
    is(result, "times_us/deliver/count", sent * members);
    check(loader_stored(server->chats) == (unsigned)sent, "%u records are stored instead of %g",
          loader_stored(server->chats), sent);
}

/* ---- Profiles ---- */

static void load_thesis(const struct trial *trial)
{
    struct server *server = start(trial);
    struct result result = run_on(server, "5 -d 1 --threads 2");
    result_fine(&result);
    double sent = result_number(&result, "counts/sent");
    is(&result, "times_us/send/count", sent);
    check(sent > 0 && loader_stored(server->chats) == (unsigned)sent, "%u of %g messages are stored",
          loader_stored(server->chats), sent);
    double asked = sent;
    static const char *const requests[] = {"name", "create", "join", "leave", "quit"};
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
        asked += result_number(&result, trial_text("times_us/%s/count", requests[i]));
    is(&result, "counts/requests", asked);
    is(&result, "times_us/quit/count", 5);
    server_stop(server);
}

static void load_rooms(const struct trial *trial)
{
    struct server *server = start(trial);
    unsigned rate = gentle(400);
    struct result result = run_on(server, trial_text("-p rooms -r 3 -m 4 --senders 2 -d 1 --rate %u", rate));
    check_rooms(server, &result, rate, 4);
    is(&result, "times_us/join/count", 12);
    is(&result, "counts/requests", 12 * 3 + rate);
    server_stop(server);
}

static void load_slow(const struct trial *trial)
{
    struct server *server = start(trial);
    unsigned rate = gentle(400);
    struct result result =
        run_on(server, trial_text("-p slow -m 5 --senders 2 --slow 2 --size 8000 -d 1 --rate %u", rate));
    result_fine(&result);
    is(&result, "counts/delivered", rate * 5.0);
    is(&result, "times_us/deliver/count", rate * 3.0);
    check(loader_stored(server->chats) == rate, "%u records are stored", loader_stored(server->chats));
    server_stop(server);
}

static void load_churn(const struct trial *trial)
{
    static const char *const ways[] = {"", " --ahead"};
    struct server *server = start(trial);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct result result = run_on(server, trial_text("-p churn 5 -r 2 -d 0.5%s", ways[i]));
        result_fine(&result);
        double visits = result_number(&result, "times_us/visit/count");
        check(visits > 0, "there was no visit%s", ways[i]);
        is(&result, "counts/requests", visits * 4);
        static const char *const steps[] = {"connect", "name", "join", "leave", "quit"};
        for (size_t s = 0; s < sizeof steps / sizeof *steps; s++)
            is(&result, trial_text("times_us/%s/count", steps[s]), visits);
    }
    server_stop(server);
}

/* Every turn of the schedule is taken, and counts from when it was due: by one visitor who can't keep up, too. */
static void load_turns(const struct trial *trial)
{
    struct server *server = start(trial);
    unsigned rate = gentle(200), too_many = gentle(20000) / 5;
    struct result result = run_on(server, trial_text("-p churn 5 -r 2 -w 0.2 -d 1 --rate %u", rate));
    result_fine(&result);
    is(&result, "times_us/visit/count", rate);
    is(&result, "times_us/quit/count", rate);
    result = run_on(server, trial_text("5 -d 1 --rate %u", rate));
    result_fine(&result);
    is(&result, "times_us/leave/count", rate - result_number(&result, "times_us/create/count"));
    result = run_on(server, trial_text("-p churn 1 -d 0.2 --rate %u", 5 * too_many));
    result_fine(&result);
    is(&result, "times_us/visit/count", too_many);
    check(result_number(&result, "times_us/visit/max") > 10000, "the last visit was not late");
    server_stop(server);
}

static void load_idle(const struct trial *trial)
{
    struct server *server = start(trial);
    struct result result = run_on(server, "-p idle 50 -d 0.5");
    result_fine(&result);
    is(&result, "times_us/connect/count", 50);
    is(&result, "times_us/name/count", 50);
    is(&result, "counts/requests", 100);
    is(&result, "counts/sent", 0);
    server_stop(server);
}

static void load_replay(const struct trial *trial)
{
    enum { HISTORY = 300 };
    struct server *server = start(trial);
    struct result result = run_on(server, trial_text("-p replay 3 -r 2 --history %d -d 0.5", HISTORY));
    result_fine(&result);
    double replays = result_number(&result, "times_us/replay/count");
    check(replays > 0, "nothing was replayed");
    is(&result, "counts/replayed", replays * HISTORY);
    is(&result, "counts/delivered", 0);
    server_stop(server);
}

/* ---- Ways to run them ---- */

static void load_closed(const struct trial *trial)
{
    static const char *const ways[] = {"-p rooms --closed -m 4 -d 0.5", "-p rooms --closed --window 100 -m 4 -d 0.5",
                                       "-p slow --closed --window 3 -r 2 -m 3 -d 0.5"};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        struct server *server = start(trial);
        struct result result = run_on(server, ways[i]);
        double sent = result_number(&result, "counts/sent");
        result_fine(&result);
        check(result.outcome.code == 0 && sent > 0, "exit %d after %g messages", result.outcome.code, sent);
        is(&result, "counts/delivered", sent * (i == 2 ? 3 : 4));
        check(!result_has(&result, "times_us/send_raw"), "a closed loop has raw times");
        check(loader_stored(server->chats) == (unsigned)sent, "%u of %g are stored", loader_stored(server->chats),
              sent);
        server_stop(server);
    }
}

static void load_sizes(const struct trial *trial)
{
    static const unsigned sizes[] = {32, 33, 1000, 65536};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct server *server = start(trial);
        struct result result = run_on(server, trial_text("-p rooms -m 3 --rate 50 -d 0.4 --size %u", sizes[i]));
        check_rooms(server, &result, 20, 3);
        check(result_number(&result, "counts/bytes_out") >= 20.0 * sizes[i], "it sent too little");
        server_stop(server);
    }
}

/* Members of one room on several threads: what one of them was shown the others were shown. */
static void load_threads(const struct trial *trial)
{
    static const unsigned threads[] = {2, 4};
    for (size_t i = 0; i < sizeof threads / sizeof *threads; i++) {
        struct server *server = start(trial);
        unsigned rate = gentle(400);
        struct result result = run_on(
            server, trial_text("-p rooms -m 8 -r %zu --rate %u -d 0.5 --threads %u", 3 * i + 1, rate, threads[i]));
        check_rooms(server, &result, rate / 2.0, 8);
        is(&result, "plan/threads", threads[i]);
        server_stop(server);
    }
}

static void load_stages_of_rates(const struct trial *trial)
{
    struct server *server = start(trial);
    struct result result = run_on(server, "-p rooms -m 3 --stage 0.5:40 --stage 0.2s:0 --stage 0.5:100");
    check_rooms(server, &result, 70, 3);
    static const double sent[] = {20, 0, 50}, values[] = {40, 0, 100};
    for (size_t i = 0; i < sizeof sent / sizeof *sent; i++) {
        is(&result, trial_text("stages/%zu/counts/sent", i), sent[i]);
        is(&result, trial_text("stages/%zu/counts/delivered", i), 3 * sent[i]);
        is(&result, trial_text("stages/%zu/value", i), values[i]);
    }
    check(!result_has(&result, "stages/3"), "there is a fourth stage");
    server_stop(server);
}

static void load_stages_of_clients(const struct trial *trial)
{
    struct server *server = start(trial);
    double length = (double)stretched(400) / 1000;
    struct result result =
        run_on(server, trial_text("-p idle --stage %g:5 --stage %g:20 --stage %g:3 --stage %g:8 -t 2", length, length,
                                  length, length));
    result_fine(&result);
    is(&result, "plan/clients", 20);
    is(&result, "stages/0/times_us/name/count", 5);
    is(&result, "stages/1/times_us/name/count", 15);
    is(&result, "stages/2/times_us/quit/count", 17);
    is(&result, "stages/3/times_us/name/count", 5);
    result = run_on(server, trial_text("--stage %g:2 --stage %g:6", length, length));
    result_fine(&result);
    is(&result, "times_us/connect/count", 6);
    check(result_number(&result, "stages/1/counts/sent") > 0, "nothing was sent in the second stage");
    server_stop(server);
}

/* What is sent to warm up is delivered and verified, but not counted. */
static void load_warms_up(const struct trial *trial)
{
    struct server *server = start(trial);
    struct result result = run_on(server, "-p rooms -m 3 --rate 100 -w 0.3 -d 0.4");
    result_fine(&result);
    is(&result, "counts/sent", 40);
    is(&result, "counts/delivered", 120);
    is(&result, "times_us/deliver/count", 120);
    is(&result, "stages/0/counts/sent", 40);
    check(!result_has(&result, "stages/1"), "the time to warm up has a stage");
    check(loader_stored(server->chats) == 70, "%u records are stored", loader_stored(server->chats));
    server_stop(server);
}

static void load_several_addresses(const struct trial *trial)
{
    struct server *server = server_start(&(struct launch){
        .arch = trial->arch, .own_listen = true, .options = {"--listen", "127.0.0.1:0", "--listen", "[::1]:0"}});
    const cJSON *listen = cJSON_GetObjectItem(server->started, "listen");
    struct result result = loader_run(0, trial_text("-c %s --connect %s -p rooms -m 6 --rate 100 -d 0.5 --chats %s",
                                                    cJSON_GetArrayItem(listen, 0)->valuestring,
                                                    cJSON_GetArrayItem(listen, 1)->valuestring, server->chats));
    check_rooms(server, &result, 50, 6);
    check(result_has(&result, "plan/connect/1"), "there is one address");
    server_stop(server);
}

/* Not looking at delivery finds nothing, and says so. */
static void load_does_not_verify(const struct trial *trial)
{
    struct server *server = start(trial);
    struct result result = loader_run(server->port, "-p rooms -m 3 --rate 100 -d 0.3 --no-verify");
    check(!result_is(&result, "delivery/verified"), "it says that delivery was verified");
    check(strstr(result.outcome.out.at, "delivery: not looked at"), "it does not say so");
    is(&result, "counts/delivered", 90);
    is(&result, "times_us/deliver/count", 90);
    server_stop(server);
}

/* ---- The same again ---- */

/* The requests of a log of a run: what is asked for, and in which words unless they are a message. */
static struct bytes requests_of(const struct bytes *log)
{
    static const char *const words = "\"message\":\"Wrote request to server\",\"data\":{\"request\":{";
    struct bytes requests = {0};
    for (const char *at = log->at; (at = strstr(at, words)); at += strlen(words)) {
        const char *from = at + strlen(words), *end = strchr(from, '\n');
        if (strstr(from, "c_send_message") && strstr(from, "c_send_message") < end)
            bytes_text(&requests, "a message\n");
        else
            bytes_add(&requests, from, (size_t)(end - from) + 1);
    }
    return requests;
}

static void load_repeats_a_seed(const struct trial *trial)
{
    struct bytes requests[3];
    for (size_t i = 0; i < 3; i++) {
        struct server *server = start(trial);
        struct result result =
            loader_run(server->port, trial_text("1 -d 0.5 --log --leave-chance 0.3 --seed %d", i < 2 ? 7 : 8));
        result_fine(&result);
        requests[i] = requests_of(&result.outcome.out);
        check(requests[i].n > 500, "it asked for nothing but %s", shown(requests[i].at, requests[i].n));
        server_stop(server);
    }
    size_t n = requests[0].n < requests[1].n ? requests[0].n : requests[1].n;
    check(memcmp(requests[0].at, requests[1].at, n - 200) == 0, "the same seed does something else");
    check(memcmp(requests[0].at, requests[2].at, 200) != 0, "another seed does the same");
}

const struct scenario load_scenarios[] = {
    {"load_thesis", load_thesis},
    {"load_rooms", load_rooms},
    {"load_slow", load_slow},
    {"load_churn", load_churn},
    {"load_turns", load_turns},
    {"load_idle", load_idle},
    {"load_replay", load_replay},
    {"load_closed", load_closed},
    {"load_sizes", load_sizes},
    {"load_threads", load_threads},
    {"load_stages_of_rates", load_stages_of_rates},
    {"load_stages_of_clients", load_stages_of_clients},
    {"load_warms_up", load_warms_up},
    {"load_several_addresses", load_several_addresses},
    {"load_does_not_verify", load_does_not_verify},
    {"load_repeats_a_seed", load_repeats_a_seed},
    {0},
};
