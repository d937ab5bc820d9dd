/* The exporter: what it counts, that no input ends it, and how it serves. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/clients/exporter.h"
#include "tests/clients/http.h"
#include "tests/clients/scenarios.h"

/* ---- A made log ---- */

static const struct kind {
    const char *request, *response;
} kinds[] = {{"c_set_name", "s_success"},
             {"c_set_name", "s_failure"},
             {"c_connect_chat", "s_success"},
             {"c_receive_message", "s_success"}};
enum { KINDS = sizeof kinds / sizeof *kinds };

/* The i-th line: every third a response time of i/64 ms, every tenth a read error, else a write. */
static const char *made_line(char line[512], unsigned i)
{
    static const char before[] = "{\"timestamp\":\"2026-11-21T12:00:00.000000Z\",\"level\":\"info\",\"stage\":\"bot\",";
    const struct kind *kind = &kinds[i / 3 % KINDS];
    if (i % 3 == 0)
        snprintf(
            line, 512,
            "%s\"message\":\"Read first response from server\",\"data\":{\"response\":{\"client_request_e\":\"%s\","
            "\"server_response_e\":\"%s\",\"message\":\"hall\"},\"response time\":%.6f}}\n",
            before, kind->request, kind->response, i / 64.0);
    else if (i % 10 == 1)
        snprintf(line, 512, "%s\"message\":\"Client read error\",\"data\":{\"error\":\"Success\"}}\n", before);
    else
        snprintf(line, 512, "%s\"message\":\"Wrote request to server\",\"data\":null}\n", before);
    return line;
}

/* What the bucket of that kind must hold of the first n lines: le is in milliseconds. */
static unsigned made_below(unsigned n, unsigned kind, double le)
{
    unsigned count = 0;
    for (unsigned i = 0; i < n; i += 3)
        count += i / 3 % KINDS == kind && i / 64.0 <= le;
    return count;
}

static void check_made_kind(const char *text, unsigned n, unsigned kind)
{
    static const struct {
        const char *le;
        double ms;
    } buckets[] = {{"0.001", 1}, {"0.002", 2}, {"0.005", 5}, {"0.01", 10}, {"0.02", 20},
                   {"0.05", 50}, {"0.1", 100}, {"0.2", 200}, {"0.5", 500}, {"+Inf", 1e9}};
    const char *labels =
        trial_text("client_request_e=\"%s\",server_response_e=\"%s\"", kinds[kind].request, kinds[kind].response);
    for (size_t b = 0; b < sizeof buckets / sizeof *buckets; b++) {
        const char *name = trial_text("webserver_request_duration_bucket{%s,le=\"%s\"}", labels, buckets[b].le);
        unsigned expected = made_below(n, kind, buckets[b].ms);
        check(exporter_value_in(text, name) == expected, "%s is %g instead of %u", name, exporter_value_in(text, name),
              expected);
    }
    double sum = 0, found = exporter_value_in(text, trial_text("webserver_request_duration_sum{%s}", labels));
    for (unsigned i = 3 * kind; i < n; i += 3 * KINDS)
        sum += i / 64.0 / 1000;
    check(found > sum * 0.999999 && found < sum * 1.000001, "the sum of %s is %g instead of %g", labels, found, sum);
    double count = exporter_value_in(text, trial_text("webserver_request_duration_count{%s}", labels));
    check(count == made_below(n, kind, 1e9), "the count of %s is %g", labels, count);
}

static void check_made(const struct exporter *exporter, unsigned n)
{
    unsigned read_errors = 0;
    for (unsigned i = 0; i < n; i++)
        read_errors += i % 3 != 0 && i % 10 == 1;
    exporter_wait_lines(exporter, n);
    exporter_is(exporter, EXPORTER_GOOD, n);
    exporter_is(exporter, EXPORTER_READ_ERRORS, read_errors);
    char *text = http_get(exporter->port, "/metrics");
    for (unsigned kind = 0; kind < KINDS; kind++)
        check_made_kind(text, n, kind);
}

static struct bytes made_log(unsigned from, unsigned to)
{
    struct bytes log = {0};
    char line[512];
    for (unsigned i = from; i < to; i++) {
        made_line(line, i);
        bytes_add(&log, line, strlen(line));
    }
    return log;
}

/* ---- Counting ---- */

static void export_counts(const struct trial *trial)
{
    enum { LINES = 50000 };
    struct exporter exporter = exporter_start(NULL);
    struct bytes log = made_log(0, LINES);
    exporter_is(&exporter, EXPORTER_GOOD, 0);
    program_feed(exporter.program, log.at, log.n);
    check_made(&exporter, LINES);
    exporter_end(&exporter);
    (void)trial;
}

/* The same from a file, which is always ready. */
static void export_reads_files(const struct trial *trial)
{
    enum { LINES = 20000 };
    struct bytes log = made_log(0, LINES);
    char *path = trial_path("made.log");
    file_write(path, log.at, log.n);
    struct exporter exporter = exporter_start(path);
    check_made(&exporter, LINES);
    exporter_end(&exporter);
    (void)trial;
}

/* Whoever asks while lines pour in is answered, and counts only grow. */
static void export_many_lines(const struct trial *trial)
{
    enum { PIECE = 5000 };
    unsigned pieces = scaled(60, 4);
    double before = 0;
    struct exporter exporter = exporter_start(NULL);
    for (unsigned i = 0; i < pieces; i++) {
        struct bytes log = made_log(i * PIECE, (i + 1) * PIECE);
        program_feed(exporter.program, log.at, log.n);
        trial_free(log.at);
        double seen = exporter_value(&exporter, EXPORTER_GOOD);
        check(seen >= before && seen <= (i + 1) * PIECE, "%g lines, it was %g before", seen, before);
        before = seen;
    }
    check_made(&exporter, pieces * PIECE);
    exporter_end(&exporter);
    (void)trial;
}

static void export_wrong_lines(const struct trial *trial)
{
    static const char wrong[] =
        "\nhello\n[1]\nnull\n{\"message\":\n\xff\xfe\n{\"a\":\"\xc3\"}\n{} {}\n"
        "{\"message\":\"Read first response from server\",\"data\":{\"response time\":\"1\"}}\n";
    static const char nul[] = "{\"message\":\"Client\0read error\"}\n\0\n";
    struct exporter exporter = exporter_start(NULL);
    exporter_feed(&exporter, "{\"message\":\"Client read error\",\"data\":{\"error\":\"Success\"}}\n");
    exporter_feed(&exporter, wrong);
    program_feed(exporter.program, nul, sizeof nul - 1);
    exporter_feed(&exporter, "{\"message\":\"Client read error\"}\n");
    exporter_wait_lines(&exporter, 13);
    exporter_is(&exporter, EXPORTER_GOOD, 2);
    exporter_is(&exporter, EXPORTER_WRONG, 11);
    exporter_is(&exporter, EXPORTER_READ_ERRORS, 2);
    exporter_end(&exporter);
    (void)trial;
}

/* A line of 64 MiB is one wrong line, and none of it is kept. */
static void export_long_line(const struct trial *trial)
{
    enum { PIECE = 1 << 20, PIECES = 64, SPARE = 8 << 20 };
    struct exporter exporter = exporter_start(NULL);
    char *piece = memset(trial_alloc(PIECE), 'x', PIECE);
    exporter_feed(&exporter, "{\"message\":\"");
    for (unsigned i = 0; i < PIECES; i++)
        program_feed(exporter.program, piece, PIECE);
    exporter_is(&exporter, EXPORTER_WRONG, 0);
    exporter_feed(&exporter, "\"}\n{}\n");
    exporter_wait_lines(&exporter, 2);
    exporter_is(&exporter, EXPORTER_WRONG, 1);
    struct server like = {.pid = exporter.program->pid};
    check(!server_memory_is_its_own() || server_memory(&like) < SPARE, "it holds %zu bytes", server_memory(&like));
    exporter_end(&exporter);
    (void)trial;
}

/* ---- Ends ---- */

static void export_outlives_its_input(const struct trial *trial)
{
    static const int ends[] = {SIGTERM, SIGINT};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        struct exporter exporter = exporter_start(NULL);
        exporter_feed(&exporter, "{}\n{\"message\":\"Client read error\"}");
        exporter_wait_lines(&exporter, 1);
        program_end_input(exporter.program);
        exporter_wait_lines(&exporter, 2);
        exporter_is(&exporter, EXPORTER_READ_ERRORS, 1);
        exporter_end_by(&exporter, ends[i]);
    }
    struct exporter exporter = exporter_start(NULL);
    exporter_feed(&exporter, "{}\n{\"message\":\"Client re");
    exporter_end(&exporter);
    exporter = exporter_start("/dev/null");
    exporter_is(&exporter, EXPORTER_GOOD, 0);
    exporter_end(&exporter);
    (void)trial;
}

/* Without a stdin nothing else is read in its place. */
static void export_without_input(const struct trial *trial)
{
    struct program *program =
        program_start(&(struct call){.words = {EXPORTER, "-l", "127.0.0.1:0"}, .input = "/dev/null", .no_input = true});
    struct exporter exporter = {program, atoi(program_wait_err(program, "/metrics\n").at + strlen(EXPORTER_SAYS))};
    char input[16] = "";
    check(readlink(trial_text("/proc/%d/fd/0", (int)program->pid), input, sizeof input - 1) > 0, "stdin stayed closed");
    check(strcmp(input, "/dev/null") == 0, "its stdin is %s", input);
    exporter_is(&exporter, EXPORTER_WRONG, 0);
    exporter_end(&exporter);
    (void)trial;
}

static bool is_one_line(const struct bytes *text)
{
    return text->n > 1 && strchr(text->at, '\n') == text->at + text->n - 1;
}

static void fails_with(int code, const struct call *call)
{
    struct outcome outcome = program_outcome(call);
    const char *why = trial_text("%s %s", call->words[1], call->words[2] ? call->words[2] : "");
    check(outcome.code == code, "%s: exit %d instead of %d", why, outcome.code, code);
    check(is_one_line(&outcome.err) && strncmp(outcome.err.at, EXPORTER ": ", strlen(EXPORTER ": ")) == 0,
          "%s: stderr has no clear line: '%s'", why, shown(outcome.err.at, outcome.err.n));
    check(outcome.out.n == 0, "%s: something is on stdout: '%s'", why, shown(outcome.out.at, outcome.out.n));
}

static void export_port_taken(const struct trial *trial)
{
    struct exporter exporter = exporter_start(NULL);
    fails_with(1, &(struct call){.words = {EXPORTER, "--listen", trial_text("127.0.0.1:%d", exporter.port)}});
    exporter_is(&exporter, EXPORTER_GOOD, 0);
    exporter_end(&exporter);
    (void)trial;
}

static void export_options(const struct trial *trial)
{
    static const char *const wrong[][2] = {
        {"--bogus"},
        {"--bogus=1"},
        {"-Z"},
        {"word"},
        {"--listen"},
        {"-l"},
        {"--listen", ""},
        {"--listen", "x"},
        {"--help=1"},
        {"-"},
        {"--listen", "1.2.3.4"},
        {"-l", "[::1:80"},
        {"-l", "127.0.0.1:65536"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        fails_with(2, &(struct call){.words = {EXPORTER, wrong[i][0], wrong[i][1]}});
    static const char *const fine[][2] = {
        {"--help", "--listen"}, {"-h", "127.0.0.1:9200"}, {"--version", EXPORTER}, {"-V", EXPORTER}};
    for (size_t i = 0; i < sizeof fine / sizeof *fine; i++) {
        struct outcome outcome = program_outcome(&(struct call){.words = {EXPORTER, fine[i][0]}});
        check(outcome.code == 0 && outcome.err.n == 0, "%s: exit %d, '%s'", fine[i][0], outcome.code,
              shown(outcome.err.at, outcome.err.n));
        check(strstr(outcome.out.at, fine[i][1]), "%s tells nothing of %s", fine[i][0], fine[i][1]);
    }
    (void)trial;
}

/* ---- Serving ---- */

static void export_serves_http(const struct trial *trial)
{
    enum { BODY = 4000000 };
    struct exporter exporter = exporter_start(NULL);
    int port = exporter.port;
    struct http http = http_ask(port, "GET /metrics", "\r\n");
    check(http.code == 200 && strstr(http.head, "\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"),
          "GET: %s", http.head);
    check(strcmp(http_get(port, "/"), http.body.at) == 0, "/ is not what /metrics is");
    check(strcmp(http_get(port, "/metrics?name=x"), http.body.at) == 0, "a query changes what /metrics is");
    const char *length = trial_text("\r\nContent-Length: %zu\r\n", http.body.n);
    http = http_ask(port, "HEAD /metrics", "\r\n");
    check(http.code == 200 && http.body.n == 0 && strstr(http.head, length), "HEAD: %s", http.head);
    static const char *const unknown[] = {"GET /metric", "GET /metrics/", "GET //", "HEAD /x", "POST /x"};
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++) {
        http = http_ask(port, unknown[i], "\r\n");
        check(http.code == 404, "%s is answered with %d", unknown[i], http.code);
    }
    static const char *const others[] = {"POST /metrics", "PUT /", "DELETE /metrics", "OPTIONS /", "get /metrics"};
    struct bytes body = {0};
    bytes_text(&body, "Content-Length: %d\r\n\r\n%*s", BODY, BODY, "");
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        http = http_ask(port, others[i], i % 2 ? "Content-Length: 3\r\n\r\nabc" : body.at);
        check(http.code == 405 && strstr(http.head, "\r\nAllow: GET, HEAD\r\n"), "%s: %s", others[i], http.head);
    }
    exporter_end(&exporter);
    (void)trial;
}

/* One who doesn't finish asking, and one who doesn't read, are nobody else's concern. */
static void export_serves_beside_the_slow(const struct trial *trial)
{
    enum { ASKED = 2000 };
    static const char ask[] = "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n";
    struct exporter exporter = exporter_start(NULL);
    int half = http_connect(exporter.port), deaf = http_connect(exporter.port);
    http_send(half, ask, 10);
    for (unsigned i = 0; i < ASKED; i++) {
        if (send(deaf, ask, sizeof ask - 1, MSG_DONTWAIT | MSG_NOSIGNAL) <= 0)
            break;
    }
    exporter_feed(&exporter, "{}\n");
    exporter_wait_lines(&exporter, 1);
    http_send(half, ask + 10, strlen("GET /metrics HTTP/1.1\r\n") - 10);
    http_send(half, "Connection: close\r\nHost: x\r\n\r\n", strlen("Connection: close\r\nHost: x\r\n\r\n"));
    check(http_read(half).code == 200, "who asked in two pieces has no answer");
    exporter_end(&exporter);
    close(half);
    close(deaf);
    (void)trial;
}

static void export_pleases_promtool(const struct trial *trial)
{
    struct exporter exporter = exporter_start(NULL);
    struct bytes log = made_log(0, 1000);
    const char *first = http_get(exporter.port, "/metrics");
    program_feed(exporter.program, log.at, log.n);
    exporter_feed(&exporter, "{\"message\":\"Wrote first response\",\"data\":{\"response time\":1,\"response\":"
                             "{\"client_request_e\":\"a\\\"\\\\\\n\xc3\xa9}\",\"server_response_e\":\"\"}}\n");
    exporter_wait_lines(&exporter, 1001);
    const char *texts[] = {first, http_get(exporter.port, "/metrics")};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        char *path = trial_path("metrics-%zu", i);
        file_write(path, texts[i], strlen(texts[i]));
        struct outcome outcome =
            program_outcome(&(struct call){.words = {"promtool", "check", "metrics"}, .input = path});
        if (outcome.code == 127)
            trial_skip("promtool is not here (package prometheus)");
        check(outcome.code == 0 && outcome.err.n == 0 && outcome.out.n == 0, "promtool: exit %d, %s%s", outcome.code,
              shown(outcome.err.at, outcome.err.n), shown(outcome.out.at, outcome.out.n));
    }
    exporter_end(&exporter);
    (void)trial;
}

const struct scenario export_scenarios[] = {
    {"export_counts", export_counts},
    {"export_reads_files", export_reads_files},
    {"export_many_lines", export_many_lines},
    {"export_wrong_lines", export_wrong_lines},
    {"export_long_line", export_long_line},
    {"export_outlives_its_input", export_outlives_its_input},
    {"export_without_input", export_without_input},
    {"export_port_taken", export_port_taken},
    {"export_options", export_options},
    {"export_serves_http", export_serves_http},
    {"export_serves_beside_the_slow", export_serves_beside_the_slow},
    {"export_pleases_promtool", export_pleases_promtool},
    {0},
};
