/* conveyor-load's options: every one at its borders, and what does not fit together. test_args.c tests how they are read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/load/options.h"
#include "client/load/profile.h"
#include "common/clock.h"

enum { WORDS_MAX = 160 };

static struct options options;
static char said[16384]; /* what the last reading wrote to standard error or output */

static void slurp(FILE *file)
{
    rewind(file);
    said[fread(said, 1, sizeof said - 1, file)] = '\0';
}

/* Reads the options from a line of words, with one of the standard streams going to `said`. */
static enum args_result read_line(const char *line, FILE *stream, int fd)
{
    static char words[4096];
    char *argv[WORDS_MAX] = {(char *)"conveyor-load"};
    int argc = 1;
    snprintf(words, sizeof words, "%s", line);
    for (char *word = strtok(words, " "); word; word = strtok(NULL, " "))
        argv[argc++] = word;
    FILE *file = tmpfile();
    assert_non_null(file);
    options_free(&options);
    fflush(stream);
    int before = dup(fd);
    dup2(fileno(file), fd);
    enum args_result result = options_read(&options, argc, argv);
    fflush(stream);
    dup2(before, fd);
    close(before);
    slurp(file);
    fclose(file);
    return result;
}

static const struct load_config *runs(const char *line)
{
    enum args_result result = read_line(line, stderr, STDERR_FILENO);
    if (result != ARGS_RUN || *said)
        fail_msg("'%s': %s", line, said);
    return &options.config;
}

/* Wrong, and told so by this text in the one line there is. */
static void is_wrong(const char *line, const char *text)
{
    enum args_result result = read_line(line, stderr, STDERR_FILENO);
    char *end = strchr(said, '\n');
    if (result != ARGS_WRONG)
        fail_msg("'%s' is taken", line);
    if (strncmp(said, "conveyor-load: ", 15) != 0 || !end || end[1] || !strstr(said, text))
        fail_msg("'%s' is not in the one line: %s", text, said);
    assert_null(options.json);
    assert_null(options.chats);
}

/* ---- Numbers ---- */

/* The words of a run in which the option means something, and the first and last number it takes. */
static const struct border {
    const char *before, *option;
    int64_t least, most;
    size_t at;
} borders[] = {
    {"-p idle", "clients", 1, 1000000, offsetof(struct options, config.clients)},
    {"-p rooms -m 256", "threads", 1, 256, offsetof(struct options, config.threads)},
    {"-p rooms -m 1", "rooms", 1, 10000, offsetof(struct options, config.rooms)},
    {"-p churn 5", "rooms", 1, 10000, offsetof(struct options, config.rooms)},
    {"-p replay 5", "rooms", 1, 10000, offsetof(struct options, config.rooms)},
    {"-p rooms", "members", 1, 1000000, offsetof(struct options, config.members)},
    {"-p rooms -m 1000000", "senders", 1, 1000000, offsetof(struct options, config.senders)},
    {"-p slow -m 1000000", "slow", 1, 1000000, offsetof(struct options, config.slow)},
    {"-p rooms", "size", 32, 1000000, offsetof(struct options, config.size)},
    {"5", "size", 32, 1000000, offsetof(struct options, config.size)},
    {"-p rooms --closed", "window", 1, 10000, offsetof(struct options, config.window)},
    {"-p replay 5", "history", 0, 100000000, offsetof(struct options, config.history)},
    {"5", "least-chats", 0, 10000, offsetof(struct options, config.least_chats)},
};

static void numbers_at_their_borders(void **state)
{
    char line[256];
    for (const struct border *border = borders; border < borders + sizeof borders / sizeof *borders; border++) {
        const int64_t fine[] = {border->least, border->most}, wrong[] = {border->least - 1, border->most + 1};
        for (size_t i = 0; i < 2; i++) {
            snprintf(line, sizeof line, "%s --%s %lld", border->before, border->option, (long long)fine[i]);
            runs(line);
            assert_int_equal(*(const uint32_t *)(const void *)((const char *)&options + border->at), fine[i]);
            snprintf(line, sizeof line, "%s --%s %lld", border->before, border->option, (long long)wrong[i]);
            is_wrong(line, border->option);
        }
        static const char *const none[] = {"x", "1x", "1.5", "0x10", "99999999999999999999"};
        for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
            snprintf(line, sizeof line, "%s --%s %s", border->before, border->option, none[i]);
            is_wrong(line, border->option);
        }
    }
    (void)state;
}

static void the_word_that_is_a_number(void **state)
{
    assert_int_equal(runs("1")->clients, 1);
    assert_int_equal(runs("-p idle 1000000")->clients, 1000000);
    assert_int_equal(runs("-p idle -n 7")->clients, 7);
    static const char *const wrong[] = {"0", "-p idle 1000001", "x", "5x", "1.5", "99999999999999999999"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        is_wrong(wrong[i], "clients");
    is_wrong("5 6", "6");
    is_wrong("5 -n 5", "said already");
    (void)state;
}

static void times_at_their_borders(void **state)
{
    runs("5 -d 0.001");
    assert_true(options.phases[0].length == MILLISECOND);
    runs("5 -d 864000");
    assert_true(options.phases[0].length == 10 * 24 * 3600 * SECOND);
    is_wrong("5 -d 0.0009", "duration");
    is_wrong("5 -d 0", "duration");
    is_wrong("5 -d 864001", "duration");
    is_wrong("5 -d 1m", "duration");
    runs("5 -w 0");
    assert_int_equal(options.n_phases, 1);
    runs("5 -w 86400");
    assert_true(options.n_phases == 2 && options.phases[0].length == 24 * 3600 * SECOND);
    is_wrong("5 -w 86401", "warmup");
    is_wrong("5 -w -1", "warmup");
    (void)state;
}

static void fractions_at_their_borders(void **state)
{
    assert_true(runs("5 --create-chance 0")->create_chance <= 0);
    assert_true(runs("5 --create-chance 1")->create_chance >= 1);
    is_wrong("5 --create-chance 1.1", "create-chance");
    assert_true(runs("5 --leave-chance 0.001")->leave_chance > 0);
    assert_true(runs("5 --leave-chance 1")->leave_chance >= 1);
    is_wrong("5 --leave-chance 0.0009", "leave-chance");
    is_wrong("5 --leave-chance 0", "leave-chance");
    runs("-p rooms --rate 0.001");
    assert_true(options.phases[0].value > 0.0009 && options.phases[0].value < 0.0011);
    runs("-p rooms --rate 9999999");
    assert_true(options.phases[0].value >= 9999999);
    is_wrong("-p rooms --rate 10000000", "rate");
    is_wrong("-p rooms --rate 0.0009", "rate");
    is_wrong("-p rooms --rate 0", "rate");
    is_wrong("-p rooms --rate fast", "rate");
    (void)state;
}

static void seeds(void **state)
{
    assert_true(runs("5 -s 0")->seed == 0);
    assert_true(runs("5 --seed 9223372036854775807")->seed == INT64_MAX);
    is_wrong("5 --seed 9223372036854775808", "seed");
    is_wrong("5 --seed -1", "seed");
    is_wrong("5 --seed x", "seed");
    uint64_t one = runs("5")->seed;
    int others = 0;
    for (int i = 0; i < 8; i++) {
        others += runs("5")->seed != one;
        assert_true(options.config.seed <= UINT32_MAX);
    }
    assert_true(others > 0);
    (void)state;
}

/* ---- What is said when nothing is said ---- */

static void defaults(void **state)
{
    char address[NET_TEXT];
    const struct load_config *config = runs("20");
    assert_string_equal(config->profile->name, "thesis");
    assert_int_equal(config->n_connect, 1);
    net_text(&config->connect[0], address);
    assert_string_equal(address, "127.0.0.1:5000");
    assert_true(config->threads >= 1);
    assert_int_equal(config->size, 32);
    assert_int_equal(runs("-p rooms")->size, 64);
    config = runs("20");
    assert_int_equal(config->least_chats, 4);
    assert_true(config->create_chance > 0.0019 && config->create_chance < 0.0021);
    assert_true(config->leave_chance > 0.049 && config->leave_chance < 0.051);
    assert_true(config->verify && !config->events && !options.find_max);
    assert_true(!options.json && !options.csv && !options.hgrm && !options.chats);
    assert_int_equal(options.n_phases, 1);
    assert_true(options.phases[0].measured && options.phases[0].length > 10 * 24 * 3600 * SECOND);
    config = runs("-p rooms");
    assert_int_equal(config->rooms, 1);
    assert_int_equal(config->members, 10);
    assert_int_equal(config->senders, 10);
    assert_int_equal(config->slow, 0);
    assert_true(!config->closed && options.phases[0].length == 10 * SECOND);
    assert_true(options.phases[0].value >= 1000 && options.phases[0].value <= 1000);
    assert_int_equal(runs("-p slow")->slow, 1);
    assert_int_equal(runs("-p rooms --closed")->window, 1);
    assert_int_equal(runs("-p replay 3")->history, 1000);
    assert_true(runs("-p churn 3")->closed && options.phases[0].length == 10 * SECOND);
    assert_false(runs("-p churn 3 --rate 7")->closed);
    assert_true(options.phases[0].value >= 7 && options.phases[0].value <= 7);
    assert_false(runs("3 --rate 7")->closed);
    assert_int_equal(runs("-p rooms -r 2 -m 3 -t 256")->threads, 6);
    (void)state;
}

static void everything_at_once(void **state)
{
    const struct load_config *config = runs(
        "-c 127.0.0.1:1 --connect [::1]:2 -p slow -r 3 -m 7 --senders 2 --slow 4 --size 99 --rate 12.5 -d 3 -w 1 "
        "-t 2 -s 4 --threshold deliver_p99<20ms --threshold errors<=0 --no-verify --json a --csv b --hgrm c --log");
    char address[NET_TEXT];
    net_text(&config->connect[1], address);
    assert_string_equal(address, "[::1]:2");
    assert_int_equal(config->n_connect, 2);
    assert_ptr_equal(config->profile, &profile_slow);
    assert_true(config->rooms == 3 && config->members == 7 && config->senders == 2 && config->slow == 4);
    assert_true(config->size == 99 && config->threads == 2 && config->seed == 4);
    assert_true(!config->verify && config->events);
    assert_int_equal(options.n_phases, 2);
    assert_true(!options.phases[0].measured && options.phases[0].length == SECOND && options.phases[0].value > 12);
    assert_true(options.phases[1].measured && options.phases[1].length == 3 * SECOND);
    assert_int_equal(options.n_thresholds, 2);
    assert_string_equal(options.thresholds[1].text, "errors<=0");
    assert_string_equal(options.json, "a");
    assert_string_equal(options.csv, "b");
    assert_string_equal(options.hgrm, "c");
    assert_string_equal((runs("5 --chats there"), options.chats), "there");
    assert_true(runs("-p churn 5 --ahead")->ahead);
    assert_string_equal((runs("5 --json a --json b"), options.json), "b");
    (void)state;
}

/* ---- Lists ---- */

/* The words, then one more again and again. */
static const char *repeated(const char *words, const char *more, int times)
{
    static char line[4096];
    int n = snprintf(line, sizeof line, "%s", words);
    while (times--)
        n += snprintf(line + n, sizeof line - (size_t)n, " %s", more);
    return line;
}

static void lists_have_an_end(void **state)
{
    assert_int_equal(runs(repeated("5", "-c 127.0.0.1:1", LOAD_ADDRESSES))->n_connect, LOAD_ADDRESSES);
    is_wrong(repeated("5", "-c 127.0.0.1:1", LOAD_ADDRESSES + 1), "one too many");
    runs(repeated("-p rooms -w 1", "--stage 1:5", LOAD_PHASES - 1));
    assert_int_equal(options.n_phases, LOAD_PHASES);
    is_wrong(repeated("-p rooms", "--stage 1:5", LOAD_PHASES), "one too many");
    runs(repeated("5", "--threshold errors<1", THRESHOLDS_MOST));
    assert_int_equal(options.n_thresholds, THRESHOLDS_MOST);
    is_wrong(repeated("5", "--threshold errors<1", THRESHOLDS_MOST + 1), "one too many");
    (void)state;
}

static void stages(void **state)
{
    const struct load_config *config = runs("-p idle --stage 1:5 --stage 2.5s:20 --stage 0.001:0 -w 3");
    assert_int_equal(config->clients, 20);
    assert_true(config->staged);
    assert_int_equal(options.n_phases, 4);
    assert_true(!options.phases[0].measured && options.phases[0].length == 3 * SECOND);
    assert_true(options.phases[0].value >= 5 && options.phases[0].value <= 5);
    assert_true(options.phases[2].length == 2500 * MILLISECOND && options.phases[2].measured);
    assert_true(options.phases[3].length == MILLISECOND && options.phases[3].value <= 0);
    runs("-p rooms --stage 86400:9999999");
    assert_false(options.config.staged);
    static const char *const wrong[] = {
        "",      "1",    ":",     "1:",         ":1",   "1:x",   "x:1",
        "1m:5",  "-1:5", "0:5",   "0.0001:5",   "1:-5", "1:1.5", "86401:5",
        "1:5:5", "s:5",  "1ss:5", "1:10000000", "1;5",  "1:5s",  "00000000000000000000000000000000001:5"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char line[128];
        snprintf(line, sizeof line, "-p rooms --stage=%s", wrong[i]);
        is_wrong(line, "stage");
    }
    (void)state;
}

static void addresses(void **state)
{
    static const char *const wrong[] = {"", "x", "127.0.0.1", "127.0.0.1:", "127.0.0.1:65536", "[::1:80", ":"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char line[128];
        snprintf(line, sizeof line, "5 --connect=%s", wrong[i]);
        is_wrong(line, "connect");
    }
    (void)state;
}

static void profiles(void **state)
{
    for (const struct profile *const *profile = profile_table; *profile; profile++) {
        char line[128];
        snprintf(line, sizeof line, "--profile %s %s", (*profile)->name, (*profile)->rooms ? "" : "3");
        assert_ptr_equal(runs(line)->profile, *profile);
    }
    static const char *const wrong[] = {"5 -p x", "5 -p Rooms", "5 -p room"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        is_wrong(wrong[i], "thesis, rooms, churn, idle, replay, slow");
    (void)state;
}

/* ---- What does not fit together ---- */

static void impossible_combinations(void **state)
{
    static const struct {
        const char *line, *text;
    } rows[] = {
        {"", "how many clients?"},
        {"-p idle", "how many clients?"},
        {"-p rooms 5", "takes no number of clients"},
        {"-p slow -n 5", "takes no number of clients"},
        {"-p rooms -m 3 --senders 4", "4 senders"},
        {"-p slow -m 3 --slow 4", "4 slow readers"},
        {"-p rooms -r 1001 -m 1000", "more than 1000000"},
        {"-p rooms --closed --rate 5", "--rate"},
        {"-p rooms --closed --stage 1:5", "--stage"},
        {"-p rooms --window 5", "--window"},
        {"-p rooms --slow 1", "--slow"},
        {"-p rooms --history 5", "--history"},
        {"-p rooms --ahead", "--ahead"},
        {"-p rooms --create-chance 0.5", "--create-chance"},
        {"-p churn 5 --leave-chance 0.5", "--leave-chance"},
        {"-p idle 5 --least-chats 5", "--least-chats"},
        {"-p replay 5 --ahead", "--ahead"},
        {"-p churn 5 --history 5", "--history"},
        {"5 --rooms 2", "--rooms"},
        {"-p idle 5 --rooms 2", "--rooms"},
        {"5 --members 2", "--members"},
        {"5 --senders 2", "--senders"},
        {"-p idle 5 --rate 2", "--rate"},
        {"-p replay 5 --rate 2", "--rate"},
        {"--stage 1:5 --rate 2", "--rate"},
        {"-p idle 5 --closed", "--closed"},
        {"-p churn 5 --window 2", "--window"},
        {"5 --stage 1:5", "one too many"},
        {"--stage 1:0", "no stage has any clients"},
        {"--stage 1:1000001", "more than 1000000"},
        {"-p rooms --stage 1:5 -d 5", "--duration"},
        {"-p idle --stage 1:5 -d 5", "--duration"},
        {"-p rooms --find-max", "--threshold"},
        {"5 --find-max --threshold errors<1", "--find-max"},
        {"-p rooms --closed --find-max --threshold errors<1", "--find-max"},
        {"-p rooms --stage 1:5 --find-max --threshold errors<1", "--find-max"},
        {"5 --chats d --no-verify", "--chats"},
        {"-p idle --size 100 5", "--size"},
        {"-p churn --size 100 5", "--size"},
        {"5 --threshold deliver_p99<5", "unit"},
        {"5 --threshold x<5", "threshold"},
        {"5 --bogus", "bogus"},
        {"5 -Z", "Z"},
        {"5 --closed=1", "closed"},
        {"5 --json", "json"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        is_wrong(rows[i].line, rows[i].text);
    (void)state;
}

static void help_and_version(void **state)
{
    assert_int_equal(read_line("--help", stdout, STDOUT_FILENO), ARGS_DONE);
    for (size_t i = 0; i < sizeof borders / sizeof *borders; i++)
        if (!strstr(said, borders[i].option))
            fail_msg("--help tells nothing of --%s", borders[i].option);
    for (const struct profile *const *profile = profile_table; *profile; profile++)
        assert_non_null(strstr(said, (*profile)->about));
    for (const char *line = said, *end; (end = strchr(line, '\n')); line = end + 1)
        if (end - line > 120)
            fail_msg("a line of --help is too long: %.*s", (int)(end - line), line);
    assert_int_equal(read_line("-p rooms 5 -V", stdout, STDOUT_FILENO), ARGS_DONE);
    assert_string_equal(said, "conveyor-load " CONVEYOR_VERSION "\n");
    (void)state;
}

static int forget(void **state)
{
    (void)state;
    options_free(&options);
    options_free(&options);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_at_their_borders),
        cmocka_unit_test(the_word_that_is_a_number),
        cmocka_unit_test(times_at_their_borders),
        cmocka_unit_test(fractions_at_their_borders),
        cmocka_unit_test(seeds),
        cmocka_unit_test(defaults),
        cmocka_unit_test(everything_at_once),
        cmocka_unit_test(lists_have_an_end),
        cmocka_unit_test(stages),
        cmocka_unit_test(addresses),
        cmocka_unit_test(profiles),
        cmocka_unit_test(impossible_combinations),
        cmocka_unit_test(help_and_version),
    };
    return cmocka_run_group_tests(tests, NULL, forget);
}
