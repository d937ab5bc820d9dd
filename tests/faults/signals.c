/* Signals under load, and a log whose reader has stopped. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/faults/scenarios.h"
#include "tests/harness/census.h"
#include "tests/harness/crowd.h"
#include "tests/harness/rows.h"

/* What comes 100 times at full length: SIGTERM, SIGINT twice, SIGHUP, SIGSTOP with SIGCONT; and what comes less often: other ways to
 * stop. */
enum { ROUNDS = 100, FEW_ROUNDS = 25 };

/* SOON_MS: what "at once" may take on a machine that has much else to do; stretched where everything is slower. */
enum { PEOPLE = 40, ROOMS = 4, DRAIN_MS = 30000, SHORT_DRAIN_MS = 200, SOON_MS = 2000 };

static struct crowd endless_crowd(struct server *server, size_t size)
{
    struct crowd crowd = crowd_make(server, PEOPLE, ROOMS, 0, size);
    crowd.endless = true;
    crowd_begin(&crowd);
    crowd_run(&crowd, 500);
    return crowd;
}

/* What a round has heard is not kept: a hundred rounds would fill a machine's memory. */
static void forget(struct crowd *crowd, struct client *const before[PEOPLE])
{
    for (size_t i = 0; i < crowd->n; i++) {
        struct member *member = &crowd->members[i];
        client_discard(before[i]);
        client_discard(member->client);
        for (unsigned visit = 0; visit <= member->visit; visit++) {
            trial_free(member->stays[visit].stream.bytes.at);
            trial_free(member->stays[visit].stream.ends);
        }
        trial_free(member->out.at);
    }
    trial_free(crowd->members);
}

/* It still serves what it has stored; then it ends, and so does the crowd. */
static void start_again(struct crowd *crowd)
{
    struct client *before[PEOPLE];
    for (size_t i = 0; i < PEOPLE; i++)
        before[i] = crowd->members[i].client;
    server_restart(crowd->server);
    crowd_resume(crowd);
    crowd->may_break = false;
    crowd_run(crowd, 500);
    client_close_all(crowd->server);
    census(crowd->server);
    server_stop(crowd->server);
    crowd_check(crowd, false);
    forget(crowd, before);
}

/* --- SIGTERM and SIGINT. --- */

/* Everybody reads: the server has gone long before --drain is over, and all got the end of a whole frame. */
static void stop_with_readers(const struct trial *trial, int number)
{
    struct server *server = start_with(trial, "--drain", "30");
    struct crowd crowd = endless_crowd(server, 200);
    int64_t from = now_ms();
    server_signal(server, number);
    crowd_read_out(&crowd, true);
    int code = server_wait(server);
    check(code == 0, "the server ended with %d instead of 0", code);
    check(now_ms() - from < DRAIN_MS, "the server used up its drain, though everybody read");
    server_check_end(server);
    crowd_check(&crowd, false);
    start_again(&crowd);
}

/* Nobody reads and nobody closes: --drain is all they get, and no more. */
static void stop_without_readers(const struct trial *trial, int number)
{
    struct server *server = start_with(trial, "--drain", "0.2");
    struct crowd crowd = endless_crowd(server, 2000);
    int64_t from = now_ms();
    server_signal(server, number);
    int code = server_wait(server);
    int64_t took = now_ms() - from;
    check(code == 0, "after the drain the server ended with %d instead of 0", code);
    check(took >= SHORT_DRAIN_MS - 10 && took < SHORT_DRAIN_MS + stretched(SOON_MS),
          "the drain of %d ms was over after %d ms", SHORT_DRAIN_MS, (int)took);
    server_check_end(server);
    crowd_read_out(&crowd, false);
    crowd_check(&crowd, false);
    start_again(&crowd);
}

static void stop_often(const struct trial *trial, int number, unsigned rounds)
{
    for (unsigned round = 0; round < rounds; round++) {
        if (round % 2 == 0)
            stop_with_readers(trial, number);
        else
            stop_without_readers(trial, number);
    }
}

static void stops_under_load(const struct trial *trial)
{
    stop_often(trial, SIGTERM, scaled(ROUNDS, 2));
    stop_often(trial, SIGINT, scaled(FEW_ROUNDS, 2));
}

/* The second signal comes when the drain is seen to have begun, or on the heels of the first one. Two of a kind on each other's
 * heels can be one to the system: then they differ. */
static void end_at_once(const struct trial *trial, int first, int second, bool waits)
{
    /* Who ends at once joins nobody: a room's thread that has come to its end just then is no leak. */
    struct launch launch = {
        .arch = trial->arch, .options = {"--drain", "600"}, .variables = {"TSAN_OPTIONS=report_thread_leaks=0"}};
    struct server *server = server_start(&launch);
    struct crowd crowd = endless_crowd(server, 2000);
    struct client *nameless = client_open(server);
    client_expect_nothing(nameless);
    server_signal(server, first);
    if (waits)
        client_expect_end(nameless);
    int64_t from = now_ms();
    server_signal(server, second);
    int code = server_wait(server);
    int64_t took = now_ms() - from;
    check(code == 1, "after a second signal the server ended with %d instead of 1", code);
    check(took < stretched(SOON_MS), "after a second signal the server took %d ms to end", (int)took);
    crowd_read_out(&crowd, false);
    crowd_check(&crowd, true);
    start_again(&crowd);
}

static void second_signals_under_load(const struct trial *trial)
{
    static const struct {
        int first, second;
        bool waits;
        unsigned rounds;
    } kinds[] = {{SIGINT, SIGINT, true, ROUNDS},
                 {SIGTERM, SIGINT, false, FEW_ROUNDS},
                 {SIGINT, SIGTERM, false, FEW_ROUNDS},
                 {SIGTERM, SIGTERM, true, FEW_ROUNDS}};
    for (size_t kind = 0; kind < sizeof kinds / sizeof *kinds; kind++) {
        for (unsigned round = 0, rounds = scaled(kinds[kind].rounds, 1); round < rounds; round++)
            end_at_once(trial, kinds[kind].first, kinds[kind].second, kinds[kind].waits);
    }
}

/* --- SIGHUP. --- */

static bool has_content(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && status.st_size > 0;
}

/* The log is moved away and opened anew while everybody writes: all its parts together are one log without a gap, and nobody
 * has noticed. */
static void hang_ups_under_load(const struct trial *trial)
{
    char *log = trial_path("the.log"), *all = trial_path("all.log");
    struct server *server = server_start(
        &(struct launch){.arch = trial->arch, .options = {"--log-file", log, "--log-level", "debug"}, .log_file = log});
    struct crowd crowd = endless_crowd(server, 200);
    struct bytes parts = {0};
    for (unsigned round = 0, rounds = scaled(ROUNDS, 2); round < rounds; round++) {
        char *part = trial_path("the.log.%u", round);
        crowd_run(&crowd, 1000);
        for (int64_t until = time_limit(); !has_content(log); look_again(until, "a record in the log"))
            crowd_run(&crowd, 100); /* its writer may not have had a processor until now */
        check(rename(log, part) == 0, "the log can't be renamed");
        server_signal(server, SIGHUP);
        for (int64_t until = time_limit(); !file_exists(log); look_again(until, "a new log file"))
            crowd_run(&crowd, 100);
        struct bytes text = file_read(part); /* the file is a new one: nothing more comes here */
        check(text.n > 0 && text.at[text.n - 1] == '\n', "part %u of the log is empty or ends within a line", round);
        bytes_add(&parts, text.at, text.n);
        trial_free(text.at);
        crowd_run(&crowd, 1000);
        struct bytes again = file_read(part);
        check(again.n == text.n, "part %u of the log has grown after the new one was there", round);
        trial_free(again.at);
    }
    client_close_all(server);
    census(server);
    server_stop(server);
    crowd_check(&crowd, false);
    struct bytes last = file_read(log);
    bytes_add(&parts, last.at, last.n);
    file_write(all, parts.at, parts.n);
    check_log(all);
    check(strstr(parts.at, "\"message\":\"Server started\""), "no part of the log has its first record");
}

/* --- SIGSTOP and SIGCONT. --- */

static void wait_for_state(const struct server *server, char wanted)
{
    char *path = trial_text("/proc/%d/stat", (int)server->pid);
    for (int64_t until = time_limit();; look_again(until, trial_text("the server to be in state %c", wanted))) {
        struct bytes stat = file_read(path);
        const char *state = strrchr(stat.at, ')');
        if (state && state[1] == ' ' && state[2] == wanted)
            return;
    }
}

/* Says as much as fits into the sockets; how many messages. The last one may be cut: `rest` is what is left of it. */
static unsigned say_all_that_fits(struct client *client, unsigned first, struct bytes *rest)
{
    char *filling = repeated("x", 5000);
    for (unsigned said = 0;; said++) {
        char *text = trial_text("%u %s", first + said, filling);
        rest->n = 0;
        frame_say(rest, SEND_MESSAGE, text);
        trial_free(text);
        ssize_t sent = client_push(client, rest->at, rest->n);
        check(sent >= 0, "the connection to a stopped server is broken");
        if (sent == (ssize_t)rest->n)
            continue;
        rest->n -= (size_t)sent;
        memmove(rest->at, rest->at + sent, rest->n);
        return said + 1;
    }
}

static void expect_all(struct client *client, const char *author, unsigned first, unsigned n)
{
    char *filling = repeated("x", 5000);
    for (unsigned i = 0; i < n; i++) {
        char *text = trial_text("%u %s", first + i, filling);
        client_expect_record(client, RECEIVE_MESSAGE, author, text);
        trial_free(text);
    }
}

/* While it stands still, somebody fills all buffers, somebody asks and closes one side, somebody goes without a word. */
static unsigned stop_and_continue(struct server *server, struct client *talker, unsigned said)
{
    struct bytes rest = {0};
    server_signal(server, SIGSTOP);
    wait_for_state(server, 'T');
    unsigned n = say_all_that_fits(talker, said, &rest);
    struct client *newcomer = client_open(server), *half = client_open(server), *gone = client_open(server);
    client_say(newcomer, SET_NAME, "newcomer");
    client_say(half, GET_CHATS, "");
    client_half_close(half);
    client_say(gone, SET_NAME, "gone");
    client_reset(gone);
    server_signal(server, SIGCONT);
    client_write(talker, rest.at, rest.n);
    expect_all(talker, "talker", said, n);
    client_expect(newcomer, SET_NAME, SUCCESS, "");
    client_expect_list(newcomer, "room-0\nroom-1\nroom-2\nroom-3\nown\n");
    client_quit(newcomer);
    client_expect_reason(half, GET_CHATS);
    client_expect_end(half);
    return n;
}

static void stopped_and_continued(const struct trial *trial)
{
    struct server *server = start_plain(trial);
    struct crowd crowd = endless_crowd(server, 200);
    struct client *talker = client_login(server, "talker");
    unsigned said = 0;
    client_create(talker, "own");
    client_enter(talker, "own");
    for (unsigned round = 0, rounds = scaled(ROUNDS, 2); round < rounds; round++) {
        crowd_run(&crowd, 1000);
        said += stop_and_continue(server, talker, said);
    }
    crowd_run(&crowd, 1000);
    client_close_all(server);
    census(server);
    server_stop(server);
    crowd_check(&crowd, false);
    struct chat_file own = chat_file_read(server_chat_path(server, "own"));
    check(own.count == said, "%zu of %u messages are stored", own.count, said);
}

/* --- A log that nobody reads. --- */

/* Round trips one at a time, each of which logs two records at least; none may take long. */
static void make_round_trips(struct client *client, unsigned n)
{
    int64_t most = (time_limit() - now_ms()) / 10; /* a second */
    for (unsigned i = 0; i < n; i++) {
        int64_t from = now_ms();
        client_message(client, "canary", "still there");
        client_expect_nothing(client);
        check(now_ms() - from < most, "with nobody reading the log a round trip took %d ms", (int)(now_ms() - from));
    }
}

/* The numbers of dropped records that the reports tell, together. */
static double reported_drops(const struct server *server, unsigned *reports)
{
    static const char report[] = "\"message\":\"Log records dropped\"", key[] = "\"count\":";
    struct bytes out = file_read(server->out);
    double sum = 0;
    *reports = 0;
    for (const char *at = out.at; (at = strstr(at, report)); (*reports)++) {
        at = strstr(at, key);
        check(at, "a report of dropped records has no count");
        at += strlen(key);
        sum += strtod(at, NULL);
    }
    return sum;
}

static double dropped_at_the_end(struct server *server)
{
    cJSON *record = server_wait_record(server, "Server stopped");
    double dropped =
        cJSON_GetNumberValue(cJSON_GetObjectItem(cJSON_GetObjectItem(record, "data"), "dropped_log_records"));
    cJSON_Delete(record);
    return dropped;
}

/* The reader of standard output stops for longer than pipe and ring last, and goes on: nobody waits, and it is told how much
 * it has missed. */
static void log_reader_stops(const struct trial *trial)
{
    enum { TRIPS = 4000 }; /* three records each: more than ring and pipe hold */
    unsigned rounds = scaled(20, 2), reports;
    struct server *server =
        server_start(&(struct launch){.arch = trial->arch, .piped = true, .options = {"--log-level", "debug"}});
    struct crowd crowd = endless_crowd(server, 100);
    struct client *canary = client_login(server, "canary");
    client_create(canary, "cage");
    client_enter(canary, "cage");
    for (unsigned round = 0; round < rounds; round++) {
        server->deaf = true;
        make_round_trips(canary, TRIPS);
        crowd_run(&crowd, 1000);
        server->deaf = false;
        cJSON_Delete(server_wait_record(server, "Log records dropped"));
    }
    client_close_all(server);
    census(server);
    server_stop(server);
    crowd_check(&crowd, false);
    double reported = reported_drops(server, &reports), dropped = dropped_at_the_end(server);
    check(reports >= rounds && reported == dropped, "%u reports tell of %.0f dropped records, there were %.0f", reports,
          reported, dropped);
}

const struct scenario signals_faults[] = {
    {"stops_under_load", stops_under_load},       {"second_signals_under_load", second_signals_under_load},
    {"hang_ups_under_load", hang_ups_under_load}, {"stopped_and_continued", stopped_and_continued},
    {"log_reader_stops", log_reader_stops},       {0},
};
