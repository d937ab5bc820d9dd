/* What the command line of conveyor-load says. */
#include "client/load/options.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "client/load/mark.h"
#include "client/load/profile.h"
#include "common/clock.h"
#include "common/protocol.h"

#define DAYS (24 * 3600 * SECOND)
#define ENDLESS (12 * DAYS) /* as long as marks can tell the time */

enum { CLIENTS_MOST = 1000000 };

/* ---- Setters ---- */

static bool set_profile(struct args *args, const char *value)
{
    struct options *options = args->options;
    options->config.profile = profile_find(value);
    if (options->config.profile)
        return true;
    char names[128] = "";
    size_t n = 0;
    for (const struct profile *const *known = profile_table; *known && n < sizeof names; known++)
        n += (size_t)snprintf(names + n, sizeof names - n, "%s%s", n ? ", " : "", (*known)->name);
    return args_complain(args, "there is no profile '%.100s', only: %s", value, names);
}

static bool set_connect(struct args *args, const char *value)
{
    struct options *options = args->options;
    struct load_config *config = &options->config;
    if (options->connect_source != args->source)
        config->n_connect = 0;
    options->connect_source = args->source;
    if (config->n_connect == LOAD_ADDRESSES)
        return args_complain(args, "'%s' is one too many, there can be %d", value, LOAD_ADDRESSES);
    const char *wrong = net_parse(value, &config->connect[config->n_connect]);
    if (wrong)
        return args_complain(args, "'%s': %s", value, wrong);
    config->n_connect++;
    return true;
}

/* SECONDS:VALUE, with or without an s behind the seconds. */
static bool set_stage(struct args *args, const char *value)
{
    struct options *options = args->options;
    char seconds[32];
    int64_t length, number;
    size_t n = strcspn(value, ":");
    if (options->n_phases == LOAD_PHASES - 1)
        return args_complain(args, "'%s' is one too many, there can be %d", value, LOAD_PHASES - 1);
    snprintf(seconds, sizeof seconds, "%.*s", n < sizeof seconds ? (int)n : 0, value);
    if (n > 1 && n < sizeof seconds && seconds[n - 1] == 's')
        seconds[n - 1] = '\0';
    if (!value[n] || !args_seconds(seconds, &length) || length < MILLISECOND || length > DAYS ||
        !args_whole(value + n + 1, &number) || number > RATE_MOST)
        return args_complain(args, "'%s' is no stage: expected SECONDS:VALUE, like 10s:100", value);
    options->phases[options->n_phases++] = (struct load_phase){length, (double)number, true};
    return true;
}

static bool set_threshold(struct args *args, const char *value)
{
    struct options *options = args->options;
    if (options->n_thresholds == THRESHOLDS_MOST)
        return args_complain(args, "'%s' is one too many, there can be %d", value, THRESHOLDS_MOST);
    const char *wrong = threshold_parse(value, &options->thresholds[options->n_thresholds]);
    if (wrong)
        return args_complain(args, "'%s': %s", value, wrong);
    options->n_thresholds++;
    return true;
}

/* ---- The table ---- */

#define AT(member) offsetof(struct options, member)

/* clang-format off: a row is two lines at most, what it does begins the second. */
static const struct args_row rows[] = {
    {"connect", 'c', "HOST:PORT", "127.0.0.1:5000", "the server; repeatable, bots take them in turn", set_connect, 0, 0,
     0},
    {"profile", 'p', "NAME", "thesis", "what the bots do, see below", set_profile, 0, 0, 0},
    {"clients", 'n', "N", NULL, "how many there are; the same as the word N", args_set_number, AT(config.clients), 1,
     CLIENTS_MOST},
    {"duration", 'd', "S", NULL, "seconds that count (10; thesis: until it is stopped)", args_set_seconds, AT(duration),
     MILLISECOND, 10 * DAYS},
    {"warmup", 'w', "S", "0", "seconds before them that do not", args_set_seconds, AT(warmup), 0, DAYS},
    {"stage", 0, "S:VALUE", NULL, "for S seconds this rate or number of clients; repeatable", set_stage, 0, 0, 0},
    {"threads", 't', "N", NULL, "threads for bots (CPUs less one, at least 1)", args_set_number, AT(config.threads), 1,
     LOAD_THREADS},
    {"seed", 's', "N", NULL, "repeats what was left to chance in a run with this seed", args_set_whole, AT(seed), 0,
     INT64_MAX},
    {"rooms", 'r', "N", "1", "chats", args_set_number, AT(config.rooms), 1, 10000},
    {"members", 'm', "N", "10", "clients in each room", args_set_number, AT(config.members), 1, CLIENTS_MOST},
    {"senders", 0, "N", NULL, "members of each room who send (all)", args_set_number, AT(config.senders), 1,
     CLIENTS_MOST},
    {"slow", 0, "N", NULL, "members of each room who stop reading (1 in slow)", args_set_number, AT(config.slow), 1,
     CLIENTS_MOST},
    {"size", 0, "BYTES", NULL, "of a text (64; thesis: 32)", args_set_number, AT(config.size), MARK_BYTES,
     MESSAGE_MAX_MOST},
    {"rate", 0, "N", NULL, "messages, or turns in thesis and churn, a second: an open loop (rooms: 1000)",
     args_set_fraction, AT(rate), 1000, (int64_t)RATE_MOST * 1000000},
    {"closed", 0, NULL, NULL, "a closed loop: who gets a message of its own back sends the next", args_set_flag,
     AT(config.closed), 0, 0},
    {"window", 0, "N", NULL, "messages of a sender on their way in a closed loop (1)", args_set_number,
     AT(config.window), 1, LOAD_WINDOW_MOST},
    {"history", 0, "N", NULL, "records in each chat at least, before it is replayed (1000)", args_set_number,
     AT(config.history), 0, 100000000},
    {"ahead", 0, NULL, NULL, "in churn: all requests of a visit at once", args_set_flag, AT(config.ahead), 0, 0},
    {"create-chance", 0, "P", "0.002", "of a bot outside chats, in thesis, to create one", args_set_fraction,
     AT(config.create_chance), 0, 1000000},
    {"leave-chance", 0, "P", "0.05", "of a bot in a chat, before each message, to leave", args_set_fraction,
     AT(config.leave_chance), 1000, 1000000},
    {"least-chats", 0, "N", "4", "below so many chats, in thesis, one is created", args_set_number,
     AT(config.least_chats), 0, 10000},
    {"find-max", 0, NULL, NULL, "raise the rate until a threshold breaks", args_set_flag, AT(find_max), 0, 0},
    {"threshold", 0, "T", NULL, "like deliver_p99<20ms; exit 99 when it breaks; repeatable", set_threshold, 0, 0, 0},
    {"no-verify", 0, NULL, NULL, "do not look whether all records are delivered once, in order", args_set_flag,
     AT(no_verify), 0, 0},
    {"chats", 0, "DIR", NULL, "compare what was delivered with the chats' files there", args_set_text, AT(chats), 0, 0},
    {"json", 0, "FILE", NULL, "write the results there", args_set_text, AT(json), 0, 0},
    {"csv", 0, "FILE", NULL, "write a line there for each second", args_set_text, AT(csv), 0, 0},
    {"hgrm", 0, "FILE", NULL, "write the distribution of the profile's main time there", args_set_text, AT(hgrm), 0, 0},
    {"log", 0, NULL, NULL, "write every request and answer to standard output, as the thesis did", args_set_flag,
     AT(config.events), 0, 0},
};
/* clang-format on */

static void print_more(void)
{
    puts("\nProfiles, the first is the default:");
    for (const struct profile *const *profile = profile_table; *profile; profile++)
        printf("  %-25s %s\n", (*profile)->name, (*profile)->about);
    puts("\nExit codes, the first that applies: 2 wrong usage, 1 failed, 3 delivery was violated, 4 the\n"
         "generator was the bottleneck, 99 a threshold broke. See conveyor-load(1) for more.");
}

/* ---- What fits together ---- */

static bool needs(struct args *args, const char *option, const char *what)
{
    return !args_said(args, option) || args_complain(args, "--%s: %s", option, what);
}

static bool take_operand(struct args *args, struct options *options)
{
    int64_t clients;
    if (args->n_operands == 0)
        return true;
    if (args_said(args, "clients"))
        return args_complain(args, "'%s': the number of clients was said already", args->operands[0]);
    if (!args_whole(args->operands[0], &clients) || clients < 1 || clients > CLIENTS_MOST)
        return args_complain(args, "'%s' is no number of clients from 1 to %d", args->operands[0], CLIENTS_MOST);
    options->config.clients = (uint32_t)clients;
    return true;
}

static bool check_rooms(struct args *args, struct options *options)
{
    struct load_config *config = &options->config;
    if (config->clients)
        return args_complain(args, "the profile %s has rooms x members, it takes no number of clients",
                             config->profile->name);
    if (!config->senders)
        config->senders = config->members;
    if (config->profile == &profile_slow && !config->slow)
        config->slow = 1;
    if (config->senders > config->members || config->slow > config->members)
        return args_complain(args, "%u members can't be %u senders and %u slow readers", config->members,
                             config->senders, config->slow);
    if (config->closed && args_said(args, "rate"))
        return args_complain(args, "--rate: a closed loop (--closed) has none");
    if (config->closed && options->n_phases)
        return args_complain(args, "--stage: a closed loop (--closed) has no rate");
    if (!config->closed && args_said(args, "window"))
        return args_complain(args, "--window: only a closed loop (--closed) has one");
    return (uint64_t)config->rooms * config->members <= CLIENTS_MOST ||
           args_complain(args, "%u rooms x %u members are more than %d", config->rooms, config->members, CLIENTS_MOST);
}

static bool check_clients(struct args *args, struct options *options)
{
    static const char *const only_rooms[] = {"members", "senders", "closed", "window"};
    struct load_config *config = &options->config;
    for (size_t i = 0; i < sizeof only_rooms / sizeof *only_rooms; i++)
        if (!needs(args, only_rooms[i], "only the profiles rooms and slow have that"))
            return false;
    if (!config->profile->begin && !needs(args, "rate", "only the profiles rooms, slow, thesis and churn have that"))
        return false;
    if (options->n_phases && !needs(args, "rate", "the stages say how many clients there are, they have no rate"))
        return false;
    if (!config->clients && !options->n_phases)
        return args_complain(args, "how many clients? conveyor-load N, see --help");
    if (config->clients && options->n_phases)
        return args_complain(args, "--stage: the stages say how many clients there are, the number %u is one too many",
                             config->clients);
    for (size_t i = 0; i < options->n_phases; i++) {
        if (options->phases[i].value > CLIENTS_MOST)
            return args_complain(args, "--stage: %.0f clients are more than %d", options->phases[i].value,
                                 CLIENTS_MOST);
        if (options->phases[i].value > config->clients)
            config->clients = (uint32_t)options->phases[i].value;
    }
    config->staged = options->n_phases > 0;
    config->closed = !args_said(args, "rate");
    return config->clients > 0 || args_complain(args, "--stage: no stage has any clients");
}

static bool check_profile(struct args *args, struct options *options)
{
    static const struct {
        const char *option;
        const struct profile *profile;
    } only[] = {{"history", &profile_replay},      {"ahead", &profile_churn},
                {"slow", &profile_slow},           {"create-chance", &profile_thesis},
                {"leave-chance", &profile_thesis}, {"least-chats", &profile_thesis}};
    for (size_t i = 0; i < sizeof only / sizeof *only; i++)
        if (options->config.profile != only[i].profile && args_said(args, only[i].option))
            return args_complain(args, "--%s: only the profile %s has that", only[i].option, only[i].profile->name);
    const struct profile *profile = options->config.profile;
    if ((profile == &profile_thesis || profile == &profile_idle) && !needs(args, "rooms", "this profile has none"))
        return false;
    if ((profile == &profile_churn || profile == &profile_idle) && !needs(args, "size", "this profile sends no texts"))
        return false;
    return profile->rooms ? check_rooms(args, options) : check_clients(args, options);
}

/* Marks tell the time for twelve days. */
static bool check_length(struct args *args, const struct options *options)
{
    int64_t length = 0;
    for (size_t i = 0; i < options->n_phases; i++)
        length += options->phases[i].length * (options->find_max ? FIND_STEPS : 1);
    return length <= ENDLESS || args_complain(args, "all in all this may take more than twelve days");
}

static bool check_find_max(struct args *args, const struct options *options)
{
    if (!options->find_max)
        return true;
    if (!options->config.profile->rooms || options->config.closed)
        return args_complain(args, "--find-max: only the profiles rooms and slow have a rate, without --closed");
    if (options->n_phases)
        return args_complain(args, "--find-max: it makes its own stages");
    return options->n_thresholds > 0 || args_complain(args, "--find-max: needs a --threshold to break");
}

/* ---- All of it ---- */

static uint32_t count_cpus(void)
{
    cpu_set_t set;
    return sched_getaffinity(0, sizeof set, &set) == 0 ? (uint32_t)CPU_COUNT(&set) : 1;
}

static bool make_phases(struct args *args, struct options *options)
{
    const struct load_config *config = &options->config;
    bool endless = config->profile->endless && !options->duration;
    if (options->n_phases && options->duration)
        return args_complain(args, "--duration: the stages say how long they are");
    double value = load_paced(config) ? options->rate : config->clients;
    int64_t length = options->duration ? options->duration : endless ? ENDLESS - options->warmup : 10 * SECOND;
    if (!options->n_phases)
        options->phases[options->n_phases++] = (struct load_phase){length, value, true};
    if (!options->warmup)
        return true;
    memmove(options->phases + 1, options->phases, options->n_phases * sizeof *options->phases);
    options->phases[0] = (struct load_phase){options->warmup, options->phases[1].value, false};
    options->n_phases++;
    return true;
}

static void settle(struct options *options)
{
    struct load_config *config = &options->config;
    uint32_t cpus = count_cpus(), bots = config->profile->rooms ? config->rooms * config->members : config->clients;
    if (!config->threads)
        config->threads = cpus > 1 ? cpus - 1 : 1;
    if (config->threads > bots)
        config->threads = bots;
    if (!config->window)
        config->window = 1;
    if (!config->size) /* the thesis's texts are of hex digits alone, as marks are */
        config->size = config->profile == &profile_thesis ? MARK_BYTES : 64;
    if (options->rate <= 0)
        options->rate = 1000;
    config->verify = !options->no_verify;
    config->seed = (uint64_t)options->seed;
    if (options->seed < 0 && getrandom(&config->seed, 4, 0) == 4)
        config->seed &= UINT32_MAX; /* short enough to be typed again */
}

static bool understand(struct args *args, struct options *options, int argc, char **argv)
{
    options->seed = -1;
    options->config.history = 1000;
    if (!args_defaults(args) || !args_command_line(args, argc, argv) || !args_apply(args) ||
        !take_operand(args, options) || !check_profile(args, options) || !check_find_max(args, options))
        return false;
    if (options->chats && options->no_verify)
        return args_complain(args, "--chats: nothing is kept to compare with --no-verify");
    settle(options);
    return make_phases(args, options) && check_length(args, options);
}

enum args_result options_read(struct options *options, int argc, char **argv)
{
    *options = (struct options){0};
    struct args args = {
        .program = "conveyor-load",
        .usage = "[OPTION]... [N]",
        .about = "Puts a chat server under load with N bots, times it, and looks whether every message is delivered.",
        .rows = rows,
        .n_rows = sizeof rows / sizeof *rows,
        .options = options,
        .print_more = print_more,
        .operands_most = 1};
    understand(&args, options, argc, argv);
    enum args_result result = args_end(&args);
    if (result != ARGS_RUN)
        options_free(options);
    return result;
}

void options_free(struct options *options)
{
    free(options->json);
    free(options->csv);
    free(options->hgrm);
    free(options->chats);
    options->json = options->csv = options->hgrm = options->chats = NULL;
}
