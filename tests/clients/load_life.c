/* conveyor-load: a server that dies, comes back or falls behind while it runs, and a person who has had enough. */
#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/clients/loader.h"
#include "tests/clients/scenarios.h"

static struct server *start(const struct trial *trial)
{
    return server_start(&(struct launch){.arch = trial->arch});
}

/* On a port of its own, where it can come back to. */
static struct server *start_to_come_back(const struct trial *trial)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    check(fd >= 0 && bind(fd, (struct sockaddr *)&at, n) == 0 && getsockname(fd, (struct sockaddr *)&at, &n) == 0,
          "no free port: %s", strerror(errno));
    close(fd);
    const char *address = trial_text("127.0.0.1:%d", ntohs(at.sin_port));
    return server_start(&(struct launch){.arch = trial->arch, .own_listen = true, .options = {"--listen", address}});
}

/* How much they have said by now. */
static void note_what_is_said(const struct loader *loaders, size_t n, size_t *said)
{
    for (size_t i = 0; i < n; i++)
        said[i] = loader_wait(&loaders[i], 0, "1 s");
}

/* The outage has filled a whole second: what is told behind this place came after it. */
static size_t wait_for_the_outage(const struct loader *loader, size_t said)
{
    return loader_wait(loader, loader_wait(loader, said, "  0 clients"), "  0 clients");
}

/* ---- The server is gone ---- */

static void load_server_gone_for_good(const struct trial *trial)
{
    static const char *const ways[] = {"-p rooms -m 4 -r 2 --rate 100 -d 600", "-p rooms -m 4 --closed -d 600 -t 2",
                                       "-p churn 6 -d 600"};
    enum { WAYS = sizeof ways / sizeof *ways };
    struct loader loaders[WAYS];
    size_t said[WAYS];
    struct server *server = start(trial);
    for (size_t i = 0; i < WAYS; i++)
        loaders[i] = loader_start(server->port, ways[i]);
    note_what_is_said(loaders, WAYS, said);
    server_kill(server);
    note_what_is_said(loaders, WAYS, said);
    for (size_t i = 0; i < WAYS; i++) {
        wait_for_the_outage(&loaders[i], said[i]);
        program_signal(loaders[i].program, SIGINT);
        struct result result = loader_end(&loaders[i]);
        check(result.outcome.code == 1, "%s: exit %d", ways[i], result.outcome.code);
        check(strstr(result.outcome.out.at, "FAILED: at the end nobody was there"), "%s: it says %s", ways[i],
              result.outcome.out.at);
        check(result_number(&result, "delivery/violations") == 0, "%s: %s", ways[i],
              result_text(&result, "delivery/first"));
        check(result_number(&result, "errors/connect") > 0, "%s: nobody tried to come back", ways[i]);
    }
}

/* Visits end, so nobody is there when all is settled; that most of them never came in is counted, and no failure. */
static void load_visits_of_the_few_who_come_in(const struct trial *trial)
{
    struct server *server = server_start(&(struct launch){.arch = trial->arch, .options = {"--max-clients", "2"}});
    struct result result = loader_run(server->port, "-p churn 20 -d 0.5");
    result_delivered(&result);
    check(result_number(&result, "times_us/visit/count") > 0 && result_number(&result, "errors/full") > 0,
          "%g visits, %g times full", result_number(&result, "times_us/visit/count"),
          result_number(&result, "errors/full"));
    server_stop(server);
}

/* What they do before and after; each is told with the time that its profile is about. */
static void load_comes_back(const struct trial *trial)
{
    static const struct {
        const char *words, *does;
    } ways[] = {
        {"-p churn 6 -r 2", " visit p50"},
        {"-p churn 6 --ahead", " visit p50"},
        {"-p replay 6 -r 2 --history 100", " replay p50"},
        {"-p idle 12", " name p50"},
        {"-p rooms --closed -m 4 -t 2", " deliver p50"},
    };
    enum { WAYS = sizeof ways / sizeof *ways };
    struct loader loaders[WAYS];
    size_t said[WAYS];
    struct server *server = start_to_come_back(trial);
    for (size_t i = 0; i < WAYS; i++)
        loaders[i] = loader_start(server->port, trial_text("%s -d 600 --chats %s", ways[i].words, server->chats));
    note_what_is_said(loaders, WAYS, said);
    server_kill(server);
    note_what_is_said(loaders, WAYS, said);
    for (size_t i = 0; i < WAYS; i++)
        said[i] = wait_for_the_outage(&loaders[i], said[i]);
    server_restart(server);
    for (size_t i = 0; i < WAYS; i++) {
        loader_wait(&loaders[i], said[i], ways[i].does);
        program_signal(loaders[i].program, SIGINT);
    }
    for (size_t i = 0; i < WAYS; i++) {
        struct result result = loader_end(&loaders[i]);
        result_delivered(&result);
        if (strstr(ways[i].words, "churn")) { /* the server may have gone when all had just said goodbye */
            check(result_number(&result, "errors/connect") > 0, "%s: nobody tried to come back", ways[i].words);
            continue;
        }
        check(result_number(&result, "counts/reconnects") > 0, "%s: nobody came back", ways[i].words);
        check(result_number(&result, "errors/closed") + result_number(&result, "errors/reset") > 0,
              "%s: nobody was lost", ways[i].words);
    }
    server_stop(server);
}

/* Messages go on being due while nobody is there to take them. Some that were under way are lost with the server; what it had
 * stored is delivered to all, once. */
static void load_outage_is_in_the_times(const struct trial *trial)
{
    enum { MEMBERS = 4, OUTAGE_US = 900000 };
    struct server *server = start_to_come_back(trial);
    struct loader loader =
        loader_start(server->port, trial_text("-p rooms -m %d --rate 200 -d 600 --chats %s", MEMBERS, server->chats));
    size_t said;
    note_what_is_said(&loader, 1, &said);
    server_kill(server);
    note_what_is_said(&loader, 1, &said);
    said = wait_for_the_outage(&loader, said);
    server_restart(server);
    said = loader_wait(&loader, said, trial_text("  %d clients", MEMBERS));
    loader_wait(&loader, said, " deliver p50");
    program_signal(loader.program, SIGINT);
    struct result result = loader_end(&loader);
    result_delivered(&result);
    double sent = result_number(&result, "counts/sent"), stored = loader_stored(server->chats);
    double send = result_number(&result, "times_us/send/max"), deliver = result_number(&result, "times_us/deliver/max");
    check(send >= OUTAGE_US, "the outage is not in the times of senders: %g us", send);
    check(deliver >= send / 2, "the outage is not in the times of receivers: %g us of %g", deliver, send);
    check(result_number(&result, "errors/unsent") == 0, "%g are unsent", result_number(&result, "errors/unsent"));
    check(stored <= sent, "%g are stored, %g were sent", stored, sent);
    check(result_number(&result, "counts/delivered") == stored * MEMBERS, "%g of %g records were delivered to %d",
          result_number(&result, "counts/delivered"), stored, MEMBERS);
    server_stop(server);
}

/* What came when time was over is delivered, and no part of the rate. Time goes on whoever sleeps: the moments are safe. */
static void load_rate_is_of_what_came_in_time(const struct trial *trial)
{
    enum { SECONDS = 3, TOLD_MS = 700 };
    struct server *server = start(trial);
    int64_t began = now_ms();
    struct loader loader = loader_start(server->port, trial_text("-p rooms -m 4 --rate 200 -d %d", SECONDS));
    loader_wait(&loader, 0, "1 s");
    server_signal(server, SIGSTOP);
    int64_t stopped = now_ms();
    while (now_ms() < stopped + (SECONDS - 1) * 1000 + TOLD_MS)
        usleep(10000);
    server_signal(server, SIGCONT);
    struct result result = loader_end(&loader);
    if (stopped - began > SECONDS * 1000 - 500)
        trial_skip("the machine is too busy: time may have been over before the server was stopped");
    result_fine(&result);
    double count = result_number(&result, "times_us/deliver/count"), seconds = result_number(&result, "seconds");
    check(count == 4 * result_number(&result, "counts/sent"), "%g were delivered", count);
    static const char *const kinds[] = {"deliver", "send"};
    for (size_t i = 0; i < 2; i++) {
        const char *kind = kinds[i];
        double all = result_number(&result, trial_text("times_us/%s/count", kind));
        double came = result_number(&result, trial_text("times_us/%s/rate", kind)) * seconds;
        check(came > 0 && came < all - 50, "%s: %g of %g came in time", kind, came, all);
    }
    check(strstr(result.outcome.out.at, "the server was behind"), "it does not say so: %s", result.outcome.out.at);
    server_stop(server);
}

/* ---- Somebody has had enough ---- */

/* Nothing that was due is left unsent, so that nothing is counted that the server did not do. */
static void load_stopped_at_a_high_rate(const struct trial *trial)
{
    struct server *server = start(trial);
    struct loader loaders[2];
    for (size_t i = 0; i < 2; i++)
        loaders[i] =
            loader_start(server->port, trial_text("-p rooms -m 2 -t %zu --rate %u -d 600 --threshold errors<=0", i + 1,
                                                  gentle(70000)));
    for (size_t i = 0; i < 2; i++) {
        loader_wait(&loaders[i], 0, "1 s");
        program_signal(loaders[i].program, SIGINT);
    }
    for (size_t i = 0; i < 2; i++) {
        struct result result = loader_end(&loaders[i]);
        result_fine(&result);
        check(result_is(&result, "stopped") && result_is(&result, "thresholds/0/held"), "errors: %s",
              result.outcome.out.at);
        check(result_number(&result, "counts/delivered") == 2 * result_number(&result, "counts/sent"),
              "not everything was delivered");
        check(result_number(&result, "times_us/deliver/min") > 0, "a message took no time");
    }
    server_stop(server);
}

/* What comes after it belongs to no later stage: it is counted, and told. */
static void load_stopped_in_the_first_stage(const struct trial *trial)
{
    static const char *const ways[] = {"-p rooms -m 3 --stage 600:100 --stage 600:200",
                                       "-p idle --stage 600:3 --stage 600:9", "-p rooms -m 3 -w 600 --rate 100 -d 5"};
    enum { WAYS = sizeof ways / sizeof *ways };
    struct server *server = start(trial);
    struct loader loaders[WAYS];
    for (size_t i = 0; i < WAYS; i++)
        loaders[i] = loader_start(server->port, ways[i]);
    for (size_t i = 0; i < WAYS; i++) {
        loader_wait(&loaders[i], 0, "  3 clients");
        program_signal(loaders[i].program, SIGINT);
    }
    for (size_t i = 0; i < WAYS; i++) {
        struct result result = loader_end(&loaders[i]);
        result_delivered(&result);
        check(result_number(&result, "times_us/quit/count") == 3, "%s: %g said goodbye", ways[i],
              result_number(&result, "times_us/quit/count"));
    }
    server_stop(server);
}

/* A server that is stopped when time is over answers no goodbye: that is not a run in which all was answered. */
static void load_goodbye_without_an_answer(const struct trial *trial)
{
    struct server *server = start(trial);
    struct loader loader = loader_start(server->port, "-p idle 3 -d 1.9");
    loader_wait(&loader, 0, "1 s");
    server_signal(server, SIGSTOP);
    struct result result = loader_end(&loader);
    server_signal(server, SIGCONT);
    if (result_has(&result, "times_us/quit"))
        trial_skip("the machine is too busy: the server was stopped too late");
    check(result.outcome.code == 1 && !result_is(&result, "delivery/drained"), "exit %d", result.outcome.code);
    check(result_number(&result, "errors/unanswered") == 3, "%g are unanswered",
          result_number(&result, "errors/unanswered"));
    server_stop(server);
}

static void ends_with_a_line(struct loader *loader, const char *text)
{
    program_signal(loader->program, SIGINT);
    struct result result = loader_end(loader);
    const struct bytes *err = &result.outcome.err;
    check(result.outcome.code == 1, "exit %d", result.outcome.code);
    check(strstr(err->at, text) && strchr(err->at, '\n') == err->at + err->n - 1, "it says '%s' instead of one line",
          err->at);
    check(result.outcome.out.n == 0 && !result.json, "there are results");
}

/* So many that some of them can't come in: they can't all be there before it is stopped. */
static void load_stopped_while_many_enter(const struct trial *trial)
{
    unsigned bots = gentle(5000);
    struct server *server =
        server_start(&(struct launch){.arch = trial->arch, .options = {"--max-clients", trial_text("%u", bots / 2)}});
    struct loader loader = loader_start(server->port, trial_text("-p idle %u -t 2", bots));
    for (int64_t until = time_limit(); server_descriptors(server) < bots / 4;)
        look_again(until, "bots to come in");
    ends_with_a_line(&loader, "stopped before the bots were there");
    server_stop(server);
}

static bool holds_records(const char *folder)
{
    bool found = false;
    DIR *dir = opendir(folder);
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        struct stat about;
        const char *path = trial_text("%s/%s", folder, entry->d_name), *dot = strrchr(entry->d_name, '.');
        found |= dot && strcmp(dot, ".chat") == 0 && stat(path, &about) == 0 && about.st_size > 10000;
    }
    if (dir)
        closedir(dir);
    return found;
}

static void load_stopped_while_a_history_is_made(const struct trial *trial)
{
    struct server *server = start(trial);
    struct loader loader = loader_start(server->port, "-p replay 1 --history 2000000");
    for (int64_t until = time_limit(); !holds_records(server->chats);)
        look_again(until, "a history to be begun");
    ends_with_a_line(&loader, "stopped before the bots began");
    server_stop(server);
}

static void load_stopped_in_the_first_step(const struct trial *trial)
{
    struct server *server = start(trial);
    struct loader loader =
        loader_start(server->port, "-p rooms -m 3 --rate 100 -d 600 --find-max --threshold deliver_p99<60s");
    loader_wait(&loader, 0, "1 s");
    program_signal(loader.program, SIGINT);
    struct result result = loader_end(&loader);
    check(result.outcome.code == 1, "exit %d", result.outcome.code);
    check(strstr(result.outcome.out.at, "stopped before the first rate"), "it says %s", result.outcome.out.at);
    check(!strstr(result.outcome.out.at, "not even"), "it says that a rate broke");
    check(!result_has(&result, "find_max/steps/0") && result_number(&result, "find_max/rate") == 0, "a step counts");
    check(result_is(&result, "stopped"), "it was not stopped");
    server_stop(server);
}

const struct scenario load_life_scenarios[] = {
    {"load_server_gone_for_good", load_server_gone_for_good},
    {"load_visits_of_the_few_who_come_in", load_visits_of_the_few_who_come_in},
    {"load_comes_back", load_comes_back},
    {"load_outage_is_in_the_times", load_outage_is_in_the_times},
    {"load_rate_is_of_what_came_in_time", load_rate_is_of_what_came_in_time},
    {"load_stopped_at_a_high_rate", load_stopped_at_a_high_rate},
    {"load_stopped_in_the_first_stage", load_stopped_in_the_first_stage},
    {"load_goodbye_without_an_answer", load_goodbye_without_an_answer},
    {"load_stopped_while_many_enter", load_stopped_while_many_enter},
    {"load_stopped_while_a_history_is_made", load_stopped_while_a_history_is_made},
    {"load_stopped_in_the_first_step", load_stopped_in_the_first_step},
    {0},
};
