/* The reader of options, with a small table of a program that does not exist. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/args.h"
#include "common/clock.h"

enum { ITEMS_MAX = 8, SAID_MAX = 4096 };

static struct program {
    uint32_t number;
    uint64_t whole;
    int64_t pause, time;
    double share;
    char *text;
    bool terse;
    char items[ITEMS_MAX]; /* the first letter of each */
    size_t n_items;
    int items_source;
} options;

static bool set_item(struct args *args, const char *value)
{
    struct program *program = args->options;
    if (program->items_source != args->source)
        program->n_items = 0;
    program->items_source = args->source;
    assert_true(program->n_items < ITEMS_MAX);
    program->items[program->n_items++] = *value;
    return true;
}

static bool set_scarce(struct args *args, const char *value)
{
    (void)value;
    return args_no_memory(args);
}

#define AT(member) offsetof(struct program, member)

enum { ITEM = 7 /* its place */ };

static const struct args_row rows[] = {
    {"number", 'n', "N", "7", "a number", args_set_number, AT(number), 1, UINT32_MAX},
    {"whole", 0, "N", NULL, "a large number", args_set_whole, AT(whole), 0, INT64_MAX},
    {"pause", 0, "MS", "1000", "milliseconds", args_set_milliseconds, AT(pause), 10, 86400000},
    {"time", 't', "S", "0.5", "seconds", args_set_seconds, AT(time), MILLISECOND, 604800 * SECOND},
    {"share", 0, "X", "0.002", "a part", args_set_fraction, AT(share), 100, 1000000},
    {"text", 'x', "TEXT", NULL, "a text", args_set_text, AT(text), 0, 0},
    {"terse", 'q', NULL, NULL, "say less", args_set_flag, AT(terse), 0, 0},
    [ITEM] = {"item", 'i', "WORD", "default", "an item; repeatable", set_item, 0, 0, 0},
    {"scarce", 0, NULL, NULL, "needs memory that there is not", set_scarce, 0, 0, 0},
    {"file", 'f', "FILE", NULL, "nothing sets it", NULL, 0, 0, 0},
};

static void print_more(void)
{
    puts("\nThe end.");
}

static struct args args;
static char out[SAID_MAX], err[SAID_MAX]; /* what the last reading wrote */
static int operands_most;
static const char *const *file_items; /* what a file says, a line each; NULL: no file is read */

static void begin(void)
{
    free(options.text);
    options = (struct program){0};
    args = (struct args){.program = "made-up",
                         .usage = "[OPTION]... [N]",
                         .about = "A program that does not exist.",
                         .rows = rows,
                         .n_rows = sizeof rows / sizeof *rows,
                         .options = &options,
                         .print_more = print_more,
                         .operands_most = operands_most};
}

static bool read_file(void)
{
    if (!file_items)
        return true;
    args_from(&args, "a/file");
    for (const char *const *item = file_items; *item; item++) {
        args.line++;
        if (!args_set(&args, &rows[ITEM], *item))
            return false;
    }
    return true;
}

/* Reads the words as a program would. */
static enum args_result read_words(char **words)
{
    int n = 0;
    while (words[n])
        n++;
    FILE *real_out = stdout, *real_err = stderr;
    memset(out, 0, sizeof out);
    memset(err, 0, sizeof err);
    stdout = fmemopen(out, sizeof out, "w");
    stderr = fmemopen(err, sizeof err, "w");
    begin();
    if (args_defaults(&args) && args_command_line(&args, n, words) && read_file())
        args_apply(&args);
    enum args_result result = args_end(&args);
    fclose(stdout);
    fclose(stderr);
    stdout = real_out;
    stderr = real_err;
    return result;
}

/* argv, in the block of the caller. */
#define WORDS(...) ((char *[]){(char *)"made-up", __VA_ARGS__, NULL})

static void expect_run(char **words)
{
    enum args_result result = read_words(words);
    assert_string_equal(err, "");
    assert_string_equal(out, "");
    assert_int_equal(result, ARGS_RUN);
}

static void expect_complaint(char **words, enum args_result result, const char *complaint)
{
    char line[SAID_MAX];
    assert_int_equal(read_words(words), result);
    snprintf(line, sizeof line, "made-up: %s\n", complaint);
    assert_string_equal(err, line);
    assert_string_equal(out, "");
}

static void expect_wrong(char **words, const char *complaint)
{
    expect_complaint(words, ARGS_WRONG, complaint);
}

/* Each of these values is refused, in the same words. */
static void expect_all_wrong(const char *name, const char *const values[], const char *reason)
{
    for (; *values; values++) {
        char option[64], joined[128], complaint[256];
        snprintf(option, sizeof option, "--%s", name);
        snprintf(joined, sizeof joined, "--%s=%s", name, *values);
        snprintf(complaint, sizeof complaint, "--%s: '%s' is not %s", name, *values, reason);
        expect_wrong(WORDS(option, (char *)*values), complaint);
        expect_wrong(WORDS(joined), complaint);
    }
}

/* ---- Values ---- */

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
    assert_int_equal(args.n_operands, 0);
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
    assert_int_equal(args.n_operands, 0);
    expect_run(WORDS("a", "-n", "5", "--", "-q"));
    assert_int_equal(args.n_operands, 2);
    assert_string_equal(args.operands[0], "a");
    assert_string_equal(args.operands[1], "-q");
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
    assert_int_equal(strlen(args.complaint), ARGS_COMPLAINT - 1);
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
    begin();
    assert_true(args_defaults(&args));
    assert_true(args_command_line(&args, 5, WORDS("-f", "one", "--file=", "-q")));
    assert_string_equal(args_said(&args, "file"), "");
    assert_string_equal(args_said(&args, "terse"), "");
    assert_null(args_said(&args, "number"));
    assert_false(options.terse);
    assert_true(args_apply(&args));
    assert_true(options.terse);
    assert_int_equal(args_end(&args), ARGS_RUN);
    assert_null(args_said(&args, "file"));
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
    begin();
    assert_false(args_complain(&args, "%s is below %d", "one", 2));
    assert_false(args_complain(&args, "another"));
    assert_string_equal(args.complaint, "one is below 2");
    begin();
    args_from(&args, "file\twith\ttabs");
    assert_false(args_complain(&args, "not there"));
    assert_string_equal(args.complaint, "file?with?tabs: not there");
    begin();
    args_from(&args, "file");
    args.line = 12;
    args.row = &rows[0];
    assert_false(args_complain(&args, "wrong"));
    assert_string_equal(args.complaint, "file:12: number: wrong");
}

static int set_up(void **state)
{
    (void)state;
    operands_most = 0;
    file_items = NULL;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(options.text);
    options.text = NULL;
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_defaults),
        TEST(test_numbers),
        TEST(test_whole_numbers),
        TEST(test_milliseconds),
        TEST(test_seconds),
        TEST(test_fractions),
        TEST(test_texts),
        TEST(test_pieces),
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
    return cmocka_run_group_tests_name("unit/args", tests, NULL, NULL);
}
