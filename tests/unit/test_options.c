/* conveyord's options: what the command line and the configuration file give, and what is refused. test_args.c tests how
 * they are read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/clock.h"
#include "server/arch/arch.h"
#include "server/options.h"

/* Architectures that nobody starts stand in for the real ones; the example names the first. */
static const struct arch first = {.name = "conveyor", .about = "the default"};
static const struct arch second = {.name = "second", .about = "the other"};
static const struct arch third = {.name = "third", .about = "a yardstick", .baseline = true};
const struct arch *const arch_table[] = {&first, &second, &third, NULL};

const struct arch *arch_find(const char *name)
{
    for (const struct arch *const *arch = arch_table; *arch; arch++)
        if (strcmp((*arch)->name, name) == 0)
            return *arch;
    return NULL;
}

enum { WORDS_MAX = 64 };

static struct options options;
static char said[8192]; /* what the last reading wrote to standard error or output */
static char config_path[64];

static void slurp(FILE *file)
{
    rewind(file);
    size_t n = fread(said, 1, sizeof said - 1, file);
    said[n] = '\0';
}

/* Reads the options from the words, the last one NULL, with one of the standard streams going to `said`. */
static enum args_result read_words(char **words, FILE *stream, int fd)
{
    char *argv[WORDS_MAX] = {(char *)"conveyord"};
    int argc = 1;
    for (; *words; words++)
        argv[argc++] = *words;
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

#define WORDS(...) ((char *[]){__VA_ARGS__, NULL})

static void expect_run(char **words)
{
    enum args_result result = read_words(words, stderr, STDERR_FILENO);
    assert_string_equal(said, "");
    assert_int_equal(result, ARGS_RUN);
}

/* Wrong, and told so by this text in the one line there is. */
static void expect_wrong(char **words, const char *text)
{
    enum args_result result = read_words(words, stderr, STDERR_FILENO);
    char *end = strchr(said, '\n');
    assert_int_equal(result, ARGS_WRONG);
    assert_int_equal(strncmp(said, "conveyord: ", 11), 0);
    assert_true(end && end[1] == '\0');
    if (!strstr(said, text))
        fail_msg("'%s' is not in: %s", text, said);
}

static void write_config(const void *bytes, size_t n)
{
    FILE *file = fopen(config_path, "w");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, n, file), n);
    assert_int_equal(fclose(file), 0);
}

static void expect_config(const char *text)
{
    write_config(text, strlen(text));
    expect_run(WORDS("--config", config_path));
}

/* Wrong, and told so with the file's name, the line and this text. */
static void expect_wrong_config(const char *text, int line, const char *reason)
{
    char expected[256];
    write_config(text, strlen(text));
    snprintf(expected, sizeof expected, "conveyord: %s:%d: %s", config_path, line, reason);
    expect_wrong(WORDS("--config", config_path), expected);
}

static const char *address(size_t i)
{
    static char text[NET_TEXT];
    assert_true(i < options.n_listen);
    net_text(&options.listen[i], text);
    return text;
}

/* ---- Right ones ---- */

static void test_defaults(void **state)
{
    (void)state;
    expect_run(WORDS(NULL));
    const struct limits *limits = &options.limits;
    assert_ptr_equal(options.arch, &first);
    assert_int_equal(options.n_listen, 1);
    assert_string_equal(address(0), "127.0.0.1:5000");
    assert_string_equal(options.chats, "./chats");
    assert_null(options.log_file);
    assert_int_equal(options.log_level, LOG_INFO);
    assert_string_equal(options.sync, "1");
    assert_false(options.check_config);
    assert_int_equal(limits->max_message, 65536);
    assert_int_equal(limits->max_clients, 0);
    assert_int_equal(limits->max_per_ip, 0);
    assert_int_equal(limits->max_chats, 10000);
    assert_int_equal(limits->rate_limit, 0);
    assert_int_equal(limits->room_threads, 0);
    assert_int_equal(limits->workers, 0);
    assert_int_equal(limits->room_linger, SECOND);
    assert_int_equal(limits->name_timeout, 30 * SECOND);
    assert_int_equal(limits->drain, 5 * SECOND);
    assert_int_equal(limits->sync, SYNC_PERIOD);
    assert_int_equal(limits->sync_period, SECOND);
}

static void test_every_option(void **state)
{
    (void)state;
    expect_run(WORDS("--arch", "second", "--listen", "127.0.0.1:0", "--listen=[::1]:7", "--chats", "/c",
                     "--room-threads", "3", "--workers", "7", "--room-linger=0", "--max-clients", "1000000",
                     "--max-per-ip", "4", "--max-message", "1000000", "--max-chats", "1", "--rate-limit", "9",
                     "--name-timeout", "0.5", "--drain", "0", "--sync", "always", "--log-level", "debug", "--log-file",
                     "l", "--check-config"));
    const struct limits *limits = &options.limits;
    assert_ptr_equal(options.arch, &second);
    assert_int_equal(options.n_listen, 2);
    assert_string_equal(address(0), "127.0.0.1:0");
    assert_string_equal(address(1), "[::1]:7");
    assert_string_equal(options.chats, "/c");
    assert_string_equal(options.log_file, "l");
    assert_int_equal(options.log_level, LOG_DEBUG);
    assert_true(options.check_config);
    assert_int_equal(limits->max_message, 1000000);
    assert_int_equal(limits->max_clients, 1000000);
    assert_int_equal(limits->max_per_ip, 4);
    assert_int_equal(limits->max_chats, 1);
    assert_int_equal(limits->rate_limit, 9);
    assert_int_equal(limits->room_threads, 3);
    assert_int_equal(limits->workers, 7);
    assert_int_equal(limits->room_linger, 0);
    assert_int_equal(limits->name_timeout, SECOND / 2);
    assert_int_equal(limits->drain, 0);
    assert_int_equal(limits->sync, SYNC_ALWAYS);
}

static void test_letters(void **state)
{
    (void)state;
    write_config("max-chats = 5\n", 14);
    expect_run(WORDS("-asecond", "-l", "127.0.0.1:1", "-c", "x", "-C", config_path));
    assert_ptr_equal(options.arch, &second);
    assert_string_equal(address(0), "127.0.0.1:1");
    assert_string_equal(options.chats, "x");
    assert_int_equal(options.limits.max_chats, 5);
}

static void test_sync_as_said(void **state)
{
    (void)state;
    expect_run(WORDS("--sync", "os"));
    assert_int_equal(options.limits.sync, SYNC_OS);
    assert_string_equal(options.sync, "os");
    expect_run(WORDS("--sync", "0.250"));
    assert_int_equal(options.limits.sync, SYNC_PERIOD);
    assert_int_equal(options.limits.sync_period, SECOND / 4);
    assert_string_equal(options.sync, "0.250");
    expect_run(WORDS("--sync", "0604799.999999"));
    assert_int_equal(options.limits.sync_period, INT64_C(604799999999));
    assert_string_equal(options.sync, "0604799.999999");
}

/* ---- --help and --version ---- */

static void test_help_and_version(void **state)
{
    (void)state;
    static const char *const names[] = {
        "--arch NAME",   "--listen",     "--chats",       "--room-threads", "--workers",       "--room-linger",
        "--max-clients", "--max-per-ip", "--max-message", "--max-chats",    "--rate-limit",    "--name-timeout",
        "--drain",       "--sync",       "--log-level",   "--log-file",     "--config",        "--check-config",
        "--help",        "--version",    "second",        "the other",      "(127.0.0.1:5000)"};
    assert_int_equal(read_words(WORDS("--help"), stdout, STDOUT_FILENO), ARGS_DONE);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_non_null(strstr(said, names[i]));
    for (const char *line = said; *line; line += strcspn(line, "\n") + 1)
        assert_in_range(strcspn(line, "\n"), 0, 100);
    assert_int_equal(read_words(WORDS("-h", "--nonsense"), stdout, STDOUT_FILENO), ARGS_DONE);
    assert_int_equal(read_words(WORDS("--version"), stdout, STDOUT_FILENO), ARGS_DONE);
    assert_int_equal(strncmp(said, "conveyord ", 10), 0);
    assert_int_equal(read_words(WORDS("-V"), stdout, STDOUT_FILENO), ARGS_DONE);
}

/* Each has a line of its own, and those that are for the lab alone say so, in both lists. */
static void test_arch_help(void **state)
{
    (void)state;
    static const char list[] = "conveyor   the default\n"
                               "second     the other\n"
                               "third      baseline for the lab, do not deploy: a yardstick\n";
    assert_int_equal(read_words(WORDS("--arch", "help"), stdout, STDOUT_FILENO), ARGS_DONE);
    assert_string_equal(said, list);
    assert_int_equal(read_words(WORDS("-ahelp", "--config", "/nowhere"), stdout, STDOUT_FILENO), ARGS_DONE);
    assert_string_equal(said, list);
    assert_int_equal(read_words(WORDS("--help"), stdout, STDOUT_FILENO), ARGS_DONE);
    assert_non_null(strstr(said, "\n  second                    the other\n"));
    assert_non_null(strstr(said, "\n  third                     baseline for the lab, do not deploy: a yardstick\n"));
    expect_run(WORDS("--arch", "third"));
    assert_ptr_equal(options.arch, &third);
    expect_wrong_config("arch = help\n", 1, "arch: there is no architecture 'help', only: conveyor, second, third\n");
}

/* ---- Wrong ones ---- */

/* Refuses this value of an option, and says that it is not this. */
static void expect_not(const char *name, const char *value, const char *what)
{
    char option[64], complaint[128];
    snprintf(option, sizeof option, "--%s=%s", name, value);
    snprintf(complaint, sizeof complaint, "conveyord: --%s: '%s' is not %s\n", name, value, what);
    expect_wrong(WORDS(option), complaint);
}

static void test_wrong_numbers(void **state)
{
    (void)state;
    static const struct {
        const char *name, *too_small, *too_large, *range;
    } wrong[] = {
        {"room-threads", "0", "10001", "1 to 10000"},    {"room-linger", "-1", "86400001", "0 to 86400000"},
        {"max-clients", "0", "1000001", "1 to 1000000"}, {"max-per-ip", "-1", "1000001", "0 to 1000000"},
        {"max-message", "0", "1000001", "1 to 1000000"}, {"max-chats", "0", "1000001", "1 to 1000000"},
        {"rate-limit", "-1", "1000001", "0 to 1000000"}, {"workers", "0", "1001", "1 to 1000"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        char what[64];
        snprintf(what, sizeof what, "a whole number from %s", wrong[i].range);
        expect_not(wrong[i].name, wrong[i].too_small, what);
        expect_not(wrong[i].name, wrong[i].too_large, what);
    }
}

static void test_wrong_seconds(void **state)
{
    (void)state;
    static const char *const wrong[] = {"0", "0.000999", "604800.000001", "604801", "-1", "1e3", "OS", "alway"};
    expect_not("name-timeout", "0.000999", "a number of seconds from 0.001 to 604800");
    expect_not("name-timeout", "604800.000001", "a number of seconds from 0.001 to 604800");
    expect_not("drain", "-1", "a number of seconds from 0 to 604800");
    expect_not("drain", "604800.000001", "a number of seconds from 0 to 604800");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect_not("sync", wrong[i], "os, always or a number of seconds from 0.001 to 604800");
}

static void test_wrong_words(void **state)
{
    (void)state;
    expect_wrong(WORDS("--arch", "fourth"),
                 "--arch: there is no architecture 'fourth', only: conveyor, second, third\n");
    expect_wrong(WORDS("--log-level", "loud"), "--log-level: 'loud' is none of error, warn, info and debug\n");
    expect_wrong(WORDS("--chats", ""), "--chats: the value is missing\n");
    expect_wrong(WORDS("-c"), "--chats: the value is missing\n");
    expect_wrong(WORDS("--nonsense"), "there is no option '--nonsense', see --help\n");
    expect_wrong(WORDS("--chats", "a", "stray"), "conveyord: 'stray' is no option, see --help\n");
    expect_wrong(WORDS("stray", "--config", "/nowhere"), "conveyord: 'stray' is no option, see --help\n");
}

static void test_wrong_addresses(void **state)
{
    (void)state;
    static const char *const wrong[] = {"5000",         "127.0.0.1", "127.0.0.1:", ":5000x", "127.0.0.1:65536",
                                        "127.0.0.1:-1", "[::1]",     "[::1:5",     "::1:x",  ""};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        expect_wrong(WORDS("--listen", (char *)wrong[i]), "--listen: ");
    char *words[2 * LISTEN_MAX + 3] = {NULL};
    for (int i = 0; i < 2 * LISTEN_MAX; i += 2) {
        words[i] = (char *)"-l";
        words[i + 1] = (char *)"127.0.0.1:0";
    }
    expect_run(words);
    assert_int_equal(options.n_listen, LISTEN_MAX);
    words[2 * LISTEN_MAX] = (char *)"-l";
    words[2 * LISTEN_MAX + 1] = (char *)"127.0.0.1:1";
    expect_wrong(words, "--listen: '127.0.0.1:1' is one too many, there can be 16");
}

static void test_long_value(void **state)
{
    (void)state;
    char value[5000];
    memset(value, 'x', sizeof value - 1);
    value[sizeof value - 1] = '\0';
    expect_wrong(WORDS("--arch", value), "there is no architecture 'xxx");
    expect_wrong(WORDS("--arch", value), "only: conveyor, second, third");
    expect_wrong(WORDS("--config", value), "xxx");
}

/* ---- The configuration file ---- */

static void test_config(void **state)
{
    (void)state;
    expect_config("# comment\n"
                  "; another\n"
                  "\n"
                  "arch = second\n"
                  "listen=127.0.0.1:1\n"
                  "  listen = [::1]:2   \r\n"
                  "\tchats = a folder ; with a comment\n"
                  "log-file = a#b #c;d\n"
                  "drain = 0.25\n"
                  "max-chats = 1\n"
                  "max-chats = 7");
    assert_ptr_equal(options.arch, &second);
    assert_int_equal(options.n_listen, 2);
    assert_string_equal(address(0), "127.0.0.1:1");
    assert_string_equal(address(1), "[::1]:2");
    assert_string_equal(options.chats, "a folder");
    assert_string_equal(options.log_file, "a#b #c;d");
    assert_int_equal(options.limits.drain, SECOND / 4);
    assert_int_equal(options.limits.max_chats, 7);
    expect_config("");
    assert_string_equal(address(0), "127.0.0.1:5000");
    expect_config("\xef\xbb\xbf"
                  "max-chats = 3\n");
    assert_int_equal(options.limits.max_chats, 3);
}

static void test_command_line_wins(void **state)
{
    (void)state;
    static const char text[] = "listen = 127.0.0.1:1\nlisten = 127.0.0.1:2\nchats = file\nmax-chats = 5\n";
    write_config(text, sizeof text - 1);
    expect_run(WORDS("--chats", "line", "--listen", "127.0.0.1:3", "--config", config_path));
    assert_string_equal(options.chats, "line");
    assert_int_equal(options.n_listen, 1);
    assert_string_equal(address(0), "127.0.0.1:3");
    assert_int_equal(options.limits.max_chats, 5);
    expect_run(WORDS("--listen", "127.0.0.1:3", "--config", config_path, "--listen", "127.0.0.1:4"));
    assert_int_equal(options.n_listen, 2);
    assert_string_equal(address(1), "127.0.0.1:4");
}

static void test_wrong_config(void **state)
{
    (void)state;
    expect_wrong_config("chats = a\nnonsense = 5\n", 2, "there is no option 'nonsense'");
    expect_wrong_config("config = x\n", 1, "there is no option 'config'");
    expect_wrong_config("help = x\n", 1, "there is no option 'help'");
    expect_wrong_config("check-config = 1\n", 1, "there is no option 'check-config'");
    expect_wrong_config("--chats = x\n", 1, "there is no option '--chats'");
    expect_wrong_config("\n\n= x\n", 3, "there is no option ''");
    expect_wrong_config("chats\n", 1, "expected KEY = VALUE");
    expect_wrong_config("chats\nnonsense = 5\n", 1, "expected KEY = VALUE");
    expect_wrong_config("nonsense = 5\nchats\n", 1, "there is no option 'nonsense'");
    expect_wrong_config("max-chats = 5x\nmax-chats = 6x\n", 1,
                        "max-chats: '5x' is not a whole number from 1 to 1000000");
    expect_wrong_config("chats =\n", 1, "chats: the value is missing");
    expect_wrong_config("chats = ; nothing\n", 1, "chats: the value is missing");
    expect_wrong_config("chats = a\n[server]\nmax-chats = 5\n", 2, "there are no sections here");
    expect_wrong_config("chats = a\n  [server]", 2, "there are no sections here");
    expect_wrong_config("\xef\xbb\xbf[server]\nmax-chats = 5\n", 2, "there are no sections here");
    expect_wrong_config("listen = 127.0.0.1:1\n  127.0.0.1:2\n", 2, "there is no option '127.0.0.1'");
    write_config("chats = a\0b\n", 12);
    expect_wrong(WORDS("--config", config_path), ":1: a NUL byte");
}

static void test_config_line_length(void **state)
{
    (void)state;
    char text[512];
    for (int n = 150; n < 450; n++) {
        snprintf(text, sizeof text, "chats = %0*d\nmax-chats = 5\n", n - 8, 0);
        if (n <= 198) {
            expect_config(text);
            assert_int_equal(strlen(options.chats), n - 8);
            assert_int_equal(options.limits.max_chats, 5);
        } else {
            expect_wrong_config(text, 1, "the line is too long, at most 198 bytes");
        }
    }
}

static void test_unreadable_config(void **state)
{
    (void)state;
    expect_wrong(WORDS("--config", "/nowhere/at/all"), "/nowhere/at/all: No such file or directory");
    expect_wrong(WORDS("--config", "/"), "/:1: Is a directory");
    expect_wrong(WORDS("--config", ""), "--config: the value is missing");
    expect_wrong(WORDS("--config"), "--config: the value is missing");
}

/* The example is valid as it stands, says the defaults, and stays valid with its commented options switched on. */
static void test_example(void **state)
{
    (void)state;
    char text[8192], *to = text, line[256];
    FILE *file = fopen("scripts/conveyord.conf", "r");
    assert_non_null(file);
    while (fgets(line, sizeof line, file)) {
        bool option = line[0] == '#' && line[1] >= 'a' && line[1] <= 'z' && strstr(line, " = ");
        to += snprintf(to, sizeof text - (size_t)(to - text), "%s", option ? line + 1 : line);
        assert_true(to < text + sizeof text - 1);
    }
    fclose(file);
    expect_run(WORDS("--config", "scripts/conveyord.conf"));
    struct options example = options;
    options = (struct options){0};
    expect_run(WORDS("--arch", "second"));
    assert_memory_equal(&example.limits, &options.limits, sizeof options.limits);
    assert_string_equal(example.chats, options.chats);
    assert_string_equal(example.sync, options.sync);
    options_free(&example);
    expect_config(text);
    assert_int_equal(options.n_listen, 2);
    assert_non_null(options.log_file);
}

static int set_up(void **state)
{
    (void)state;
    snprintf(config_path, sizeof config_path, "/tmp/test_options.%d.conf", (int)getpid());
    options = (struct options){0};
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    options_free(&options);
    unlink(config_path);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_defaults),          TEST(test_every_option),     TEST(test_letters),
        TEST(test_sync_as_said),      TEST(test_help_and_version), TEST(test_arch_help),
        TEST(test_wrong_numbers),     TEST(test_wrong_seconds),    TEST(test_wrong_words),
        TEST(test_wrong_addresses),   TEST(test_long_value),       TEST(test_config),
        TEST(test_command_line_wins), TEST(test_wrong_config),     TEST(test_config_line_length),
        TEST(test_unreadable_config), TEST(test_example),
    };
    return cmocka_run_group_tests_name("unit/options", tests, NULL, NULL);
}
