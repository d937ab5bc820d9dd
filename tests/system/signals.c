/* Signals: a second one ends at once, --drain bounds the first, SIGHUP opens the log anew; words to a supervisor. */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/harness/census.h"
#include "tests/harness/rows.h"
#include "tests/system/scenarios.h"

/* What "at once" may take on a machine that has much else to do; stretched where everything is slower. */
enum { SOON_MS = 2000 };

/* One client in a room that has much unread and never closes, and one that sees the stop begin. */
static struct client *fill_and_stop(struct server *server, int number)
{
    struct client *deaf = client_open_small(server, 8192), *ann = client_login(server, "ann");
    char *text = repeated("x", 30000);
    client_set_name(deaf, "deaf");
    client_create(ann, "hall");
    client_expect_list(deaf, "hall\n");
    client_enter(ann, "hall");
    client_enter(deaf, "hall");
    for (int i = 0; i < 200; i++)
        client_message(ann, "ann", text);
    server_signal(server, number);
    client_expect_end(ann);
    return deaf;
}

static void second_signal(const struct trial *trial, int first, int second)
{
    struct server *server = start_with(trial, "--drain", "600");
    fill_and_stop(server, first);
    int64_t from = now_ms();
    server_signal(server, second);
    int code = server_wait(server);
    int64_t took = now_ms() - from;
    check(code == 1, "after a second signal the server ended with %d instead of 1", code);
    check(took < stretched(SOON_MS), "after a second signal the server took %d ms to end", (int)took);
}

static void second_signal_ends_at_once(const struct trial *trial)
{
    second_signal(trial, SIGTERM, SIGTERM);
    second_signal(trial, SIGINT, SIGINT);
    second_signal(trial, SIGTERM, SIGINT);
}

/* The drain is over in its time with people left: they are closed, and it is a success. */
static void drain_is_bounded(const struct trial *trial)
{
    struct server *server = start_with(trial, "--drain", "1");
    int64_t before = now_ms();
    fill_and_stop(server, SIGTERM);
    int64_t stopping = now_ms(); /* the signal came between the two */
    int code = server_wait(server);
    int64_t after = now_ms();
    check(code == 0, "after the drain the server ended with %d instead of 0", code);
    check(after - before >= 900, "the drain of a second was over after %d ms", (int)(after - before));
    check(after - stopping < 1000 + stretched(SOON_MS), "the drain of a second took %d ms", (int)(after - stopping));
    server_check_end(server);
}

/* Whoever keeps the server waiting, by reading nothing and by half a frame: when the drain is over it ends. */
static void stop_ends_whatever_clients_do(const struct trial *trial)
{
    enum { HISTORY = 16000000 };
    char *folder = trial_path("given"), *history = repeated("ann\t09:08:07 03/02/21\nfirst\r", HISTORY / 28);
    check(mkdir(folder, 0777) == 0, "no folder");
    file_write(trial_text("%s/hall.chat", folder), history, strlen(history));
    struct server *server =
        server_start(&(struct launch){.arch = trial->arch, .chats = folder, .options = {"--drain", "1"}});
    struct client *deaf = client_open_small(server, 8192), *half = client_open(server);
    client_set_name(deaf, "deaf");
    client_enter(deaf, "hall");
    client_write(half, "\0\0\0", 3);
    server_signal(server, SIGTERM);
    int64_t stopping = now_ms();
    int code = server_wait(server);
    check(code == 0, "after the drain the server ended with %d instead of 0", code);
    check(now_ms() - stopping < 1000 + stretched(SOON_MS), "the stop took %d ms", (int)(now_ms() - stopping));
    server_check_end(server);
}

/* Who connects while the server stops is not let in, and nobody waits for it. */
static void late_connection_is_not_let_in(const struct trial *trial)
{
    struct server *server = start_with(trial, "--drain", "600");
    struct client *ann = client_login(server, "ann");
    census(server);
    server_signal(server, SIGTERM);
    client_expect_end(ann); /* the stop has begun, and waits for her */
    client_open(server);
    client_close(ann);
    int code = server_wait(server);
    check(code == 0, "the server ended with %d", code);
    cJSON *stopped = server_wait_record(server, "Server stopped");
    const cJSON *data = cJSON_GetObjectItem(stopped, "data");
    double accepted = cJSON_GetNumberValue(cJSON_GetObjectItem(data, "accepted"));
    check(accepted == 1, "%g clients were let in", accepted);
    cJSON_Delete(stopped);
    server_check_end(server);
}

/* Nobody is in, nothing is to be drained: the stop does not wait. */
static void stop_without_clients(const struct trial *trial)
{
    struct server *server = start_with(trial, "--drain", "600");
    census(server);
    server_stop(server);
    server_restart(server);
    struct client *ann = client_login(server, "ann");
    client_create(ann, "hall");
    client_enter(ann, "hall");
    client_quit(ann);
    census(server);
    server_stop(server);
}

static void hang_up_opens_the_log_anew(const struct trial *trial)
{
    char *log = trial_path("the.log"), *old = trial_path("the.log.1");
    struct server *server =
        server_start(&(struct launch){.arch = trial->arch, .options = {"--log-file", log}, .log_file = log});
    struct client *ann = client_login(server, "ann");
    client_create(ann, "hall");
    census(server);
    check(rename(log, old) == 0, "the log can't be renamed");
    server_signal(server, SIGHUP);
    for (int64_t until = time_limit(); !file_exists(log); look_again(until, "a new log file"))
        server_signal(server, SIGUSR2);
    census(server);
    check(file_read(old).n > 0, "the old log is empty");
    client_enter(ann, "hall");
    client_message(ann, "ann", "all is well");
    finish(server);
    check(strstr(file_read(log).at, "Server stopped"), "the new log has no \"Server stopped\"");
}

/* Without a log file SIGHUP changes nothing; it certainly does not end the server. */
static void hang_up_without_a_log_file(const struct trial *trial)
{
    struct server *server = start_plain(trial);
    struct client *ann = client_login(server, "ann");
    server_signal(server, SIGHUP);
    census(server);
    server_signal(server, SIGHUP);
    client_expect_nothing(ann);
    finish(server);
}

static void expect_word(int fd, const char *word)
{
    char text[256];
    struct timeval limit = {.tv_sec = (time_limit() - now_ms()) / 1000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    for (;;) {
        ssize_t got = recv(fd, text, sizeof text - 1, 0);
        check(got >= 0, "no %s came", word);
        text[got < 0 ? 0 : got] = '\0';
        if (strstr(text, word))
            return;
    }
}

static void supervisor_is_told(const struct trial *trial)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};
    char *path = trial_path("notify");
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    check(strlen(path) < sizeof at.sun_path, "the scratch folder's path is too long");
    memcpy(at.sun_path, path, strlen(path) + 1);
    check(fd >= 0 && bind(fd, (struct sockaddr *)&at, sizeof at) == 0, "no socket to be notified on");
    struct server *server = server_start(&(struct launch){.arch = trial->arch, .notify = path});
    expect_word(fd, "READY=1");
    client_quit(client_open(server));
    finish(server);
    expect_word(fd, "STOPPING=1");
    close(fd);
}

const struct scenario signals_everywhere[] = {
    {"stop_without_clients", stop_without_clients},
    {"stop_ends_whatever_clients_do", stop_ends_whatever_clients_do},
    {"hang_up_opens_the_log_anew", hang_up_opens_the_log_anew},
    {"hang_up_without_a_log_file", hang_up_without_a_log_file},
    {"supervisor_is_told", supervisor_is_told},
    {0},
};

const struct scenario signals_scenarios[] = {
    {"second_signal_ends_at_once", second_signal_ends_at_once},
    {"drain_is_bounded", drain_is_bounded},
    {"late_connection_is_not_let_in", late_connection_is_not_let_in},
    {0},
};
