/* Starting, stopping, killing and restarting the real server. */
#define HARNESS
#include "tests/harness/server.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/harness/checker.h"
#include "tests/harness/records.h"

static struct server *servers;

static const char *program(void)
{
    const char *path = getenv("CONVEYORD");
    return path ? path : "./build/conveyord";
}

static int open_for(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0666);
    if (fd < 0)
        trial_fail("%s: %s", path, strerror(errno));
    return fd;
}

static void fill_argv(const struct server *server, const char *argv[])
{
    const struct launch *launch = &server->launch;
    size_t n = 0;
    for (; n < LAUNCH_BEFORE && launch->before[n]; n++)
        argv[n] = launch->before[n];
    argv[n++] = program();
    if (!launch->bare) {
        argv[n++] = "--arch";
        argv[n++] = launch->arch;
        argv[n++] = "--chats";
        argv[n++] = server->chats;
        argv[n++] = "--room-threads"; /* several, on every machine; a scenario's own number comes later and wins */
        argv[n++] = "4";
    }
    if (!launch->bare && !launch->own_listen) {
        argv[n++] = "--listen";
        argv[n++] = "127.0.0.1:0";
    }
    for (size_t i = 0; i < LAUNCH_OPTIONS && launch->options[i]; i++)
        argv[n++] = launch->options[i];
    argv[n] = NULL;
}

static void become(const struct launch *launch, const char *argv[], const int standard[3])
{
    for (int i = 0; i < 3; i++)
        dup2(standard[i], i);
    if (launch->file_limit)
        setrlimit(RLIMIT_FSIZE, &(struct rlimit){launch->file_limit, launch->file_limit});
    if (launch->descriptors)
        setrlimit(RLIMIT_NOFILE, &(struct rlimit){launch->descriptors, launch->descriptors});
    for (int i = 0; i < LAUNCH_VARIABLES && launch->variables[i]; i++)
        putenv(launch->variables[i]);
    if (launch->notify)
        setenv("NOTIFY_SOCKET", launch->notify, 1);
    else
        unsetenv("NOTIFY_SOCKET");
    execvp(argv[0], (char *const *)(uintptr_t)argv);
    dprintf(2, "%s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

static void spawn(struct server *server)
{
    const char *argv[LAUNCH_BEFORE + LAUNCH_OPTIONS + 10];
    int in[2] = {-1, -1}, out[2] = {-1, -1};
    int standard[3];
    fill_argv(server, argv);
    if ((server->launch.console && pipe2(in, O_CLOEXEC) < 0) || (server->launch.piped && pipe2(out, O_CLOEXEC) < 0))
        trial_fail("no pipe: %s", strerror(errno));
    server->console = in[1];
    server->pipe = out[0];
    standard[0] = server->launch.console ? in[0] : open_for("/dev/null", O_RDONLY);
    standard[1] = server->launch.piped ? out[1] : open_for(server->out, O_WRONLY | O_CREAT | O_APPEND);
    standard[2] = open_for(server->err, O_WRONLY | O_CREAT | O_APPEND);
    pid_t parent = getpid();
    server->pid = fork();
    if (server->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == parent)
            become(&server->launch, argv, standard);
        _exit(127);
    }
    for (int i = 0; i < 3; i++)
        close(standard[i]);
    server->ran_as = server->pid;
    if (server->pid < 0)
        trial_fail("no process: %s", strerror(errno));
}

static void reaped(struct server *server)
{
    server->deaf = false;
    records_pump(server);
    if (server->console >= 0)
        close(server->console);
    if (server->pipe >= 0)
        close(server->pipe);
    server->console = server->pipe = -1;
    server->pid = 0;
}

/* True when it has ended; *code is its exit code or minus its signal. */
static bool has_ended(struct server *server, int *code)
{
    int status;
    records_pump(server);
    if (waitpid(server->pid, &status, WNOHANG) != server->pid)
        return false;
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    reaped(server);
    return true;
}

int server_wait(struct server *server)
{
    int code;
    int64_t until = time_limit();
    while (!has_ended(server, &code))
        look_again(until, "the server to end");
    return code;
}

void server_kill(struct server *server)
{
    if (!server->pid)
        return;
    kill(server->pid, SIGKILL);
    waitpid(server->pid, NULL, 0);
    reaped(server);
}

void server_signal(struct server *server, int number)
{
    if (server->pid > 0)
        kill(server->pid, number);
}

static struct server *make(const struct launch *launch)
{
    static unsigned made;
    struct server *server = trial_alloc(sizeof *server);
    server->launch = *launch;
    server->chats = launch->chats ? trial_text("%s", launch->chats) : trial_path("chats-%u", made);
    server->out = trial_path("server-%u.out", made);
    server->err = trial_path("server-%u.err", made);
    made++;
    server->console = server->pipe = -1;
    server->next = servers;
    servers = server;
    return server;
}

static void read_started(struct server *server, const cJSON *record)
{
    const cJSON *data = cJSON_GetObjectItem(record, "data");
    const cJSON *listen = cJSON_GetArrayItem(cJSON_GetObjectItem(data, "listen"), 0);
    const char *message = cJSON_GetStringValue(cJSON_GetObjectItem(record, "message"));
    const char *colon = cJSON_IsString(listen) ? strrchr(listen->valuestring, ':') : NULL;
    if (!message || strcmp(message, "Server started") != 0 || !colon)
        trial_fail("the first record is no \"Server started\" with an address in data.listen[0]");
    server->port = atoi(colon + 1);
    cJSON_Delete(server->started);
    server->started = cJSON_Duplicate(data, true);
    if ((pid_t)cJSON_GetNumberValue(cJSON_GetObjectItem(data, "pid")) != server->pid)
        trial_fail("data.pid of \"Server started\" is not the server's");
}

/* False, with *code, when it ended instead. */
static bool try_start(struct server *server, int *code)
{
    int64_t until = time_limit();
    cJSON *record;
    struct stat stat_out;
    server->read = stat(server->out, &stat_out) == 0 ? (size_t)stat_out.st_size : 0;
    server->starts++;
    spawn(server);
    while (!(record = records_next(server))) {
        if (has_ended(server, code))
            return false;
        look_again(until, "\"Server started\"");
    }
    read_started(server, record);
    cJSON_Delete(record);
    return true;
}

static void start(struct server *server)
{
    int code;
    if (!try_start(server, &code))
        trial_fail("the server ended with %d instead of starting", code);
}

struct server *server_start(const struct launch *launch)
{
    struct server *server = make(launch);
    start(server);
    return server;
}

/* Waits until it serves: the census is what main prints then. False when it ended instead. */
static bool serves(struct server *server, int *code)
{
    enum { AGAIN_MS = 250 };
    int64_t until = time_limit(), ask = 0;
    cJSON *record;
    while (!(record = server_record(server, "Census"))) {
        if (has_ended(server, code))
            return false;
        if (now_ms() >= ask) {
            server_signal(server, SIGUSR2);
            ask = now_ms() + AGAIN_MS;
        }
        look_again(until, "the server to serve");
    }
    cJSON_Delete(record);
    return true;
}

struct server *server_try(const struct launch *launch, int *code)
{
    static const char begin[] = "conveyord: ";
    struct server *server = make(launch);
    if (try_start(server, code) && serves(server, code))
        return server;
    struct bytes err = file_read(server->err);
    const char *end = strchr(err.at, '\n');
    if (strncmp(err.at, begin, strlen(begin)) != 0 || !end || end[1])
        trial_fail("it ended with %d and no clear line on stderr: %s", *code, shown(err.at, err.n));
    return server;
}

void server_restart(struct server *server)
{
    if (server->pid)
        trial_fail("the server still runs");
    start(server);
}

void server_tell(struct server *server, const char *line)
{
    if (dprintf(server->console, "%s\n", line) < 0)
        trial_fail("the console takes no line: %s", strerror(errno));
}

void server_check_end(struct server *server)
{
    check_log(server->out);
    if (server->launch.log_file)
        check_log(server->launch.log_file);
    struct bytes err = file_read(server->err);
    if (err.n && !server->talks)
        trial_fail("the server wrote to stderr: %s", shown(err.at, err.n));
}

void server_stop(struct server *server)
{
    server_signal(server, SIGTERM);
    int code = server_wait(server);
    if (code != 0)
        trial_fail("after SIGTERM the server ended with %d instead of 0", code);
    server_check_end(server);
}

unsigned server_descriptors(const struct server *server)
{
    unsigned n = 0;
    DIR *folder = opendir(trial_text("/proc/%d/fd", (int)server->pid));
    if (!folder)
        trial_fail("the server's descriptors can't be counted: %s", strerror(errno));
    for (struct dirent *entry; (entry = readdir(folder));)
        n += entry->d_name[0] != '.';
    closedir(folder);
    return n;
}

size_t server_memory(const struct server *server)
{
    struct bytes status = file_read(trial_text("/proc/%d/status", (int)server->pid));
    const char *line = strstr(status.at, "VmData:");
    if (!line)
        trial_fail("the server's memory can't be read");
    return strtoull(line + strlen("VmData:"), NULL, 10) * 1024;
}

bool server_memory_is_its_own(void)
{
    const char *sanitized = getenv("TEST_SANITIZED");
    return !sanitized || !*sanitized;
}

int64_t server_cpu(const struct server *server)
{
    clockid_t clock;
    struct timespec used;
    if (clock_getcpuclockid(server->pid, &clock) || clock_gettime(clock, &used) < 0)
        trial_fail("the server's CPU time can't be read");
    return (int64_t)used.tv_sec * 1000000 + used.tv_nsec / 1000;
}

char *server_companion(const char *name)
{
    const char *path = program(), *slash = strrchr(path, '/');
    return trial_text("%.*s/tests/%s", slash ? (int)(slash - path) : 1, slash ? path : ".", name);
}

char *server_chat_path(const struct server *server, const char *chat)
{
    return trial_text("%s/%s.chat", server->chats, chat);
}

struct outcome server_outcome(const struct launch *launch)
{
    struct server *server = make(launch);
    struct outcome outcome = {0};
    spawn(server);
    if (server->console >= 0)
        close(server->console);
    server->console = -1;
    outcome.code = server_wait(server);
    outcome.pid = server->ran_as;
    outcome.out = file_read(server->out);
    outcome.err = file_read(server->err);
    return outcome;
}

static void describe(const char *title, const char *path, size_t most)
{
    if (!file_exists(path))
        return;
    struct bytes text = file_read(path);
    const char *from = text.n > most ? text.at + text.n - most : text.at;
    if (text.n)
        fprintf(stderr, "--- the end of the server's %s:\n%s\n", title, from);
}

/* One that died by itself has broken its connections a moment before it can be waited for. */
static void describe_end(struct server *server)
{
    enum { TRIES = 20 };
    int code = 0;
    for (int i = 0; i < TRIES && server->pid; i++) {
        if (has_ended(server, &code))
            fprintf(stderr, "--- the server has ended with %d (negative: a signal)\n", code);
        else
            look_again(INT64_MAX, "");
    }
}

void server_describe_all(void)
{
    enum { MOST = 3000 };
    for (struct server *server = servers; server; server = server->next) {
        describe_end(server);
        fprintf(stderr, "--- a server on port %d, pid %d\n", server->port, (int)server->pid);
        describe("stdout", server->out, MOST);
        describe("stderr", server->err, MOST);
        if (server->launch.log_file)
            describe("log", server->launch.log_file, MOST);
    }
}

void server_end_all(void)
{
    for (; servers; servers = servers->next) {
        server_kill(servers);
        cJSON_Delete(servers->started);
    }
}
