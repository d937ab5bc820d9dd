/* The log and the console: where records go, at which level, and that nobody waits for the log's reader. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "tests/harness/census.h"
#include "tests/harness/rows.h"
#include "tests/system/scenarios.h"

/* Fails unless the server's output has the two announced records, what the census was asked for, and no others. */
static void check_only_announced(const struct server *server)
{
    static const char *const asked[] = {"\"message\":\"Census\"", "\"message\":\"Stage\""};
    struct bytes out = file_read(server->out);
    unsigned others = 0;
    for (char *line = out.at, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        others += !strstr(line, asked[0]) && !strstr(line, asked[1]);
        bool announced = strstr(line, "Server started") || strstr(line, "Server stopped");
        check(announced || strstr(line, asked[0]) || strstr(line, asked[1]), "on standard output is %s", line);
    }
    check(others == 2, "%u records on standard output instead of two, the census apart", others);
}

static void visit(struct server *server)
{
    struct client *ann = client_login(server, "ann");
    client_create(ann, "hall");
    client_enter(ann, "hall");
    client_message(ann, "ann", "a word");
    client_quit(ann);
}

/* The first record says what a supervisor or a test must know. */
static void started_record(const struct trial *trial)
{
    struct server *server = server_start(&(struct launch){
        .arch = trial->arch, .own_listen = true, .options = {"--listen", "127.0.0.1:0", "--listen", "127.0.0.1:0"}});
    const cJSON *data = server->started;
    const cJSON *listen = cJSON_GetObjectItem(data, "listen");
    const char *arch = cJSON_GetStringValue(cJSON_GetObjectItem(data, "arch"));
    const char *sync = cJSON_GetStringValue(cJSON_GetObjectItem(data, "sync"));
    const cJSON *cost = cJSON_GetObjectItem(data, "client_bytes");
    check(arch && strcmp(arch, trial->arch) == 0, "data.arch is %s", arch ? arch : "missing");
    check(sync && strcmp(sync, "1") == 0, "data.sync is %s", sync ? sync : "missing");
    check(cJSON_IsNumber(cost) && cost->valuedouble > 0, "data.client_bytes is missing");
    check(cJSON_IsArray(cJSON_GetObjectItem(data, "json_listen")), "data.json_listen is no list");
    check(cJSON_IsArray(cJSON_GetObjectItem(data, "web_listen")), "data.web_listen is no list");
    check(cJSON_IsArray(cJSON_GetObjectItem(data, "udp_listen")), "data.udp_listen is no list");
    check(cJSON_GetArraySize(listen) == 2, "data.listen has %d addresses instead of 2", cJSON_GetArraySize(listen));
    int first = server->port;
    for (int i = 0; i < 2; i++) {
        const char *address = cJSON_GetStringValue(cJSON_GetArrayItem(listen, i));
        check(address && sscanf(address, "127.0.0.1:%d", &server->port) == 1 && server->port > 0, "data.listen[%d]", i);
        check(i == 0 || server->port != first, "both addresses have the same port");
        client_quit(client_open(server));
    }
    finish(server);
}

/* With a log file the records go there; the announced two, and the census, go to standard output as well. */
static void log_file(const struct trial *trial)
{
    char *log = trial_path("the.log");
    struct server *server =
        server_start(&(struct launch){.arch = trial->arch, .options = {"--log-file", log}, .log_file = log});
    visit(server);
    finish(server);
    check_only_announced(server);
    struct bytes in_file = file_read(log);
    check(strstr(in_file.at, "Server started"), "the log file has no \"Server started\"");
    check(strstr(in_file.at, "Chat created"), "the log file has no record of the new chat");
}

static void log_level_error(const struct trial *trial)
{
    struct server *server = start_with(trial, "--log-level", "error");
    visit(server);
    finish(server);
    check_only_announced(server);
    server_restart(server);
    server_stop(server);
}

/* info has no record per message; debug has, with the thesis's words. */
static void log_levels(const struct trial *trial)
{
    struct server *server = start_with(trial, "--log-level", "info");
    visit(server);
    finish(server);
    check(!strstr(file_read(server->out).at, "Read request from client"), "info has a record per message");
    server = start_with(trial, "--log-level", "debug");
    visit(server);
    server_wait_line(server, "Read request from client");
    server_wait_line(server, "Sent response to client");
    finish(server);
}

/* Nobody reads the server's standard output: the chat goes on, and the reader gets whole lines when it is back. */
static void deaf_log(const struct trial *trial)
{
    struct server *server =
        server_start(&(struct launch){.arch = trial->arch, .piped = true, .options = {"--log-level", "debug"}});
    struct client *ann = client_login(server, "ann");
    client_create(ann, "hall");
    client_enter(ann, "hall");
    server->deaf = true;
    for (unsigned i = 0, n = scaled(4000, 1000); i < n; i++)
        client_message(ann, "ann", "words that nobody logs");
    server->deaf = false;
    finish(server);
}

/* The reader of standard output is gone: the chat goes on. Nobody could hear a census. */
static void log_reader_gone(const struct trial *trial)
{
    struct server *server =
        server_start(&(struct launch){.arch = trial->arch, .piped = true, .options = {"--log-level", "debug"}});
    close(server->pipe);
    server->pipe = -1;
    visit(server);
    client_quit(client_login(server, "bob"));
    server_signal(server, SIGTERM);
    int code = server_wait(server);
    check(code == 0, "without a reader of its log the server ended with %d instead of 0", code);
}

static void console(const struct trial *trial)
{
    struct server *server = server_start(&(struct launch){.arch = trial->arch, .console = true});
    struct client *ann = client_login(server, "ann");
    server->talks = true;
    server_tell(server, "check");
    cJSON_Delete(server_wait_record(server, "Census"));
    size_t said = file_read(server->out).n + file_read(server->err).n;
    server_tell(server, "help");
    for (int64_t until = time_limit(); file_read(server->out).n + file_read(server->err).n == said;)
        look_again(until, "an answer to help");
    server_tell(server, "no such command");
    server_tell(server, "");
    server_tell(server, repeated("long ", 2000));
    server_tell(server, "check");
    cJSON_Delete(server_wait_record(server, "Census"));
    client_expect_nothing(ann);
    census(server);
    client_quit(ann);
    server_tell(server, "stop");
    int code = server_wait(server);
    check(code == 0, "after 'stop' the server ended with %d instead of 0", code);
    server_check_end(server);
}

/* The end of standard input is no order to stop; half a line before it is no command. */
static void end_of_console(const struct trial *trial)
{
    struct server *server = server_start(&(struct launch){.arch = trial->arch, .console = true});
    server->talks = true;
    check(write(server->console, "sto", 3) == 3, "the console takes no bytes");
    close(server->console);
    server->console = -1;
    census(server);
    visit(server);
    finish(server);
}

const struct scenario log_everywhere[] = {
    {"started_record", started_record},   {"log_file", log_file},
    {"log_level_error", log_level_error}, {"log_levels", log_levels},
    {"log_reader_gone", log_reader_gone}, {"console", console},
    {"end_of_console", end_of_console},   {0},
};

const struct scenario log_scenarios[] = {
    {"deaf_log", deaf_log},
    {0},
};
