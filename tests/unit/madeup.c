/* For the tests of the reader of options: a program that does not exist. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/madeup.h"

struct madeup options;

static bool set_item(struct args *args, const char *value)
{
    struct madeup *program = args->options;
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

#define AT(member) offsetof(struct madeup, member)

const struct args_row madeup_rows[] = {
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

struct args reading;
char out[SAID_MAX], err[SAID_MAX];
int operands_most;
const char *const *file_items;

void madeup_begin(void)
{
    free(options.text);
    options = (struct madeup){0};
    reading = (struct args){.program = "made-up",
                            .usage = "[OPTION]... [N]",
                            .about = "A program that does not exist.",
                            .rows = madeup_rows,
                            .n_rows = sizeof madeup_rows / sizeof *madeup_rows,
                            .options = &options,
                            .print_more = print_more,
                            .operands_most = operands_most};
}

static bool read_file(void)
{
    if (!file_items)
        return true;
    args_from(&reading, "a/file");
    for (const char *const *item = file_items; *item; item++) {
        reading.line++;
        if (!args_set(&reading, &madeup_rows[ITEM], *item))
            return false;
    }
    return true;
}

enum args_result read_words(char **words)
{
    int n = 0;
    while (words[n])
        n++;
    FILE *real_out = stdout, *real_err = stderr;
    memset(out, 0, sizeof out);
    memset(err, 0, sizeof err);
    stdout = fmemopen(out, sizeof out, "w");
    stderr = fmemopen(err, sizeof err, "w");
    madeup_begin();
    if (args_defaults(&reading) && args_command_line(&reading, n, words) && read_file())
        args_apply(&reading);
    enum args_result result = args_end(&reading);
    fclose(stdout);
    fclose(stderr);
    stdout = real_out;
    stderr = real_err;
    return result;
}

void expect_run(char **words)
{
    enum args_result result = read_words(words);
    assert_string_equal(err, "");
    assert_string_equal(out, "");
    assert_int_equal(result, ARGS_RUN);
}

void expect_complaint(char **words, enum args_result result, const char *complaint)
{
    char line[SAID_MAX];
    assert_int_equal(read_words(words), result);
    snprintf(line, sizeof line, "made-up: %s\n", complaint);
    assert_string_equal(err, line);
    assert_string_equal(out, "");
}

void expect_wrong(char **words, const char *complaint)
{
    expect_complaint(words, ARGS_WRONG, complaint);
}

void expect_all_wrong(const char *name, const char *const values[], const char *reason)
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

int madeup_set_up(void **state)
{
    (void)state;
    operands_most = 0;
    file_items = NULL;
    return 0;
}

int madeup_tear_down(void **state)
{
    (void)state;
    free(options.text);
    options.text = NULL;
    return 0;
}
