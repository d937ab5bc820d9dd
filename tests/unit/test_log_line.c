/* Tests of the log's lines: their form, and what becomes of text and lists that are bad or too long. */
#include <regex.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#include <cmocka.h>

#include "common/clock.h"
#include "common/log_writer.h"
#include "tests/unit/logs.h"

static void lines_have_their_form(void **state)
{
    (void)state;
    log_level = LOG_DEBUG;
    assert_null(log_open(logs_path));
    log_at(LOG_INFO, "lobby", "Chat created", LOG_C("chat", "general"), LOG_N("chats", 3), LOG_B("new", true));
    log_at(LOG_DEBUG, "room 1", "Sent response to client", LOG_C("response.type", "c_send_message"),
           LOG_C("response.message", "a \"quoted\"\ttext\n"), LOG_N("client.fd", -7));
    log_at(LOG_WARN, "gate", "No fields");
    log_at(LOG_ERROR, "main", "Raw", LOG_J("listen", "[\"127.0.0.1:5000\"]"), LOG_B("no", false), LOG_C("none", ""));
    log_close();
    struct lines lines = logs_read(logs_path);
    assert_int_equal(lines.n, 4);
    logs_assert_line(&lines, 0, "info",
                     "\"stage\":\"lobby\",\"message\":\"Chat created\","
                     "\"data\":{\"chat\":\"general\",\"chats\":3,\"new\":true}");
    logs_assert_line(&lines, 1, "debug",
                     "\"stage\":\"room 1\",\"message\":\"Sent response to client\","
                     "\"data\":{\"response\":{\"type\":\"c_send_message\",\"message\":\"a \\\"quoted\\\"\\ttext\\n\"},"
                     "\"client\":{\"fd\":-7}}");
    logs_assert_line(&lines, 2, "warn", "\"stage\":\"gate\",\"message\":\"No fields\",\"data\":{}");
    logs_assert_line(&lines, 3, "error",
                     "\"stage\":\"main\",\"message\":\"Raw\","
                     "\"data\":{\"listen\":[\"127.0.0.1:5000\"],\"no\":false,\"none\":\"\"}");
    assert_int_equal(log_dropped(), 0);
    logs_free(&lines);
}

static void timestamps_are_utc_with_milliseconds(void **state)
{
    (void)state;
    assert_null(log_open(logs_path));
    time_t before = (time_t)(clock_wall() / SECOND);
    log_at(LOG_INFO, "main", "Now");
    time_t after = (time_t)(clock_wall() / SECOND);
    log_close();
    struct lines lines = logs_read(logs_path);
    const char *stamp = logs_text(lines.at[0], "timestamp");
    regex_t form;
    assert_int_equal(
        regcomp(&form, "^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]{3}Z$", REG_EXTENDED | REG_NOSUB),
        0);
    assert_int_equal(regexec(&form, stamp, 0, NULL, 0), 0);
    regfree(&form);
    struct tm parts = {0};
    assert_non_null(strptime(stamp, "%Y-%m-%dT%H:%M:%S", &parts));
    time_t told = timegm(&parts);
    assert_true(told >= before && told <= after);
    logs_free(&lines);
}

static void numbers_are_exact(void **state)
{
    (void)state;
    assert_null(log_open(logs_path));
    log_at(LOG_INFO, "main", "Numbers", LOG_N("most", INT64_MAX), LOG_N("least", INT64_MIN), LOG_N("zero", 0));
    log_close();
    struct lines lines = logs_read(logs_path);
    const char *expected = "{\"most\":9223372036854775807,\"least\":-9223372036854775808,\"zero\":0}";
    assert_non_null(memmem(lines.text.at, lines.text.n, expected, strlen(expected)));
    logs_free(&lines);
}

static void levels_keep_records_out(void **state)
{
    (void)state;
    log_level = LOG_WARN;
    assert_null(log_open(logs_path));
    assert_true(log_write(LOG_INFO, "main", "unwanted", 0, NULL));
    log_at(LOG_DEBUG, "main", "unwanted");
    assert_true(log_write(LOG_WARN, "main", "wanted", 0, NULL));
    assert_true(log_write(LOG_ERROR, "main", "wanted", 0, NULL));
    log_close();
    struct lines lines = logs_read(logs_path);
    assert_int_equal(lines.n, 2);
    logs_assert_line(&lines, 0, "warn", "\"stage\":\"main\",\"message\":\"wanted\",\"data\":{}");
    logs_free(&lines);
}

static void bad_text_makes_good_json(void **state)
{
    (void)state;
    assert_null(log_open(logs_path));
    log_at(LOG_INFO, "main", "Bad", LOG_C("latin", "caf\xe9!"), LOG_S("nul", ((struct span){"a\0b", 3})),
           LOG_C("cut", "\xe2\x82"), LOG_C("control", "\x01\x7f\r"), LOG_C("fine", "\xf0\x9f\x98\x80"));
    log_close();
    struct lines lines = logs_read(logs_path);
    const cJSON *data = logs_data(lines.at[0]);
    assert_string_equal(logs_text(data, "latin"), "caf\xef\xbf\xbd!");
    assert_string_equal(logs_text(data, "nul"), "a\357\277\275b");
    assert_string_equal(logs_text(data, "cut"), "\xef\xbf\xbd\xef\xbf\xbd");
    assert_string_equal(logs_text(data, "control"), "\x01\x7f\r");
    assert_string_equal(logs_text(data, "fine"), "\xf0\x9f\x98\x80");
    logs_free(&lines);
}

/* The longest text gives way, at a character's edge; what is short stays whole. */
static void long_texts_are_cut(void **state)
{
    (void)state;
    char text[3000];
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = "\xe2\x82\xac"[i % 3];
    assert_null(log_open(logs_path));
    log_at(LOG_INFO, "main", "Long", LOG_C("name", "a name that is short"), LOG_S("text", ((struct span){text, 3000})),
           LOG_N("n", 1), LOG_C("last", "short too"));
    log_close();
    struct lines lines = logs_read(logs_path);
    const cJSON *data = logs_data(lines.at[0]);
    assert_string_equal(logs_text(data, "name"), "a name that is short");
    assert_string_equal(logs_text(data, "last"), "short too");
    size_t n = strlen(logs_text(data, "text"));
    assert_true(n > 200 && n < 512 && n % 3 == 0);
    assert_memory_equal(logs_text(data, "text"), text, n);
    assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(data, "cut")));
    logs_free(&lines);
}

/* Texts of all lengths around what a slot holds: what is not said to be cut is whole. */
static void nothing_is_cut_silently(void **state)
{
    (void)state;
    char text[600];
    memset(text, 'x', sizeof text);
    assert_null(log_open(logs_path));
    for (size_t n = 0; n < sizeof text; n++)
        log_at(LOG_INFO, "main", "Length", LOG_S("text", ((struct span){text, n})), LOG_B("end", true));
    log_close();
    struct lines lines = logs_read(logs_path);
    assert_int_equal(lines.n, sizeof text);
    size_t whole = 0;
    for (size_t n = 0; n < lines.n; n++) {
        const cJSON *data = logs_data(lines.at[n]);
        assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(data, "end")));
        if (strlen(logs_text(data, "text")) == n)
            whole++;
        else
            assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(data, "cut")));
    }
    assert_true(whole > 400);
    logs_free(&lines);
}

static void json_is_never_cut(void **state)
{
    (void)state;
    char list[2000];
    logs_make_list(list, sizeof list);
    assert_null(log_open(logs_path));
    log_at(LOG_INFO, "main", "Json", LOG_J("list", list), LOG_J("short", "{\"a\":[]}"));
    log_close();
    struct lines lines = logs_read(logs_path);
    logs_assert_line(
        &lines, 0, "info",
        "\"stage\":\"main\",\"message\":\"Json\",\"data\":{\"list\":null,\"short\":{\"a\":[]},\"cut\":true}");
    logs_free(&lines);
}

static void too_many_fields_are_cut(void **state)
{
    (void)state;
    enum { FIELDS = 100 };
    struct log_field fields[FIELDS];
    for (size_t i = 0; i < FIELDS; i++)
        fields[i] = LOG_N("number", i);
    assert_null(log_open(logs_path));
    assert_true(log_write(LOG_INFO, "main", "Many", FIELDS, fields));
    log_close();
    struct lines lines = logs_read(logs_path);
    int n = cJSON_GetArraySize(logs_data(lines.at[0]));
    assert_true(n > 20 && n < FIELDS);
    assert_true(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(logs_data(lines.at[0]), "cut")));
    logs_free(&lines);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        LOGS_TEST(lines_have_their_form),    LOGS_TEST(timestamps_are_utc_with_milliseconds),
        LOGS_TEST(numbers_are_exact),        LOGS_TEST(levels_keep_records_out),
        LOGS_TEST(bad_text_makes_good_json), LOGS_TEST(long_texts_are_cut),
        LOGS_TEST(nothing_is_cut_silently),  LOGS_TEST(json_is_never_cut),
        LOGS_TEST(too_many_fields_are_cut),
    };
    return cmocka_run_group_tests_name("unit/log_line", tests, NULL, NULL);
}
