/* The command line and the configuration file: what is refused, what is shown, and who wins. */
#include <stdio.h>
#include <string.h>

#include "tests/harness/census.h"
#include "tests/harness/rows.h"
#include "tests/system/scenarios.h"

/* What the options alone do. */
static struct outcome run_bare(const char *const options[])
{
    struct launch *launch = trial_alloc(sizeof *launch);
    launch->bare = true;
    for (size_t i = 0; options[i]; i++)
        launch->options[i] = options[i];
    return server_outcome(launch);
}

static bool is_one_line(const struct bytes *text)
{
    return text->n > 1 && strchr(text->at, '\n') == text->at + text->n - 1;
}

static void is_usage_error(const char *const options[])
{
    struct outcome outcome = run_bare(options);
    const char *why = trial_text("%s %s", options[0], options[1] ? options[1] : "");
    check(outcome.code == 2, "%s: exit %d instead of 2", why, outcome.code);
    check(is_one_line(&outcome.err), "%s: stderr has not one line: '%s'", why, shown(outcome.err.at, outcome.err.n));
    check(outcome.out.n == 0, "%s: something is on stdout: '%s'", why, shown(outcome.out.at, outcome.out.n));
}

static void bad_options(const struct trial *trial)
{
    static const char *const wrong[][3] = {
        {"--bogus"},
        {"--bogus=1"},
        {"-Z"},
        {"word"},
        {"--arch", "nonsense"},
        {"--arch"},
        {"--listen", "nonsense"},
        {"--listen", "127.0.0.1:65536"},
        {"--listen", "127.0.0.1:x"},
        {"--listen", ""},
        {"--max-message", "0"},
        {"--max-message", "1000001"},
        {"--max-message", "many"},
        {"--max-message", "-1"},
        {"--max-message", "12x"},
        {"--max-message", ""},
        {"--max-message", "99999999999999999999"},
        {"--max-clients", "0"},
        {"--max-clients", "999999999"},
        {"--max-per-ip", "x"},
        {"--max-chats", "-3"},
        {"--rate-limit", "x"},
        {"--room-threads", "0"},
        {"--room-threads", "x"},
        {"--room-linger", "x"},
        {"--name-timeout", "x"},
        {"--drain", "x"},
        {"--sync", "sometimes"},
        {"--sync", ""},
        {"--sync", "-1"},
        {"--log-level", "loud"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        const char *options[] = {wrong[i][0], wrong[i][1] ? wrong[i][1] : NULL, NULL};
        if (wrong[i][1]) /* --check-config: what is not refused must not run on */
            is_usage_error((const char *const[]){"--check-config", wrong[i][0], wrong[i][1], NULL});
        else
            is_usage_error(options);
    }
    is_usage_error((const char *const[]){"--config", trial_path("absent.conf"), NULL});
    (void)trial;
}

static void help_and_version(const struct trial *trial)
{
    static const char *const mentioned[] = {"--arch",         "--listen",      "--chats",        "--room-threads",
                                            "--room-linger",  "--max-clients", "--max-per-ip",   "--max-message",
                                            "--max-chats",    "--rate-limit",  "--name-timeout", "--drain",
                                            "--sync",         "--log-level",   "--log-file",     "--config",
                                            "--check-config", "--help",        "--version"};
    struct outcome help = run_bare((const char *const[]){"--help", NULL});
    check(help.code == 0 && help.err.n == 0, "--help: exit %d, stderr '%s'", help.code, shown(help.err.at, help.err.n));
    for (size_t i = 0; i < sizeof mentioned / sizeof *mentioned; i++)
        check(strstr(help.out.at, mentioned[i]), "--help does not mention %s", mentioned[i]);
    check(strstr(help.out.at, trial->arch), "--help does not mention %s", trial->arch);
    struct outcome version = run_bare((const char *const[]){"--version", NULL});
    check(version.code == 0 && version.err.n == 0 && is_one_line(&version.out), "--version: exit %d, '%s'",
          version.code, shown(version.out.at, version.out.n));
}

static char *write_config(const char *text)
{
    static unsigned made;
    char *path = trial_path("%u.conf", made++);
    file_write(path, text, strlen(text));
    return path;
}

static void check_config(const struct trial *trial)
{
    char *chats = trial_path("never-made");
    char *good = write_config(trial_text("# a comment\narch = %s\nlisten = 127.0.0.1:0\nchats = %s\nmax-chats = 3\n"
                                         "sync = always\nlog-level = warn\n",
                                         trial->arch, chats));
    struct outcome outcome = run_bare((const char *const[]){"--check-config", "--config", good, NULL});
    check(outcome.code == 0 && outcome.err.n == 0, "a good file: exit %d, stderr '%s'", outcome.code,
          shown(outcome.err.at, outcome.err.n));
    check(!file_exists(chats), "--check-config made the folder of chats");
    check(!strstr(outcome.out.at, "Server started"), "--check-config started a server");
    static const char *const bad[] = {"arch = nonsense\n", "no-such-key = 1\n", "max-chats = many\n",
                                      "listen = 1\nwithout a sign\n", "listen = here\n"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        is_usage_error((const char *const[]){"--check-config", "--config", write_config(bad[i]), NULL});
}

/* The file is read, its lists are lists, and the command line wins. */
static void config_file(const struct trial *trial)
{
    char *chats = trial_path("from-the-file");
    char *path =
        write_config(trial_text("arch = %s\nlisten = 127.0.0.1:0\nlisten = 127.0.0.1:0\nchats = %s\nmax-chats = 1\n"
                                "max-message = 10\nsync = always\n",
                                trial->arch, chats));
    struct server *server = server_start(
        &(struct launch){.bare = true, .chats = chats, .options = {"--config", path, "--max-message", "20"}});
    const char *sync = cJSON_GetStringValue(cJSON_GetObjectItem(server->started, "sync"));
    const char *arch = cJSON_GetStringValue(cJSON_GetObjectItem(server->started, "arch"));
    check(sync && strcmp(sync, "always") == 0, "data.sync is %s", sync ? sync : "missing");
    check(arch && strcmp(arch, trial->arch) == 0, "data.arch is %s", arch ? arch : "missing");
    check(cJSON_GetArraySize(cJSON_GetObjectItem(server->started, "listen")) == 2, "the file's list of two is none");
    struct client *ann = client_login(server, "ann");
    client_ask(ann, CREATE_CHAT, "hall", GET_CHATS, SUCCESS, "hall\n");
    client_ask(ann, CREATE_CHAT, "den", CREATE_CHAT, FAILURE, SAY_TOO_MANY_CHATS);
    client_enter(ann, "hall");
    client_message(ann, "ann", repeated("x", 20));
    client_ask(ann, SEND_MESSAGE, repeated("x", 21), SEND_MESSAGE, FAILURE, trial_text(SAY_TEXT_TOO_LONG, 20u));
    check(file_exists(trial_path("from-the-file/hall.chat")), "the chat is not where the file says");
    finish(server);
}

const struct scenario command_everywhere[] = {
    {"bad_options", bad_options},
    {"help_and_version", help_and_version},
    {"check_config", check_config},
    {"config_file", config_file},
    {0},
};
