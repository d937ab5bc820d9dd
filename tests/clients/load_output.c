/* conveyor-load: what it writes: JSON by its schema, files, and the thesis's log. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "tests/clients/exporter.h"
#include "tests/clients/http.h"
#include "tests/clients/loader.h"
#include "tests/clients/scenarios.h"

static struct server *start(const struct trial *trial)
{
    return server_start(&(struct launch){.arch = trial->arch});
}

/* ---- JSON ---- */

/* Debian's python3-jsonschema has it; JSONSCHEMA names another one. */
static const char *validator(void)
{
    const char *named = getenv("JSONSCHEMA");
    return named && *named ? named : "/usr/bin/jsonschema";
}

static bool fits(const char *const *paths, size_t n)
{
    struct call call = {.words = {validator()}};
    size_t words = 1;
    for (size_t i = 0; i < n; i++) {
        call.words[words++] = "-i";
        call.words[words++] = paths[i];
    }
    call.words[words] = "client/load/results.schema.json";
    struct outcome outcome = program_outcome(&call);
    if (outcome.code == 127)
        trial_skip("%s is not here (package python3-jsonschema)", validator());
    return outcome.code == 0;
}

static const char *without(const char *text, const char *part, const char *instead)
{
    const char *at = strstr(text, part);
    check(at, "'%s' is not among the results", part);
    return trial_text("%.*s%s%s", (int)(at - text), text, instead, at + strlen(part));
}

/* Results that are not by the schema, made of some that are. */
static void check_refused(const char *path)
{
    struct bytes text = file_read(path);
    const char *const wrong[] = {
        without(text.at, "\"stopped\"", "\"ended\""),
        without(text.at, "\"protocol\"", "\"protocols\""),
        without(text.at, "\"sent\":\t", "\"sent\":\t-"),
        without(text.at, "\"profile\":\t\"rooms\"", "\"profile\":\t\"\""),
        without(text.at, "\"valid\":\ttrue", "\"valid\":\tfalse"),
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *made = trial_path("wrong-%zu.json", i);
        file_write(made, wrong[i], strlen(wrong[i]));
        check(!fits(&made, 1), "the schema takes wrong results (%zu)", i);
    }
}

static void load_json_has_a_schema(const struct trial *trial)
{
    static const char *const ways[] = {
        "-p rooms --closed -m 3 -d 0.1 --threshold errors<=0 --threshold deliver_p99.9<=20s --threshold send_rate>0.5",
        "-p rooms -m 3 --rate 100 --stage 0.1:50 --stage 0.1:100 -w 0.1 --seed 9223372036854775807",
        "-p rooms -m 3 --rate 50 -d 0.1 --find-max --threshold deliver_rate<300",
        "-p rooms -m 3 --rate 50 -d 0.1 --chats /proc",
        "-p slow -m 3 --rate 50 -d 0.1 --no-verify",
        "3 -d 0.1",
        "-p churn 3 -d 0.1",
        "-p idle 3 -d 0.1",
        "-p replay 3 --history 10 -d 0.1",
        "-p idle --stage 0.1:1 --stage 0.1:2",
    };
    enum { WAYS = sizeof ways / sizeof *ways };
    const char *paths[WAYS];
    struct server *server = start(trial);
    for (size_t i = 0; i < WAYS; i++) {
        struct loader loader = loader_start(server->port, ways[i]);
        struct result result = loader_end(&loader);
        check(result.json, "%s wrote no JSON: %s", ways[i], shown(result.outcome.err.at, result.outcome.err.n));
        paths[i] = loader.json_path;
    }
    server_stop(server);
    check(fits(paths, WAYS), "the results are not by the schema, see TEST_KEEP");
    check_refused(paths[0]);
}

/* ---- Files ---- */

/* Fields of a line, separated by commas. */
static unsigned read_fields(const char *line, double *fields, unsigned most)
{
    unsigned n = 0;
    char *end;
    for (;; line = end + 1) {
        check(n < most, "too many fields in %s", line);
        fields[n++] = strtod(line, &end);
        if (*end != ',')
            return n;
    }
}

/* Whoever reads from a pipe has it opened once, by one who writes. */
static void load_results_into_pipes(const struct trial *trial)
{
    static const char *const options[] = {"csv", "json", "hgrm"};
    struct server *server = start(trial);
    for (size_t i = 0; i < sizeof options / sizeof *options; i++) {
        const char *path = trial_path("pipe-%zu", i);
        check(mkfifo(path, 0666) == 0, "no pipe: %s", strerror(errno));
        struct program *reader = program_start(&(struct call){.words = {"cat", path}});
        program_end_input(reader);
        struct call call = loader_call(server->port, trial_text("-p idle 2 -d 1.1 --%s %s", options[i], path));
        struct program *program = program_start(&call);
        program_end_input(program);
        check(program_wait(program) == 0 && program_wait(reader) == 0, "--%s: it failed", options[i]);
        check(file_read(reader->out).n > 100, "--%s: nothing came", options[i]);
    }
    server_stop(server);
}

static void load_csv(const struct trial *trial)
{
    static const char header[] =
        "second,clients,sent,delivered,replayed,errors,count,p50_us,p90_us,p99_us,p99_9_us,max_us\n";
    enum { FIELDS = 12, SECONDS = 3 };
    struct server *server = start(trial);
    const char *path = trial_path("seconds.csv");
    struct result result =
        loader_run(server->port, trial_text("-p rooms -m 3 --rate 100 -d %d --csv %s", SECONDS, path));
    result_fine(&result);
    struct bytes csv = file_read(path);
    check(strncmp(csv.at, header, strlen(header)) == 0, "the header is %s", shown(csv.at, csv.n));
    double fields[FIELDS], sent = 0, delivered = 0;
    unsigned rows = 0;
    for (const char *at = csv.at + strlen(header); *at; at = strchr(at, '\n') + 1) {
        check(read_fields(at, fields, FIELDS) == FIELDS, "a row has too few fields: %s", at);
        check(fields[0] == ++rows && fields[1] == 3 && fields[5] == 0, "a row is wrong: %s", at);
        check(fields[7] <= fields[8] && fields[8] <= fields[9] && fields[9] <= fields[10] && fields[10] <= fields[11],
              "percentiles fall: %s", at);
        sent += fields[2];
        delivered += fields[3];
    }
    check(rows == SECONDS, "%u rows", rows);
    check(sent > 0 && sent <= 100 * SECONDS && delivered <= 3 * sent, "%g sent, %g delivered", sent, delivered);
    server_stop(server);
}

static void load_hgrm(const struct trial *trial)
{
    struct server *server = start(trial);
    const char *path = trial_path("times.hgrm");
    struct result result = loader_run(server->port, trial_text("-p rooms -m 3 --rate 100 -d 0.5 --hgrm %s", path));
    result_fine(&result);
    struct bytes text = file_read(path);
    const char *at = strstr(text.at, "\n\n");
    check(strstr(text.at, "Value") < strstr(text.at, "Percentile") && at, "there is no header: %s", text.at);
    double value = 0, percentile = 0, count = 0;
    for (at += 2; *at != '#'; at = strchr(at, '\n') + 1) {
        double next[3];
        check(sscanf(at, "%lf %lf %lf", &next[0], &next[1], &next[2]) == 3, "this is no row: %s", at);
        check(next[0] > value && next[1] > percentile && next[2] > count, "a row falls behind: %s", at);
        value = next[0];
        percentile = next[1];
        count = next[2];
    }
    check(percentile == 1 && count == 150, "it ends with %g of %g", percentile, count);
    double max = result_number(&result, "times_us/deliver/max") / 1000;
    check(value > max * 0.998 - 0.002 && value < max * 1.002 + 0.002, "the greatest value is %g ms", value);
    check(strstr(at, "#[Mean") && strstr(at, "Max     ="), "there is no mean at the end");
    server_stop(server);
}

/* ---- The thesis's log ---- */

static const char *const messages[] = {
    "Tester started",
    "Wrote request to server",
    "Read response from server",
    "Read first response from server",
    "Client finished it's work",
    "Client read error",
    "Client write error",
    "Client caught exception",
    "Tester caught exception",
};
enum { MESSAGES = sizeof messages / sizeof *messages, STARTED = 0, WROTE = 1, READ = 2, READ_FIRST = 3, FINISHED = 4 };

static void check_data(size_t which, const cJSON *data, const char *line)
{
    const cJSON *part = cJSON_GetObjectItem(data, which == WROTE ? "request" : "response");
    const cJSON *time = cJSON_GetObjectItem(data, "response time");
    if (which == STARTED)
        check(cJSON_IsNumber(cJSON_GetObjectItem(data, "port")) &&
                  cJSON_IsString(cJSON_GetObjectItem(data, "endpoint address")),
              "where did it start? %s", line);
    if (which == WROTE || which == READ || which == READ_FIRST) {
        const char *request = cJSON_GetStringValue(cJSON_GetObjectItem(part, "client_request_e"));
        check(request && strncmp(request, "c_", 2) == 0, "there is no client_request_e: %s", line);
        check(cJSON_IsString(cJSON_GetObjectItem(part, "message")), "there is no message: %s", line);
        check(which == WROTE || cJSON_IsString(cJSON_GetObjectItem(part, "server_response_e")), "no response: %s",
              line);
    }
    check((which == READ_FIRST) == (cJSON_IsNumber(time) && time->valuedouble >= 0), "the time is wrong: %s", line);
    check(which != FINISHED || cJSON_IsNull(data), "the end has data: %s", line);
}

/* Counts lines by their messages; every one must be whole and in the thesis's words. */
static void read_log(const struct bytes *log, unsigned counts[MESSAGES])
{
    memset(counts, 0, MESSAGES * sizeof *counts);
    for (char *line = log->at, *end; line < log->at + log->n; line = end + 1) {
        end = strchr(line, '\n');
        check(end, "the last line is not whole");
        *end = '\0';
        cJSON *json = cJSON_ParseWithOpts(line, NULL, true);
        const char *message = cJSON_GetStringValue(cJSON_GetObjectItem(json, "message"));
        size_t which = 0;
        while (message && which < MESSAGES && strcmp(message, messages[which]) != 0)
            which++;
        if (!message || which == MESSAGES || !cJSON_IsString(cJSON_GetObjectItem(json, "timestamp")) ||
            !cJSON_IsString(cJSON_GetObjectItem(json, "level"))) {
            cJSON_Delete(json);
            trial_fail("this is not in the thesis's words: %s", line);
        }
        counts[which]++;
        check_data(which, cJSON_GetObjectItem(json, "data"), line);
        cJSON_Delete(json);
    }
}

static void load_log(const struct trial *trial)
{
    static const char *const ways[] = {"4 -d 0.5 -t 2", "-p rooms -m 3 --rate 100 -d 0.3", "-p churn 3 -d 0.2",
                                       "-p replay 2 --history 20 -d 0.2"};
    struct server *server = start(trial);
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        unsigned counts[MESSAGES];
        struct result result = loader_run(server->port, trial_text("--log %s", ways[i]));
        result_fine(&result);
        read_log(&result.outcome.out, counts);
        double requests = result_number(&result, "counts/requests");
        check(counts[STARTED] == 1, "it started %u times", counts[STARTED]);
        check(counts[WROTE] == requests, "%s: %u requests are in the log, %g were sent", ways[i], counts[WROTE],
              requests);
        check(counts[READ_FIRST] == requests, "%s: %u answers are in the log to %g requests", ways[i],
              counts[READ_FIRST], requests);
        check(counts[FINISHED] == result_number(&result, "times_us/quit/count"), "%u finished", counts[FINISHED]);
        check(strstr(result.outcome.err.at, "delivery: no record lost"), "stderr has no summary");
    }
    server_stop(server);
}

/* As the thesis did it: the log goes through a pipe into the exporter, and both agree on what happened. */
static void load_log_into_the_exporter(const struct trial *trial)
{
    static const char *const requests[] = {"c_set_name", "c_connect_chat", "c_get_chats", "c_receive_message",
                                           "c_disconnect"};
    struct server *server = start(trial);
    struct exporter exporter = exporter_start(NULL);
    struct call call = loader_call(server->port, trial_text("3 -d 0.5 --log --json %s", trial_path("piped.json")));
    call.into = exporter.program;
    struct program *program = program_start(&call);
    program_end_input(program);
    check(program_wait(program) == 0, "it failed: %s", file_read(program->err).at);
    cJSON *json = cJSON_Parse(file_read(trial_path("piped.json")).at);
    double wrote = cJSON_GetNumberValue(cJSON_GetObjectItem(cJSON_GetObjectItem(json, "counts"), "requests"));
    const cJSON *times = cJSON_GetObjectItem(json, "times_us");
    double sums[] = {0, 0, 0, 0, 0}, answered = 0;
    static const char *const kinds[][3] = {{"name"}, {"join"}, {"create", "leave"}, {"send"}, {"quit"}};
    for (size_t i = 0; i < sizeof sums / sizeof *sums; i++)
        for (size_t k = 0; kinds[i][k]; k++)
            if (cJSON_HasObjectItem(times, kinds[i][k]))
                sums[i] += cJSON_GetNumberValue(cJSON_GetObjectItem(cJSON_GetObjectItem(times, kinds[i][k]), "count"));
    cJSON_Delete(json);
    program_end_input(exporter.program);
    int64_t until = time_limit();
    while (answered < wrote) {
        char *text = http_get(exporter.port, "/metrics");
        answered = 0;
        for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
            double found =
                exporter_value_in(text, trial_text("webserver_request_duration_count{client_request_e=\"%s\","
                                                   "server_response_e=\"s_success\"}",
                                                   requests[i]));
            check(found <= sums[i], "%g answers to %s, there were %g", found, requests[i], sums[i]);
            answered += found > 0 ? found : 0;
        }
        trial_free(text);
        look_again(until, "the exporter to have counted all answers");
    }
    check(answered == wrote, "%g answers to %g requests", answered, wrote);
    exporter_is(&exporter, EXPORTER_WRONG, 0);
    exporter_end(&exporter);
    server_stop(server);
}

const struct scenario load_output_scenarios[] = {
    {"load_json_has_a_schema", load_json_has_a_schema},
    {"load_csv", load_csv},
    {"load_results_into_pipes", load_results_into_pipes},
    {"load_hgrm", load_hgrm},
    {"load_log", load_log},
    {"load_log_into_the_exporter", load_log_into_the_exporter},
    {0},
};
