/* Options: one table that the command line, the configuration file and --help all read. */
#include "server/options.h"

#include <errno.h>
#include <getopt.h>
#include <ini.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "common/protocol.h"
#include "server/arch/arch.h"

#ifndef CONVEYOR_VERSION
#define CONVEYOR_VERSION "unversioned"
#endif

enum { FIRST_LONG = 256 /* getopt_long gives this plus the row's place when there is no letter */ };

/* How far reading has come: what is being read, for complaints, and the first complaint. */
struct reading {
    struct options *options;
    const char *file; /* NULL: the command line, or a default */
    int line;
    const struct row *row;
    int source;        /* changes whenever a list has to begin anew */
    int listen_source; /* the source of the addresses there are */
    bool failed;       /* the complaint is the machine's: nothing said was wrong */
    char complaint[1024];
};

struct row {
    const char *name;
    char letter;
    const char *value;    /* what --help calls it; NULL: there is none */
    const char *fallback; /* the default, read like anything else said; NULL: off, or computed */
    const char *help;
    bool (*set)(struct reading *, const char *value); /* NULL: the command line's loop does it */
    size_t at;                                        /* where in struct options */
    int64_t least, most;
};

/* Keeps the first complaint, in one line whatever the value holds. Always false: callers return it. */
__attribute__((format(printf, 2, 3))) static bool complain(struct reading *reading, const char *format, ...)
{
    char *to = reading->complaint, *end = to + sizeof reading->complaint;
    if (*to)
        return false;
    if (reading->file)
        to += snprintf(to, 512, "%.400s:", reading->file);
    if (reading->file && reading->line)
        to += snprintf(to, 16, "%d:", reading->line);
    if (reading->file)
        *to++ = ' ';
    if (reading->row)
        to += snprintf(to, 64, "%s%s: ", reading->file ? "" : "--", reading->row->name);
    va_list rest;
    va_start(rest, format);
    vsnprintf(to, (size_t)(end - to), format, rest);
    va_end(rest);
    for (to = reading->complaint; *to; to++)
        if ((unsigned char)*to < ' ' || *to == 0x7f)
            *to = '?';
    return false;
}

static bool no_memory(struct reading *reading)
{
    reading->failed = true;
    return complain(reading, "%s", strerror(ENOMEM));
}

static void *place(struct reading *reading)
{
    return (char *)reading->options + reading->row->at;
}

/* Digits and nothing else. */
static bool parse_whole(const char *text, int64_t *value)
{
    errno = 0;
    *value = strtoll(text, NULL, 10);
    return *text && !text[strspn(text, "0123456789")] && errno == 0;
}

/* At most seven digits and six behind a point: such seconds are exact in microseconds. */
static bool parse_seconds(const char *text, int64_t *value)
{
    size_t n = strspn(text, "0123456789");
    if (n == 0 || n > 7)
        return false;
    *value = strtoll(text, NULL, 10) * SECOND;
    text += n;
    if (!*text)
        return true;
    n = strspn(text + 1, "0123456789");
    if (*text != '.' || n == 0 || n > 6 || text[1 + n])
        return false;
    int64_t unit = SECOND / 10;
    for (text++; *text; text++, unit /= 10)
        *value += (*text - '0') * unit;
    return true;
}

static bool get_whole(struct reading *reading, const char *value, int64_t *number)
{
    const struct row *row = reading->row;
    if (parse_whole(value, number) && *number >= row->least && *number <= row->most)
        return true;
    return complain(reading, "'%s' is not a whole number from %lld to %lld", value, (long long)row->least,
                    (long long)row->most);
}

static bool set_number(struct reading *reading, const char *value)
{
    int64_t number;
    if (!get_whole(reading, value, &number))
        return false;
    *(uint32_t *)place(reading) = (uint32_t)number;
    return true;
}

static bool set_milliseconds(struct reading *reading, const char *value)
{
    int64_t number;
    if (!get_whole(reading, value, &number))
        return false;
    *(int64_t *)place(reading) = number * MILLISECOND;
    return true;
}

static bool get_seconds(struct reading *reading, const char *or_else, const char *value, int64_t *time)
{
    const struct row *row = reading->row;
    if (parse_seconds(value, time) && *time >= row->least && *time <= row->most)
        return true;
    return complain(reading, "'%s' is not %sa number of seconds from %g to %g", value, or_else,
                    (double)row->least / SECOND, (double)row->most / SECOND);
}

static bool set_seconds(struct reading *reading, const char *value)
{
    return get_seconds(reading, "", value, place(reading));
}

static bool set_sync(struct reading *reading, const char *value)
{
    struct options *options = reading->options;
    int64_t period = 0;
    if (strcmp(value, "os") == 0)
        options->limits.sync = SYNC_OS;
    else if (strcmp(value, "always") == 0)
        options->limits.sync = SYNC_ALWAYS;
    else if (get_seconds(reading, "os, always or ", value, &period))
        options->limits.sync = SYNC_PERIOD;
    else
        return false;
    options->limits.sync_period = period;
    snprintf(options->sync, sizeof options->sync, "%s", value);
    return true;
}

static bool set_text(struct reading *reading, const char *value)
{
    char **text = place(reading);
    free(*text);
    *text = strdup(value);
    return *text || no_memory(reading);
}

static bool set_flag(struct reading *reading, const char *value)
{
    (void)value;
    *(bool *)place(reading) = true;
    return true;
}

static bool set_arch(struct reading *reading, const char *value)
{
    const struct arch *arch = arch_find(value);
    if (arch) {
        reading->options->arch = arch;
        return true;
    }
    char names[256] = "";
    size_t n = 0;
    for (const struct arch *const *known = arch_table; *known && n < sizeof names; known++)
        n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", n ? ", " : "", (*known)->name);
    return complain(reading, "there is no architecture '%.100s', only: %s", value, names);
}

/* Addresses said in one place add up; those of a place that counts more replace them. */
static bool set_listen(struct reading *reading, const char *value)
{
    struct options *options = reading->options;
    if (reading->listen_source != reading->source)
        options->n_listen = 0;
    reading->listen_source = reading->source;
    if (options->n_listen == LISTEN_MAX)
        return complain(reading, "'%s' is one too many, there can be %d", value, LISTEN_MAX);
    const char *reason = net_parse(value, &options->listen[options->n_listen]);
    if (reason)
        return complain(reading, "'%s': %s", value, reason);
    options->n_listen++;
    return true;
}

static bool set_log_level(struct reading *reading, const char *value)
{
    for (int level = LOG_ERROR; level <= LOG_DEBUG; level++)
        if (strcmp(value, log_level_names[level]) == 0) {
            reading->options->log_level = (enum log_level)level;
            return true;
        }
    return complain(reading, "'%s' is none of error, warn, info and debug", value);
}

enum { DAY_MS = 24 * 3600 * 1000 };
#define WEEK (7 * 24 * 3600 * SECOND)
#define AT(member) offsetof(struct options, member)

/* clang-format off: a row is two lines at most, what it does begins the second. */
static const struct row rows[] = {
    {"arch", 'a', "NAME", NULL, "who runs the desks, see below", set_arch, 0, 0, 0},
    {"listen", 'l', "HOST:PORT", "127.0.0.1:5000", "serve here, port 0 picks a free one; repeatable", set_listen, 0, 0,
     0},
    {"chats", 'c', "DIR", "./chats", "the folder of chats, created when missing", set_text, AT(chats), 0, 0},
    {"room-threads", 0, "N", NULL, "threads for chats in use (CPUs less one, at least 1)", set_number,
     AT(limits.room_threads), 1, 10000},
    {"room-linger", 0, "MS", "1000", "milliseconds an empty chat keeps its thread", set_milliseconds,
     AT(limits.room_linger), 0, DAY_MS},
    {"max-clients", 0, "N", NULL, "clients at once (what the limit on open files allows)", set_number,
     AT(limits.max_clients), 1, CLIENTS_MOST},
    {"max-per-ip", 0, "N", "0", "clients at once from one address, 0: no limit", set_number, AT(limits.max_per_ip), 0,
     CLIENTS_MOST},
    {"max-message", 0, "BYTES", "65536", "the longest text", set_number, AT(limits.max_message), 1, MESSAGE_MAX_MOST},
    {"max-chats", 0, "N", "10000", "as many chats as there may come to be", set_number, AT(limits.max_chats), 1,
     1000000},
    {"rate-limit", 0, "N", "0", "messages a second from one client, 0: no limit", set_number, AT(limits.rate_limit), 0,
     1000000},
    {"name-timeout", 0, "S", "30", "seconds for a name, and for a frame to be whole", set_seconds,
     AT(limits.name_timeout), MILLISECOND, WEEK},
    {"drain", 0, "S", "5", "seconds people are given to leave when the server stops", set_seconds, AT(limits.drain), 0,
     WEEK},
    {"sync", 0, "LEVEL", "1", "os, always, or the seconds between two syncs of a chat", set_sync, 0, MILLISECOND, WEEK},
    {"log-level", 0, "LEVEL", "info", "error, warn, info or debug", set_log_level, 0, 0, 0},
    {"log-file", 0, "FILE", NULL, "write the log there, not to standard output", set_text, AT(log_file), 0, 0},
    {"config", 'C', "FILE", NULL, "read options from FILE; the command line wins", NULL, 0, 0, 0},
    {"check-config", 0, NULL, NULL, "say whether the options are fine, and end", set_flag, AT(check_config), 0, 0},
    {"help", 'h', NULL, NULL, "print this, and end", NULL, 0, 0, 0},
    {"version", 'V', NULL, NULL, "print the version, and end", NULL, 0, 0, 0},
};
/* clang-format on */
enum { ROWS = sizeof rows / sizeof *rows };

static bool apply(struct reading *reading, const struct row *row, const char *value)
{
    reading->row = row;
    bool fine = row->value && !*value ? complain(reading, "the value is missing") : row->set(reading, value);
    reading->row = NULL;
    return fine;
}

static bool set_defaults(struct reading *reading)
{
    reading->options->arch = arch_table[0];
    for (const struct row *row = rows; row < rows + ROWS; row++)
        if (row->fallback && !apply(reading, row, row->fallback))
            return false;
    return true;
}

/* --- The configuration file. --- */

struct config {
    struct reading *reading;
    FILE *file;
};

/* Hands libinih a line. It would itself read a long line as two, and an indented one as more of the
 * value before. */
static char *config_line(char *to, int room, void *at)
{
    struct config *config = at;
    struct reading *reading = config->reading;
    int n = 0, c = 0;
    if (*reading->complaint)
        return NULL;
    reading->line++;
    while (n < room - 1 && c != '\n' && (c = fgetc(config->file)) != EOF)
        if (n > 0 || (c != ' ' && c != '\t'))
            to[n++] = (char)c;
    to[n] = '\0';
    if (c == EOF && ferror(config->file))
        complain(reading, "%s", strerror(errno));
    else if (n == room - 1 && c != '\n')
        complain(reading, "the line is too long, at most %d bytes are read", room - 2);
    else if (memchr(to, '\0', (size_t)n))
        complain(reading, "a NUL byte");
    else if (*to == '[')
        complain(reading, "there are no sections here");
    return n > 0 && !*reading->complaint ? to : NULL;
}

static int config_pair(void *at, const char *section, const char *name, const char *value)
{
    struct reading *reading = ((struct config *)at)->reading;
    if (*section)
        return complain(reading, "there are no sections here");
    for (const struct row *row = rows; row < rows + ROWS; row++)
        if (row->value && row->set && strcmp(name, row->name) == 0)
            return apply(reading, row, value);
    return complain(reading, "there is no option '%s'", name);
}

static bool read_config(struct reading *reading, const char *path)
{
    if (!*path)
        return complain(reading, "--config: the value is missing");
    struct config config = {.reading = reading, .file = fopen(path, "re")};
    reading->file = path;
    reading->source++;
    if (!config.file)
        return complain(reading, "%s", strerror(errno));
    int wrong = ini_parse_stream(config_line, &config, config_pair, &config);
    fclose(config.file);
    if (wrong > 0 && (!*reading->complaint || wrong < reading->line)) {
        *reading->complaint = '\0';
        reading->line = wrong;
        complain(reading, "expected KEY = VALUE");
    }
    reading->file = NULL;
    return !*reading->complaint;
}

/* --- The command line. --- */

static void print_help(void)
{
    printf("Usage: conveyord [OPTION]...\nA chat server built as a conveyor of stage threads.\n\n");
    for (const struct row *row = rows; row < rows + ROWS; row++) {
        char left[64], letter[8] = "    ";
        if (row->letter)
            snprintf(letter, sizeof letter, "-%c, ", row->letter);
        snprintf(left, sizeof left, "%s--%s %s", letter, row->name, row->value ? row->value : "");
        printf("  %-25s %s", left, row->help);
        if (row->fallback)
            printf(" (%s)", row->fallback);
        putchar('\n');
    }
    printf("\nArchitectures, the first is the default:\n");
    for (const struct arch *const *arch = arch_table; *arch; arch++)
        printf("  %-25s %s\n", (*arch)->name, (*arch)->about);
    printf("\nA configuration file holds lines KEY = VALUE, the keys are the long options without\n"
           "dashes. See conveyord(1) for more.\n");
}

/* What getopt_long needs to know, made from the table. */
static void make_getopt(struct option longs[ROWS + 1], char shorts[2 * ROWS + 2])
{
    *shorts++ = ':';
    for (int i = 0; i < ROWS; i++) {
        const struct row *row = &rows[i];
        longs[i] = (struct option){.name = row->name,
                                   .has_arg = row->value ? required_argument : no_argument,
                                   .val = row->letter ? row->letter : FIRST_LONG + i};
        if (row->letter)
            *shorts++ = row->letter;
        if (row->letter && row->value)
            *shorts++ = ':';
    }
    longs[ROWS] = (struct option){0};
    *shorts = '\0';
}

static const struct row *find_row(int got)
{
    for (int i = 0; i < ROWS; i++)
        if (got == (rows[i].letter ? rows[i].letter : FIRST_LONG + i))
            return &rows[i];
    return NULL;
}

/* Why getopt_long gave '?' or ':' for this word. */
static bool complain_about(struct reading *reading, int got, const char *word)
{
    reading->row = find_row(optopt);
    if (reading->row)
        return complain(reading, got == ':' ? "the value is missing" : "it takes no value");
    if (optopt)
        return complain(reading, "there is no option '-%c', see --help", optopt);
    return complain(reading, "there is no option '%s', see --help", word);
}

/* One thing said on the command line, kept until the configuration file has been read. */
struct said {
    const struct row *row;
    const char *value;
};

/* said: room for as many as there are words. */
static enum options_result read_command_line(struct reading *reading, int argc, char **argv, struct said *said)
{
    struct option longs[ROWS + 1];
    char shorts[2 * ROWS + 2];
    const char *config = NULL;
    size_t n = 0;
    make_getopt(longs, shorts);
    optind = 0; /* GNU's way to begin anew: tests read more than one command line */
    opterr = 0;
    for (int got; (got = getopt_long(argc, argv, shorts, longs, NULL)) != -1;) {
        switch (got) {
        case '?':
        case ':':
            complain_about(reading, got, argv[optind - 1]);
            return OPTIONS_WRONG;
        case 'h':
            print_help();
            return OPTIONS_DONE;
        case 'V':
            puts("conveyord " CONVEYOR_VERSION);
            return OPTIONS_DONE;
        case 'C':
            config = optarg;
            break;
        default:
            said[n++] = (struct said){find_row(got), optarg ? optarg : ""};
        }
    }
    if (optind < argc) {
        complain(reading, "'%s' is no option, see --help", argv[optind]);
        return OPTIONS_WRONG;
    }
    if (config && !read_config(reading, config))
        return OPTIONS_WRONG;
    reading->source++;
    for (size_t i = 0; i < n; i++)
        if (!apply(reading, said[i].row, said[i].value))
            return OPTIONS_WRONG;
    return OPTIONS_RUN;
}

enum options_result options_read(struct options *options, int argc, char **argv)
{
    struct reading reading = {.options = options};
    struct said *said = calloc((size_t)argc + 1, sizeof *said);
    enum options_result result = OPTIONS_WRONG;
    *options = (struct options){0};
    if (!said)
        no_memory(&reading);
    else if (set_defaults(&reading))
        result = read_command_line(&reading, argc, argv, said);
    free(said);
    if (result == OPTIONS_WRONG)
        fprintf(stderr, "conveyord: %s\n", reading.complaint);
    if (result == OPTIONS_WRONG && reading.failed)
        result = OPTIONS_FAILED;
    if (result != OPTIONS_RUN)
        options_free(options);
    return result;
}

void options_free(struct options *options)
{
    free(options->chats);
    free(options->log_file);
    options->chats = options->log_file = NULL;
}
