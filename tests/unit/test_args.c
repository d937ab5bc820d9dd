/* The values that options have: every setter at its borders. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/madeup.h"

static void test_defaults(void **state)
{
    (void)state;
    expect_run(WORDS(NULL));
    assert_int_equal(options.number, 7);
    assert_int_equal(options.whole, 0);
    assert_int_equal(options.pause, SECOND);
    assert_int_equal(options.time, SECOND / 2);
    assert_true(options.share == 0.002);
    assert_null(options.text);
    assert_false(options.terse);
    assert_int_equal(options.n_items, 1);
    assert_int_equal(reading.n_operands, 0);
}

static void test_numbers(void **state)
{
    (void)state;
    static const char *const wrong[] = {"-1", "0",  "4294967296", "12x",  "x",   " 1",
                                        "1 ", "+1", "1.5",        "0x10", "1e3", NULL};
    expect_run(WORDS("--number", "1"));
    assert_int_equal(options.number, 1);
    expect_run(WORDS("--number=4294967295"));
    assert_int_equal(options.number, UINT32_MAX);
    expect_run(WORDS("-n0012"));
    assert_int_equal(options.number, 12);
    expect_all_wrong("number", wrong, "a whole number from 1 to 4294967295");
}

static void test_whole_numbers(void **state)
{
    (void)state;
    static const char *const wrong[] = {"-1", "9223372036854775808", "18446744073709551617", "99999999999999999999",
                                        NULL};
    expect_run(WORDS("--whole", "0"));
    assert_int_equal(options.whole, 0);
    expect_run(WORDS("--whole", "9223372036854775807"));
    assert_true(options.whole == INT64_MAX);
    expect_all_wrong("whole", wrong, "a whole number from 0 to 9223372036854775807");
}

static void test_milliseconds(void **state)
{
    (void)state;
    static const char *const wrong[] = {"9", "86400001", "1.5", "10ms", NULL};
    expect_run(WORDS("--pause", "10"));
    assert_int_equal(options.pause, 10 * MILLISECOND);
    expect_run(WORDS("--pause", "86400000"));
    assert_int_equal(options.pause, 86400 * SECOND);
    expect_all_wrong("pause", wrong, "a whole number from 10 to 86400000");
}

static void test_seconds(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "0",   "-1",  "-0.5", ".5",  "1.",   "1.0000001", "0.0009", "0.000999", "604800.000001", "604801", "1e3",
        "inf", "nan", "1,5",  "1.x", "1.5s", " 1",        "1.5.5",  "00000001", "99999999",      "0x1",    NULL};
    expect_run(WORDS("--time", "0.001"));
    assert_int_equal(options.time, MILLISECOND);
    expect_run(WORDS("-t", "0604799.999999"));
    assert_int_equal(options.time, INT64_C(604799999999));
    expect_run(WORDS("-t", "604800.000000"));
    assert_int_equal(options.time, 604800 * SECOND);
    expect_run(WORDS("-t", "0.25"));
    assert_int_equal(options.time, SECOND / 4);
    expect_all_wrong("time", wrong, "a number of seconds from 0.001 to 604800");
}

static void test_fractions(void **state)
{
    (void)state;
    static const char *const wrong[] = {"0", "0.000099", "1.000001", "2", "-0.5", ".5", "1e-3", "50%", "nan", NULL};
    expect_run(WORDS("--share", "0.0001"));
    assert_true(options.share == 0.0001);
    expect_run(WORDS("--share", "1"));
    assert_true(options.share == 1.0);
    expect_run(WORDS("--share", "0.123456"));
    assert_true(options.share == 0.123456);
    expect_all_wrong("share", wrong, "a number from 0.0001 to 1");
}

static void test_texts(void **state)
{
    (void)state;
    char text[2000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    expect_run(WORDS("--text", text));
    assert_string_equal(options.text, text);
    expect_run(WORDS("--text", "-n", "-x", " a\nb "));
    assert_string_equal(options.text, " a\nb ");
    expect_run(WORDS("-xone", "--text=two=2"));
    assert_string_equal(options.text, "two=2");
}

static void test_pieces(void **state)
{
    (void)state;
    int64_t value;
    assert_true(args_whole("9223372036854775807", &value));
    assert_true(value == INT64_MAX);
    assert_false(args_whole("9223372036854775808", &value));
    assert_false(args_whole("", &value));
    assert_false(args_whole("-0", &value));
    assert_true(args_seconds("9999999.999999", &value));
    assert_int_equal(value, INT64_C(9999999999999));
    assert_true(args_seconds("0", &value));
    assert_int_equal(value, 0);
    assert_false(args_seconds("", &value));
    assert_false(args_seconds(".", &value));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_defaults), TEST(test_numbers),   TEST(test_whole_numbers), TEST(test_milliseconds),
        TEST(test_seconds),  TEST(test_fractions), TEST(test_texts),         TEST(test_pieces),
    };
    return cmocka_run_group_tests_name("unit/args", tests, NULL, NULL);
}
