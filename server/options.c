/* Options: conveyord's rows, what they set that no other program has, and the configuration file. */
#include "server/options.h"

#include <errno.h>
#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/args.h"
#include "common/clock.h"
#include "common/protocol.h"
#include "server/arch/arch.h"

static bool set_sync(struct args *args, const char *value)
{
    struct options *options = args->options;
    const struct args_row *row = args->row;
    int64_t period = 0;
    if (strcmp(value, "os") == 0)
        options->limits.sync = SYNC_OS;
    else if (strcmp(value, "always") == 0)
        options->limits.sync = SYNC_ALWAYS;
    else if (args_seconds(value, &period) && period >= row->least && period <= row->most)
        options->limits.sync = SYNC_PERIOD;
    else
        return args_complain(args, "'%s' is not os, always or a number of seconds from %g to %g", value,
                             (double)row->least / SECOND, (double)row->most / SECOND);
    options->limits.sync_period = period;
    snprintf(options->sync, sizeof options->sync, "%s", value);
    return true;
}

static bool set_arch(struct args *args, const char *value)
{
    struct options *options = args->options;
    options->arch = arch_find(value);
    if (options->arch)
        return true;
    char names[256] = "";
    size_t n = 0;
    for (const struct arch *const *known = arch_table; *known && n < sizeof names; known++)
        n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", n ? ", " : "", (*known)->name);
    return args_complain(args, "there is no architecture '%.100s', only: %s", value, names);
}

/* Addresses said in one place add up; those of a place that counts more replace them. */
static bool set_listen(struct args *args, const char *value)
{
    struct options *options = args->options;
    if (options->listen_source != args->source)
        options->n_listen = 0;
    options->listen_source = args->source;
    if (options->n_listen == LISTEN_MAX)
        return args_complain(args, "'%s' is one too many, there can be %d", value, LISTEN_MAX);
    const char *reason = net_parse(value, &options->listen[options->n_listen]);
    if (reason)
        return args_complain(args, "'%s': %s", value, reason);
    options->n_listen++;
    return true;
}

static bool set_log_level(struct args *args, const char *value)
{
    struct options *options = args->options;
    for (int level = LOG_ERROR; level <= LOG_DEBUG; level++)
        if (strcmp(value, log_level_names[level]) == 0) {
            options->log_level = (enum log_level)level;
            return true;
        }
    return args_complain(args, "'%s' is none of error, warn, info and debug", value);
}

enum { DAY_MS = 24 * 3600 * 1000 };
#define WEEK (7 * 24 * 3600 * SECOND)
#define AT(member) offsetof(struct options, member)

/* clang-format off: a row is two lines at most, what it does begins the second. */
static const struct args_row rows[] = {
    {"arch", 'a', "NAME", NULL, "who runs the desks, see below; help lists them", set_arch, 0, 0, 0},
    {"listen", 'l', "HOST:PORT", "127.0.0.1:5000", "serve here, port 0 picks a free one; repeatable", set_listen, 0, 0,
     0},
    {"chats", 'c', "DIR", "./chats", "the folder of chats, created when missing", args_set_text, AT(chats), 0, 0},
    {"room-threads", 0, "N", NULL, "threads for chats in use (CPUs less one, at least 1)", args_set_number,
     AT(limits.room_threads), 1, 10000},
    {"workers", 0, "N", NULL, "threads of the pool, with --arch async (CPUs)", args_set_number, AT(limits.workers), 1,
     1000},
    {"room-linger", 0, "MS", "1000", "milliseconds an empty chat keeps its thread", args_set_milliseconds,
     AT(limits.room_linger), 0, DAY_MS},
    {"max-clients", 0, "N", NULL, "clients at once (what the limit on open files allows)", args_set_number,
     AT(limits.max_clients), 1, CLIENTS_MOST},
    {"max-per-ip", 0, "N", "0", "clients at once from one address, 0: no limit", args_set_number, AT(limits.max_per_ip),
     0, CLIENTS_MOST},
    {"max-message", 0, "BYTES", "65536", "the longest text", args_set_number, AT(limits.max_message), 1,
     MESSAGE_MAX_MOST},
    {"max-chats", 0, "N", "10000", "as many chats as there may come to be", args_set_number, AT(limits.max_chats), 1,
     1000000},
    {"rate-limit", 0, "N", "0", "messages a second from one client, 0: no limit", args_set_number,
     AT(limits.rate_limit), 0, 1000000},
    {"name-timeout", 0, "S", "30", "seconds for a name, and for a frame to be whole", args_set_seconds,
     AT(limits.name_timeout), MILLISECOND, WEEK},
    {"drain", 0, "S", "5", "seconds people are given to leave when the server stops", args_set_seconds,
     AT(limits.drain), 0, WEEK},
    {"sync", 0, "LEVEL", "1", "os, always, or the seconds between two syncs of a chat", set_sync, 0, MILLISECOND, WEEK},
    {"log-level", 0, "LEVEL", "info", "error, warn, info or debug", set_log_level, 0, 0, 0},
    {"log-file", 0, "FILE", NULL, "write the log there, not to standard output", args_set_text, AT(log_file), 0, 0},
    {"config", 'C', "FILE", NULL, "read options from FILE; the command line wins", NULL, 0, 0, 0},
    {"check-config", 0, NULL, NULL, "say whether the options are fine, and end", args_set_flag, AT(check_config), 0, 0},
};
/* clang-format on */
enum { ROWS = sizeof rows / sizeof *rows };

/* --- The configuration file. --- */

struct config {
    struct args *args;
    FILE *file;
};

/* Hands libinih a line. It would itself read a long line as two, and an indented one as more of the
 * value before. */
static char *config_line(char *to, int room, void *at)
{
    struct config *config = at;
    struct args *args = config->args;
    int n = 0, c = 0;
    if (*args->complaint)
        return NULL;
    args->line++;
    while (n < room - 1 && c != '\n' && (c = fgetc(config->file)) != EOF)
        if (n > 0 || (c != ' ' && c != '\t'))
            to[n++] = (char)c;
    to[n] = '\0';
    if (c == EOF && ferror(config->file))
        args_complain(args, "%s", strerror(errno));
    else if (n == room - 1 && c != '\n')
        args_complain(args, "the line is too long, at most %d bytes are read", room - 2);
    else if (memchr(to, '\0', (size_t)n))
        args_complain(args, "a NUL byte");
    else if (*to == '[')
        args_complain(args, "there are no sections here");
    return n > 0 && !*args->complaint ? to : NULL;
}

static int config_pair(void *at, const char *section, const char *name, const char *value)
{
    struct args *args = ((struct config *)at)->args;
    if (*section)
        return args_complain(args, "there are no sections here");
    for (const struct args_row *row = rows; row < rows + ROWS; row++)
        if (row->value && row->set && strcmp(name, row->name) == 0)
            return args_set(args, row, value);
    return args_complain(args, "there is no option '%s'", name);
}

/* The file that --config names, if it does. */
static bool read_config(struct args *args)
{
    const char *path = args_said(args, "config");
    if (!path)
        return true;
    if (!*path)
        return args_complain(args, "--config: the value is missing");
    args_from(args, path);
    struct config config = {.args = args, .file = fopen(path, "re")};
    if (!config.file)
        return args_complain(args, "%s", strerror(errno));
    int wrong = ini_parse_stream(config_line, &config, config_pair, &config);
    fclose(config.file);
    if (wrong > 0 && (!*args->complaint || wrong < args->line)) {
        *args->complaint = '\0';
        args->line = wrong;
        args_complain(args, "expected KEY = VALUE");
    }
    return !*args->complaint;
}

/* --- All of it. --- */

/* A line for each architecture; its name takes so many columns. */
static void print_archs(const char *indent, int columns)
{
    for (const struct arch *const *arch = arch_table; *arch; arch++)
        printf("%s%-*s %s%s\n", indent, columns, (*arch)->name, (*arch)->baseline ? ARCH_BASELINE ": " : "",
               (*arch)->about);
}

/* `--arch help` asks for them alone. It is answered like --help, so there is no architecture of this name. */
static bool asks_for_archs(struct args *args)
{
    const char *said = args_said(args, "arch");
    if (!said || strcmp(said, "help") != 0)
        return false;
    print_archs("", 10);
    args->done = true;
    return true;
}

static void print_more(void)
{
    printf("\nArchitectures, the first is the default:\n");
    print_archs("  ", 25);
    printf("\nA configuration file holds lines KEY = VALUE, the keys are the long options without\n"
           "dashes. See conveyord(1) for more.\n");
}

enum args_result options_read(struct options *options, int argc, char **argv)
{
    struct args args = {.program = "conveyord",
                        .usage = "[OPTION]...",
                        .about = "A chat server built as a conveyor of stage threads.",
                        .rows = rows,
                        .n_rows = ROWS,
                        .options = options,
                        .print_more = print_more};
    *options = (struct options){.arch = arch_table[0]};
    if (args_defaults(&args) && args_command_line(&args, argc, argv) && !asks_for_archs(&args) && read_config(&args))
        args_apply(&args);
    enum args_result result = args_end(&args);
    if (result != ARGS_RUN)
        options_free(options);
    return result;
}

void options_free(struct options *options)
{
    free(options->chats);
    free(options->log_file);
    options->chats = options->log_file = NULL;
}
