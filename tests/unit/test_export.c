/* Tests of the exporter: how lines are counted, how input is cut into lines, and the text that Prometheus gets. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "client/export/input.h"
#include "client/export/metrics.h"

#define SPAN(literal) ((struct span){(literal), sizeof(literal) - 1})

static struct events events;

static int forget(void **state)
{
    (void)state;
    events = (struct events){0};
    return 0;
}

/* An event with this data. */
static void tell(const char *message, const char *data)
{
    char line[1024];
    int n = snprintf(line, sizeof line, "{\"level\":\"info\",\"message\":\"%s\",\"data\":%s}", message, data);
    assert_in_range(n, 0, sizeof line - 1);
    events_line(&events, (struct span){line, (size_t)n});
}

/* A response with this time, as JSON. */
static void respond(const char *request, const char *response, const char *time)
{
    char data[512];
    snprintf(data, sizeof data,
             "{\"response\":{\"client_request_e\":%s,\"server_response_e\":%s,\"message\":\"\"},\"response time\":%s}",
             request, response, time);
    tell("Read first response from server", data);
}

static void assert_counts(uint64_t good, uint64_t wrong, uint64_t read_errors)
{
    assert_int_equal(events.good, good);
    assert_int_equal(events.wrong, wrong);
    assert_int_equal(events.read_errors, read_errors);
}

/* ---- Lines ---- */

static void an_object_is_good(void **state)
{
    (void)state;
    events_line(&events, SPAN("{}"));
    events_line(&events, SPAN(" {\"message\":null}\t\r"));
    events_line(&events, SPAN("{\"message\":[1,{\"a\":2.5e3}],\"data\":\"\xc3\xa9\\u00e9\x7f\"}"));
    events_line(&events, SPAN("{\"message\":\"Tester started\",\"data\":{\"port\":5000}}"));
    events_line(&events, SPAN("{\"message\":\"client read error\"}"));
    assert_counts(5, 0, 0);
}

static void all_else_is_wrong(void **state)
{
    (void)state;
    static const struct span wrong[] = {
        SPAN(""),
        SPAN(" "),
        SPAN("hello"),
        SPAN("null"),
        SPAN("17"),
        SPAN("\"text\""),
        SPAN("[{}]"),
        SPAN("{"),
        SPAN("{\"message\":\"Client read error\""),
        SPAN("{\"message\":\"Client read error\"} {}"),
        SPAN("{\"message\":\"Client read error\"}x"),
        SPAN("{\"message\":\"Client read error\"}\0"),
        SPAN("{\"message\":\"Client\0read error\"}"),
        SPAN("{\"message\":\0\"Client read error\"}"),
        SPAN("\1{}"),
        SPAN("{\"message\":\"\xff\"}"),
        SPAN("{\"message\":\"\xc0\xaf\"}"),
        SPAN("{\"message\":\"\xe2\x82\"}"),
        SPAN("{\"message\":\"\\ud800\"}"),
        SPAN("{'message':'Client read error'}"),
        SPAN("{\"a\":01}"),
        SPAN("{\"a\":1.}"),
        SPAN("{\"a\":+1}"),
        SPAN("{\"a\":1e}"),
        SPAN("{\"a\":-}"),
        SPAN("{\"a\":1,}"),
        SPAN("{\"a\":[1,]}"),
        SPAN("{,}"),
        SPAN("{\"a\"}"),
        SPAN("{a:1}"),
        SPAN("{\"a\":tru}"),
        SPAN("{\"a\":\"\\x\"}"),
        SPAN("{\"a\":\"\\u12g4\"}"),
        SPAN("{\"message\":\"Client read error\\u0000\"}"),
        SPAN("{\"\\u0000\":1}"),
        SPAN("{\"a\":\"tab\there\"}"),
        SPAN("\xef\xbb\xbf{}"),
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char *copy = malloc(wrong[i].n + 1); /* with nothing behind it: the address sanitizer sees a byte too many */
        char *end = copy + 1;
        memcpy(end, wrong[i].at, wrong[i].n);
        events_line(&events, (struct span){end, wrong[i].n});
        free(copy);
        assert_counts(0, i + 1, 0);
    }
}

static void nested_without_end_is_wrong(void **state)
{
    (void)state;
    static char deep[INPUT_LINE_MOST];
    memset(deep, '[', sizeof deep);
    memcpy(deep, "{\"data\":", 8);
    events_line(&events, (struct span){deep, sizeof deep});
    assert_counts(0, 1, 0);
}

static void read_errors_are_counted(void **state)
{
    (void)state;
    tell("Client read error", "{\"error\":\"Success\"}");
    tell("Client read error", "null");
    tell("Client write error", "{\"error\":\"Success\"}");
    assert_counts(3, 0, 2);
}

/* ---- Response times ---- */

static void a_time_goes_into_the_first_bucket_that_holds_it(void **state)
{
    (void)state;
    static const struct {
        const char *ms;
        size_t bucket;
    } rows[] = {{"0", 0},     {"1", 0},     {"1.0001", 1}, {"2", 1},     {"5", 2},   {"10", 3},
                {"20", 4},    {"20.01", 5}, {"50", 5},     {"100", 6},   {"200", 7}, {"500", 8},
                {"500.1", 9}, {"60000", 9}, {"1e300", 9},  {"1e-300", 0}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        forget(NULL);
        respond("\"c_send_message\"", "\"s_success\"", rows[i].ms);
        assert_counts(1, 0, 0);
        assert_int_equal(events.n_series, 1);
        for (size_t b = 0; b < EVENTS_BUCKETS; b++)
            assert_int_equal(events.series[0].buckets[b], b == rows[i].bucket);
    }
}

static void labels_tell_series_apart(void **state)
{
    (void)state;
    respond("\"c_connect_chat\"", "\"s_success\"", "1.5");
    respond("\"c_connect_chat\"", "\"s_failure\"", "2.5");
    respond("\"c_leave_chat\"", "\"s_success\"", "3.5");
    respond("\"c_connect_chat\"", "\"s_success\"", "4");
    tell(
        "Wrote first response",
        "{\"response time\":6,\"response\":{\"server_response_e\":\"s_success\",\"client_request_e\":\"c_leave_chat\"}}");
    assert_counts(5, 0, 0);
    assert_int_equal(events.n_series, 3);
    assert_string_equal(events.series[0].request, "c_connect_chat");
    assert_string_equal(events.series[0].response, "s_success");
    assert_true(events.series[0].sum > 0.00549 && events.series[0].sum < 0.00551);
    assert_string_equal(events.series[1].response, "s_failure");
    assert_string_equal(events.series[2].request, "c_leave_chat");
    assert_true(events.series[2].sum > 0.00949 && events.series[2].sum < 0.00951);
}

static void what_can_not_be_used_is_wrong(void **state)
{
    (void)state;
    static const char *const data[] = {
        "null",
        "[]",
        "17",
        "{}",
        "{\"response time\":1}",
        "{\"response time\":1,\"response\":null}",
        "{\"response time\":1,\"response\":[\"a\",\"b\"]}",
        "{\"response time\":1,\"response\":{\"client_request_e\":\"a\"}}",
        "{\"response time\":1,\"response\":{\"server_response_e\":\"a\"}}",
        "{\"response\":{\"client_request_e\":\"a\",\"server_response_e\":\"b\"}}",
        "{\"Response Time\":1,\"response\":{\"client_request_e\":\"a\",\"server_response_e\":\"b\"}}",
    };
    uint64_t wrong = 0;
    for (size_t i = 0; i < sizeof data / sizeof *data; i++)
        tell("Read first response from server", data[i]);
    wrong += sizeof data / sizeof *data;
    assert_counts(0, wrong, 0);
    static const char *const times[] = {"null", "\"1\"", "-1", "-0.001", "1e999", "true", "[1]"};
    for (size_t i = 0; i < sizeof times / sizeof *times; i++)
        respond("\"c\"", "\"s\"", times[i]);
    wrong += sizeof times / sizeof *times;
    respond("17", "\"s\"", "1");
    respond("\"c\"", "null", "1");
    events_line(&events, SPAN("{\"message\":\"Wrote first response\"}"));
    assert_counts(0, wrong + 3, 0);
    assert_int_equal(events.n_series, 0);
}

static void a_label_has_an_end(void **state)
{
    (void)state;
    char label[EVENTS_LABEL_ROOM + 3] = "\"";
    memset(label + 1, 'x', EVENTS_LABEL_ROOM);
    label[EVENTS_LABEL_ROOM] = '"';
    respond(label, "\"s\"", "1");
    respond("\"c\"", label, "1");
    assert_counts(2, 0, 0);
    label[EVENTS_LABEL_ROOM] = 'x';
    label[EVENTS_LABEL_ROOM + 1] = '"';
    respond(label, "\"s\"", "1");
    respond("\"c\"", label, "1");
    assert_counts(2, 2, 0);
}

static void pairs_of_labels_have_an_end(void **state)
{
    (void)state;
    char label[16];
    for (unsigned i = 0; i < EVENTS_SERIES_MOST + 5; i++) {
        snprintf(label, sizeof label, "\"c%u\"", i);
        respond(label, "\"s\"", "1");
    }
    assert_counts(EVENTS_SERIES_MOST, 5, 0);
    respond("\"c63\"", "\"s\"", "1");
    assert_counts(EVENTS_SERIES_MOST + 1, 5, 0);
    assert_int_equal(events.series[63].buckets[0], 2);
}

/* ---- Input ---- */

/* What came, read to its end in pieces of so many bytes. */
static void feed(struct span bytes, size_t piece)
{
    struct input *input = calloc(1, sizeof *input);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    for (size_t at = 0; at < bytes.n; at += piece) {
        size_t n = bytes.n - at < piece ? bytes.n - at : piece;
        assert_int_equal(write(ends[1], bytes.at + at, n), n);
        for (size_t got = 0; got < n;)
            got += (size_t)input_read(input, ends[0], &events);
    }
    close(ends[1]);
    assert_int_equal(input_read(input, ends[0], &events), 0);
    close(ends[0]);
    free(input);
}

static void input_is_cut_into_lines(void **state)
{
    (void)state;
    struct span text = SPAN("{}\n\nx\n{\"message\":\"Client read error\"}\r\n{\"a\":1}\n\0\n{}");
    for (size_t piece = 1; piece <= text.n; piece++) {
        forget(NULL);
        feed(text, piece);
        assert_counts(4, 3, 1);
    }
    forget(NULL);
    feed(SPAN(""), 1);
    assert_counts(0, 0, 0);
    feed(SPAN("{}\n"), 1);
    assert_counts(1, 0, 0);
    feed(SPAN("{\"half\":"), 3);
    assert_counts(1, 1, 0);
}

/* One line of so many bytes, all blank but for an object at its end, among others. */
static void feed_long(size_t n, bool ended)
{
    char *text = malloc(n + 64), *at = text;
    memset(text, ' ', n + 64);
    memcpy(at, "{}\n", 3);
    at += 3 + n - 2;
    memcpy(at, "{}\n{}\n", 6);
    at += ended ? 6 : 2;
    feed((struct span){text, (size_t)(at - text)}, 50001);
    free(text);
}

static void a_line_that_is_too_long_is_wrong_once(void **state)
{
    (void)state;
    feed_long(INPUT_LINE_MOST, true);
    assert_counts(3, 0, 0);
    feed_long(INPUT_LINE_MOST + 1, true);
    assert_counts(5, 1, 0);
    feed_long(5 * INPUT_LINE_MOST + 12345, true);
    assert_counts(7, 2, 0);
    feed_long(INPUT_LINE_MOST, false);
    assert_counts(9, 2, 0);
    feed_long(INPUT_LINE_MOST + 1, false);
    assert_counts(10, 3, 0);
    feed_long(3 * INPUT_LINE_MOST, false);
    assert_counts(11, 4, 0);
}

static void a_broken_input_is_told(void **state)
{
    (void)state;
    struct input *input = calloc(1, sizeof *input);
    assert_int_equal(input_read(input, -1, &events), -1);
    assert_counts(0, 0, 0);
    free(input);
}

/* ---- Text ---- */

static void assert_text(const char *expected)
{
    size_t n;
    char *text = metrics_text(&events, &n);
    assert_non_null(text);
    assert_int_equal(n, strlen(text));
    assert_string_equal(text, expected);
    free(text);
}

#define HEAD(good, wrong, read_errors)                                                                        \
    "# HELP webexporter_good_lines_total Good JSON records\n# TYPE webexporter_good_lines_total counter\n"    \
    "webexporter_good_lines_total " good "\n"                                                                 \
    "# HELP webexporter_wrong_lines_total Wrong JSON records\n# TYPE webexporter_wrong_lines_total counter\n" \
    "webexporter_wrong_lines_total " wrong "\n"                                                               \
    "# HELP client_read_errors_total Client read errors\n# TYPE client_read_errors_total counter\n"           \
    "client_read_errors_total " read_errors "\n"                                                              \
    "# HELP webserver_request_duration Response time\n# TYPE webserver_request_duration histogram\n"

#define BUCKET(labels, le, n) "webserver_request_duration_bucket{" labels ",le=\"" le "\"} " n "\n"
#define ALL(labels, a, b, c, d, e, f, g, h, i, j, sum) \
    BUCKET(labels, "0.001", a)                         \
    BUCKET(labels, "0.002", b)                         \
    BUCKET(labels, "0.005", c)                         \
    BUCKET(labels, "0.01", d)                          \
    BUCKET(labels, "0.02", e)                          \
    BUCKET(labels, "0.05", f)                          \
    BUCKET(labels, "0.1", g)                           \
    BUCKET(labels, "0.2", h)                           \
    BUCKET(labels, "0.5", i)                           \
    BUCKET(labels, "+Inf", j)                          \
    "webserver_request_duration_sum{" labels "} " sum "\nwebserver_request_duration_count{" labels "} " j "\n"

static void nothing_has_a_text(void **state)
{
    (void)state;
    assert_text(HEAD("0", "0", "0"));
}

static void counts_become_text(void **state)
{
    (void)state;
    respond("\"c_connect_chat\"", "\"s_success\"", "0.25");
    respond("\"c_connect_chat\"", "\"s_success\"", "3");
    respond("\"c_connect_chat\"", "\"s_success\"", "3");
    respond("\"c_connect_chat\"", "\"s_success\"", "499");
    respond("\"c_connect_chat\"", "\"s_success\"", "1000");
    respond("\"c_set_name\"", "\"s_failure\"", "0");
    events_line(&events, SPAN("no"));
    tell("Client read error", "null");
    events.good = UINT64_MAX;
    assert_text(HEAD("18446744073709551615", "1", "1") ALL(
        "client_request_e=\"c_connect_chat\",server_response_e=\"s_success\"", "1", "1", "3", "3", "3", "3", "3", "3",
        "4", "5", "1.50525") ALL("client_request_e=\"c_set_name\",server_response_e=\"s_failure\"", "1", "1", "1", "1",
                                 "1", "1", "1", "1", "1", "1", "0"));
}

static void labels_are_escaped(void **state)
{
    (void)state;
    respond("\"a\\\"b\\\\c\\nd\"", "\"\xc3\xa9\\t}\"", "1000");
    assert_text(HEAD("1", "0", "0") ALL("client_request_e=\"a\\\"b\\\\c\\nd\",server_response_e=\"\xc3\xa9\t}\"", "0",
                                        "0", "0", "0", "0", "0", "0", "0", "0", "1", "1"));
}

#define EXPORT_TEST(name) cmocka_unit_test_setup(name, forget)

int main(void)
{
    const struct CMUnitTest tests[] = {
        EXPORT_TEST(an_object_is_good),
        EXPORT_TEST(all_else_is_wrong),
        EXPORT_TEST(nested_without_end_is_wrong),
        EXPORT_TEST(read_errors_are_counted),
        EXPORT_TEST(a_time_goes_into_the_first_bucket_that_holds_it),
        EXPORT_TEST(labels_tell_series_apart),
        EXPORT_TEST(what_can_not_be_used_is_wrong),
        EXPORT_TEST(a_label_has_an_end),
        EXPORT_TEST(pairs_of_labels_have_an_end),
        EXPORT_TEST(input_is_cut_into_lines),
        EXPORT_TEST(a_line_that_is_too_long_is_wrong_once),
        EXPORT_TEST(a_broken_input_is_told),
        EXPORT_TEST(nothing_has_a_text),
        EXPORT_TEST(counts_become_text),
        EXPORT_TEST(labels_are_escaped),
    };
    return cmocka_run_group_tests_name("unit/export", tests, NULL, NULL);
}
