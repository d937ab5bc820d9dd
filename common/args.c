/* Options: one table that the command line, a configuration file and --help all read. */
#include "common/args.h"

#include <assert.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

#ifndef CONVEYOR_VERSION
#define CONVEYOR_VERSION "unversioned"
#endif

/* --- Complaints. --- */

bool args_complain(struct args *args, const char *format, ...)
{
    char *to = args->complaint, *end = to + sizeof args->complaint;
    if (*to)
        return false;
    if (args->file)
        to += snprintf(to, 512, "%.400s:", args->file);
    if (args->file && args->line)
        to += snprintf(to, 16, "%d:", args->line);
    if (args->file)
        *to++ = ' ';
    if (args->row)
        to += snprintf(to, 64, "%s%.50s: ", args->file ? "" : "--", args->row->name);
    va_list rest;
    va_start(rest, format);
    vsnprintf(to, (size_t)(end - to), format, rest);
    va_end(rest);
    for (to = args->complaint; *to; to++)
        if ((unsigned char)*to < ' ' || *to == 0x7f)
            *to = '?';
    return false;
}

bool args_no_memory(struct args *args)
{
    args->failed = true;
    return args_complain(args, "%s", strerror(ENOMEM));
}

/* --- Values. --- */

bool args_whole(const char *text, int64_t *whole)
{
    errno = 0;
    *whole = strtoll(text, NULL, 10);
    return *text && !text[strspn(text, "0123456789")] && errno == 0;
}

/* What a plain decimal says in millionths. */
static bool parse_decimal(const char *text, int64_t *millionths)
{
    size_t n = strspn(text, "0123456789");
    if (n == 0 || n > 7)
        return false;
    *millionths = strtoll(text, NULL, 10) * 1000000;
    text += n;
    if (!*text)
        return true;
    n = strspn(text + 1, "0123456789");
    if (*text != '.' || n == 0 || n > 6 || text[1 + n])
        return false;
    int64_t unit = 100000;
    for (text++; *text; text++, unit /= 10)
        *millionths += (*text - '0') * unit;
    return true;
}

bool args_seconds(const char *text, int64_t *time)
{
    static_assert(SECOND == 1000000, "a microsecond is a millionth of a second");
    return parse_decimal(text, time);
}

/* --- Setters. --- */

static void *place(struct args *args)
{
    return (char *)args->options + args->row->at;
}

static bool within(const struct args *args, int64_t value)
{
    return value >= args->row->least && value <= args->row->most;
}

static bool get_whole(struct args *args, const char *value, int64_t *whole)
{
    if (args_whole(value, whole) && within(args, *whole))
        return true;
    return args_complain(args, "'%s' is not a whole number from %lld to %lld", value, (long long)args->row->least,
                         (long long)args->row->most);
}

/* what: how a complaint calls it. */
static bool get_decimal(struct args *args, const char *what, const char *value, int64_t *millionths)
{
    if (parse_decimal(value, millionths) && within(args, *millionths))
        return true;
    return args_complain(args, "'%s' is not a number%s from %.10g to %.10g", value, what,
                         (double)args->row->least / 1e6, (double)args->row->most / 1e6);
}

bool args_set_number(struct args *args, const char *value)
{
    int64_t whole = 0;
    if (!get_whole(args, value, &whole))
        return false;
    *(uint32_t *)place(args) = (uint32_t)whole;
    return true;
}

bool args_set_whole(struct args *args, const char *value)
{
    return get_whole(args, value, place(args));
}

bool args_set_milliseconds(struct args *args, const char *value)
{
    int64_t whole = 0;
    if (!get_whole(args, value, &whole))
        return false;
    *(int64_t *)place(args) = whole * MILLISECOND;
    return true;
}

bool args_set_seconds(struct args *args, const char *value)
{
    return get_decimal(args, " of seconds", value, place(args));
}

bool args_set_fraction(struct args *args, const char *value)
{
    int64_t millionths = 0;
    if (!get_decimal(args, "", value, &millionths))
        return false;
    *(double *)place(args) = (double)millionths / 1e6;
    return true;
}

bool args_set_text(struct args *args, const char *value)
{
    char **text = place(args);
    free(*text);
    *text = strdup(value);
    return *text || args_no_memory(args);
}

bool args_set_flag(struct args *args, const char *value)
{
    (void)value;
    *(bool *)place(args) = true;
    return true;
}

/* --- The table. --- */

/* What every program has, behind its own rows. */
static const struct args_row help_row = {"help", 'h', NULL, NULL, "print this, and end", NULL, 0, 0, 0};
static const struct args_row version_row = {"version", 'V', NULL, NULL, "print the version, and end", NULL, 0, 0, 0};

/* NULL behind the last one. */
static const struct args_row *row_at(const struct args *args, size_t i)
{
    if (i < args->n_rows)
        return &args->rows[i];
    return i == args->n_rows ? &help_row : i == args->n_rows + 1 ? &version_row : NULL;
}

bool args_set(struct args *args, const struct args_row *row, const char *value)
{
    args->row = row;
    bool fine = row->value && !*value ? args_complain(args, "the value is missing") : row->set(args, value);
    args->row = NULL;
    return fine;
}

void args_from(struct args *args, const char *file)
{
    args->file = file;
    args->line = 0;
    args->source++;
}

bool args_defaults(struct args *args)
{
    args_from(args, NULL);
    for (size_t i = 0; i < args->n_rows; i++)
        if (args->rows[i].fallback && !args_set(args, &args->rows[i], args->rows[i].fallback))
            return false;
    return true;
}

/* --- The command line. --- */

static void print_help(const struct args *args)
{
    const struct args_row *row;
    printf("Usage: %s %s\n%s\n\n", args->program, args->usage, args->about);
    for (size_t i = 0; (row = row_at(args, i)); i++) {
        char left[64], letter[8] = "    ";
        if (row->letter)
            snprintf(letter, sizeof letter, "-%c, ", row->letter);
        snprintf(left, sizeof left, "%s--%s %s", letter, row->name, row->value ? row->value : "");
        printf("  %-25s %s", left, row->help);
        if (row->fallback)
            printf(" (%s)", row->fallback);
        putchar('\n');
    }
    if (args->print_more)
        args->print_more();
}

enum { FIRST_LONG = 256 /* getopt_long gives this plus the row's place for a name */ };

/* What getopt_long needs to know, made from the table; all zero before. */
struct getopt_table {
    struct option longs[ARGS_ROWS + 3]; /* two rows are every program's, and the last has no name */
    char shorts[2 * (ARGS_ROWS + 2) + 2];
};

static void make_getopt(const struct args *args, struct getopt_table *table)
{
    const struct args_row *row;
    char *to = table->shorts;
    assert(args->n_rows <= ARGS_ROWS);
    *to++ = ':';
    for (size_t i = 0; (row = row_at(args, i)); i++) {
        table->longs[i] = (struct option){
            .name = row->name, .has_arg = row->value ? required_argument : no_argument, .val = FIRST_LONG + (int)i};
        if (row->letter)
            *to++ = row->letter;
        if (row->letter && row->value)
            *to++ = ':';
    }
}

/* By a letter, or by what getopt_long gives for a name. NULL: nothing is called so. */
static const struct args_row *find_row(const struct args *args, int got)
{
    const struct args_row *row;
    for (size_t i = 0; (row = row_at(args, i)); i++)
        if (got == FIRST_LONG + (int)i || (got && got == row->letter))
            return row;
    return NULL;
}

/* Why getopt_long gave '?' or ':' for this word. */
static bool complain_about(struct args *args, int got, const char *word)
{
    args->row = find_row(args, optopt);
    if (args->row)
        return args_complain(args, got == ':' ? "the value is missing" : "it takes no value");
    if (optopt)
        return args_complain(args, "there is no option '-%c', see --help", optopt);
    return args_complain(args, "there is no option '%s', see --help", word);
}

static bool keep_operands(struct args *args, int n, char **words)
{
    args->operands = words;
    args->n_operands = n;
    if (n <= args->operands_most)
        return true;
    return args_complain(args,
                         args->operands_most ? "'%s' is one too many, see --help" : "'%s' is no option, see --help",
                         words[args->operands_most]);
}

/* What the command line says once, kept until it is time to set it. */
struct args_said {
    const struct args_row *row;
    const char *value;
};

/* Whether there is nothing more to do after this option. */
static bool answer(struct args *args, const struct args_row *row)
{
    if (row == &help_row)
        print_help(args);
    else if (row == &version_row)
        printf("%s %s\n", args->program, CONVEYOR_VERSION);
    else
        return false;
    args->done = true;
    return true;
}

/* There can be more of them than words: -qqq. */
static bool keep_said(struct args *args, const struct args_row *row, const char *value)
{
    struct args_said *more = reallocarray(args->said, args->n_said + 1, sizeof *more);
    if (!more)
        return args_no_memory(args);
    args->said = more;
    args->said[args->n_said++] = (struct args_said){row, value};
    return true;
}

bool args_command_line(struct args *args, int argc, char **argv)
{
    struct getopt_table table = {0};
    make_getopt(args, &table);
    optind = 0; /* GNU's way to begin anew: tests read more than one command line */
    opterr = 0;
    for (int got; (got = getopt_long(argc, argv, table.shorts, table.longs, NULL)) != -1;) {
        if (got == '?' || got == ':')
            return complain_about(args, got, argv[optind - 1]);
        const struct args_row *row = find_row(args, got);
        if (answer(args, row) || !keep_said(args, row, optarg ? optarg : ""))
            return false;
    }
    return keep_operands(args, argc - optind, argv + optind);
}

const char *args_said(const struct args *args, const char *name)
{
    for (size_t i = args->n_said; i-- > 0;)
        if (strcmp(args->said[i].row->name, name) == 0)
            return args->said[i].value;
    return NULL;
}

bool args_apply(struct args *args)
{
    args_from(args, NULL);
    for (size_t i = 0; i < args->n_said; i++)
        if (args->said[i].row->set && !args_set(args, args->said[i].row, args->said[i].value))
            return false;
    return true;
}

enum args_result args_end(struct args *args)
{
    free(args->said);
    args->said = NULL;
    args->n_said = 0;
    if (args->done)
        return ARGS_DONE;
    if (!*args->complaint)
        return ARGS_RUN;
    fprintf(stderr, "%s: %s\n", args->program, args->complaint);
    return args->failed ? ARGS_FAILED : ARGS_WRONG;
}
