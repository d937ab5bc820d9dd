/* The words of a command line: what is understood, what is complained of, and what is answered at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/madeup.h"

/* ---- Words ---- */

static void test_flags(void **state)
{
    (void)state;
    char cluster[1000] = "-";
    memset(cluster + 1, 'q', sizeof cluster - 2);
    expect_run(WORDS("--terse"));
    assert_true(options.terse);
    expect_run(WORDS(cluster, "-qn3"));
    assert_true(options.terse);
    assert_int_equal(options.number, 3);
    expect_wrong(WORDS("--terse=yes"), "--terse: it takes no value");
    expect_wrong(WORDS("--terse="), "--terse: it takes no value");
}

static void test_abbreviations(void **state)
{
    (void)state;
    expect_run(WORDS("--num", "5", "--tex=x", "--ter"));
    assert_int_equal(options.number, 5);
    assert_string_equal(options.text, "x");
    assert_true(options.terse);
    expect_wrong(WORDS("--te=x"), "there is no option '--te=x', see --help");
}

static void test_unknown_options(void **state)
{
    (void)state;
    expect_wrong(WORDS("--nonsense"), "there is no option '--nonsense', see --help");
    expect_wrong(WORDS("--nonsense=5", "--help"), "there is no option '--nonsense=5', see --help");
    expect_wrong(WORDS("--t", "5"), "there is no option '--t', see --help");
    expect_wrong(WORDS("-z"), "there is no option '-z', see --help");
    expect_wrong(WORDS("-qz", "a"), "there is no option '-z', see --help");
    expect_wrong(WORDS("--no\nsense"), "there is no option '--no?sense', see --help");
}

static void test_missing_values(void **state)
{
    (void)state;
    expect_wrong(WORDS("--number"), "--number: the value is missing");
    expect_wrong(WORDS("-q", "-n"), "--number: the value is missing");
    expect_wrong(WORDS("--number="), "--number: the value is missing");
    expect_wrong(WORDS("--text", ""), "--text: the value is missing");
    expect_wrong(WORDS("-x", ""), "--text: the value is missing");
    expect_wrong(WORDS("--num"), "--number: the value is missing");
}

static void test_repeated_options(void **state)
{
    (void)state;
    expect_run(WORDS("-n", "1", "--number=2", "-x", "a", "--text", "b"));
    assert_int_equal(options.number, 2);
    assert_string_equal(options.text, "b");
    expect_run(WORDS("-ia", "-ib", "--item", "c"));
    assert_int_equal(options.n_items, 3);
    assert_memory_equal(options.items, "abc", 3);
    expect_wrong(WORDS("-n", "x", "-n", "2"), "--number: 'x' is not a whole number from 1 to 4294967295");
    expect_wrong(WORDS("-n", "x", "-t", "y"), "--number: 'x' is not a whole number from 1 to 4294967295");
}

static void test_operands(void **state)
{
    (void)state;
    expect_wrong(WORDS("stray"), "'stray' is no option, see --help");
    expect_wrong(WORDS("-n", "x", "str\nay"), "'str?ay' is no option, see --help");
    expect_wrong(WORDS("-q", "--", "-h"), "'-h' is no option, see --help");
    expect_wrong(WORDS(""), "'' is no option, see --help");
    operands_most = 2;
    expect_run(WORDS("-q"));
    assert_int_equal(reading.n_operands, 0);
    expect_run(WORDS("a", "-n", "5", "--", "-q"));
    assert_int_equal(reading.n_operands, 2);
    assert_string_equal(reading.operands[0], "a");
    assert_string_equal(reading.operands[1], "-q");
    assert_int_equal(options.number, 5);
    assert_false(options.terse);
    expect_wrong(WORDS("a", "b", "-q", "c", "d"), "'c' is one too many, see --help");
}

static void test_control_characters(void **state)
{
    (void)state;
    expect_wrong(WORDS("-n", "a\nb\r\x01\x1b[31m\x7f"),
                 "--number: 'a?b???[31m?' is not a whole number from 1 to 4294967295");
    expect_wrong(WORDS("-n", "\xc3\xa4"), "--number: '\xc3\xa4' is not a whole number from 1 to 4294967295");
}

static void test_long_complaints(void **state)
{
    (void)state;
    char value[5000];
    memset(value, 'x', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    assert_int_equal(read_words(WORDS("-n", value)), ARGS_WRONG);
    assert_int_equal(strncmp(err, "made-up: --number: 'xxx", 23), 0);
    assert_int_equal(strlen(reading.complaint), ARGS_COMPLAINT - 1);
    assert_int_equal(strlen(err), strlen("made-up: \n") + ARGS_COMPLAINT - 1);
    assert_ptr_equal(strchr(err, '\n'), err + strlen(err) - 1);
}

/* ---- Answers ---- */

static void test_help(void **state)
{
    (void)state;
    static const char text[] = "Usage: made-up [OPTION]... [N]\n"
                               "A program that does not exist.\n"
                               "\n"
                               "  -n, --number N            a number (7)\n"
                               "      --whole N             a large number\n"
                               "      --pause MS            milliseconds (1000)\n"
                               "  -t, --time S              seconds (0.5)\n"
                               "      --share X             a part (0.002)\n"
                               "  -x, --text TEXT           a text\n"
                               "  -q, --terse               say less\n"
                               "  -i, --item WORD           an item; repeatable (default)\n"
                               "      --scarce              needs memory that there is not\n"
                               "  -f, --file FILE           nothing sets it\n"
                               "  -h, --help                print this, and end\n"
                               "  -V, --version             print the version, and end\n"
                               "\n"
                               "The end.\n";
    char **const asking[] = {WORDS("--help"), WORDS("-h"), WORDS("--he"), WORDS("-qh"),
                             WORDS("-n", "x", "stray", "--help", "--nonsense")};
    for (size_t i = 0; i < sizeof asking / sizeof *asking; i++) {
        assert_int_equal(read_words(asking[i]), ARGS_DONE);
        assert_string_equal(out, text);
        assert_string_equal(err, "");
    }
    expect_wrong(WORDS("--help=more"), "--help: it takes no value");
}

static void test_version(void **state)
{
    (void)state;
    assert_int_equal(read_words(WORDS("--version", "--nonsense")), ARGS_DONE);
    assert_string_equal(out, "made-up " CONVEYOR_VERSION "\n");
    assert_string_equal(err, "");
    assert_int_equal(read_words(WORDS("-V", "-h")), ARGS_DONE);
    assert_string_equal(out, "made-up " CONVEYOR_VERSION "\n");
}

static void test_no_memory(void **state)
{
    (void)state;
    expect_complaint(WORDS("--scarce"), ARGS_FAILED, "--scarce: Cannot allocate memory");
    expect_wrong(WORDS("-n0", "--scarce"), "--number: '0' is not a whole number from 1 to 4294967295");
}

/* ---- What a program does in between ---- */

static void test_what_was_said(void **state)
{
    (void)state;
    madeup_begin();
    assert_true(args_defaults(&reading));
    assert_true(args_command_line(&reading, 5, WORDS("-f", "one", "--file=", "-q")));
    assert_string_equal(args_said(&reading, "file"), "");
    assert_string_equal(args_said(&reading, "terse"), "");
    assert_null(args_said(&reading, "number"));
    assert_false(options.terse);
    assert_true(args_apply(&reading));
    assert_true(options.terse);
    assert_int_equal(args_end(&reading), ARGS_RUN);
    assert_null(args_said(&reading, "file"));
}

static void test_file(void **state)
{
    (void)state;
    file_items = (const char *const[]){"b", "c", NULL};
    expect_run(WORDS("-q"));
    assert_int_equal(options.n_items, 2);
    assert_memory_equal(options.items, "bc", 2);
    expect_run(WORDS("-ia"));
    assert_int_equal(options.n_items, 1);
    assert_memory_equal(options.items, "a", 1);
    expect_wrong(WORDS("-n0"), "--number: '0' is not a whole number from 1 to 4294967295");
    file_items = (const char *const[]){"b", "", NULL};
    expect_wrong(WORDS("-n0"), "a/file:2: item: the value is missing");
}

static void test_complaints(void **state)
{
    (void)state;
    madeup_begin();
    assert_false(args_complain(&reading, "%s is below %d", "one", 2));
    assert_false(args_complain(&reading, "another"));
    assert_string_equal(reading.complaint, "one is below 2");
    madeup_begin();
    args_from(&reading, "file\twith\ttabs");
    assert_false(args_complain(&reading, "not there"));
    assert_string_equal(reading.complaint, "file?with?tabs: not there");
    madeup_begin();
    args_from(&reading, "file");
    reading.line = 12;
    reading.row = &madeup_rows[0];
    assert_false(args_complain(&reading, "wrong"));
    assert_string_equal(reading.complaint, "file:12: number: wrong");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_flags),
        TEST(test_abbreviations),
        TEST(test_unknown_options),
        TEST(test_missing_values),
        TEST(test_repeated_options),
        TEST(test_operands),
        TEST(test_control_characters),
        TEST(test_long_complaints),
        TEST(test_help),
        TEST(test_version),
        TEST(test_no_memory),
        TEST(test_what_was_said),
        TEST(test_file),
        TEST(test_complaints),
    };
    return cmocka_run_group_tests_name("unit/args_words", tests, NULL, NULL);
}
