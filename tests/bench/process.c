/* The processes that are measured: the real server, and children of the bench's own. */
#include "tests/bench/process.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { RUNNING_MOST = 8, BACKLOG = 1000, LINE_MOST = 4096 };

static pid_t running[RUNNING_MOST];

static void remember(pid_t before, pid_t after)
{
    for (size_t i = 0; i < RUNNING_MOST; i++) {
        if (running[i] == before) {
            running[i] = after;
            return;
        }
    }
    bench_fail("more than %d children", RUNNING_MOST);
}

void process_kill_all(void)
{
    for (size_t i = 0; i < RUNNING_MOST; i++) {
        if (!running[i])
            continue;
        kill(running[i], SIGKILL);
        waitpid(running[i], NULL, 0);
        running[i] = 0;
    }
}

bool process_branch(struct process *process)
{
    pid_t parent = getpid();
    fflush(stdout);
    pid_t child = fork();
    if (child < 0)
        bench_fail("no process: %s", strerror(errno));
    if (child == 0) {
        signal(SIGINT, SIG_DFL);
        signal(SIGTERM, SIG_DFL);
        signal(SIGHUP, SIG_DFL);
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != parent)
            _exit(1);
        memset(running, 0, sizeof running);
        return true;
    }
    process->pid = child;
    remember(0, child);
    return false;
}

bool process_fork(struct process *process)
{
    bool child = process_branch(process);
    /* As the server chooses for itself: a ratio must not compare two ways to be scheduled. */
    if (child)
        sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){0});
    return child;
}

int process_wait(struct process *process)
{
    int status;
    struct rusage usage = {0};
    int64_t until = bench_now() + PATIENCE;
    while (wait4(process->pid, &status, WNOHANG, &usage) == 0) {
        if (bench_now() > until)
            bench_fail("%s does not end", process->name);
        bench_pause(SECOND_NS / 1000);
    }
    process->switches = (double)(usage.ru_nvcsw + usage.ru_nivcsw);
    remember(process->pid, 0);
    process->pid = 0;
    return status;
}

int process_listen(struct process *process, const char *name)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof address;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, n) < 0 || listen(fd, BACKLOG) < 0 ||
        getsockname(fd, (struct sockaddr *)&address, &n) < 0)
        bench_fail("no socket to listen on: %s", strerror(errno));
    *process = (struct process){.port = ntohs(address.sin_port), .out = -1, .name = name};
    return fd;
}

static const char *program(void)
{
    const char *path = getenv("CONVEYORD");
    return path && *path ? path : "./build/conveyord";
}

/* In the child: becomes the server. The time of the exec is left where the parent sees it. */
static _Noreturn void become_server(const struct process *process, int out, const char *preload, int64_t *exec_at)
{
    char threads[16];
    const char *argv[] = {program(),
                          "--arch",
                          process->target->arch,
                          "--chats",
                          process->chats.text,
                          "--listen",
                          "127.0.0.1:0",
                          "--log-file",
                          process->log.text,
                          process->target->threads ? target_threads_option(process->target) : NULL,
                          threads,
                          NULL};
    int in = open("/dev/null", O_RDONLY | O_CLOEXEC);
    snprintf(threads, sizeof threads, "%u", process->target->threads);
    dup2(in, STDIN_FILENO);
    dup2(out, STDOUT_FILENO);
    if (preload)
        setenv("LD_PRELOAD", preload, 1);
    unsetenv("NOTIFY_SOCKET");
    *exec_at = bench_now();
    execv(argv[0], (char *const *)(uintptr_t)argv);
    dprintf(STDERR_FILENO, "%s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

/* Reads standard output up to the end of the first line. */
static void read_first_line(struct process *process, char line[LINE_MOST])
{
    size_t n = 0;
    int64_t until = bench_now() + PATIENCE;
    while (n == 0 || line[n - 1] != '\n') {
        poll(&(struct pollfd){.fd = process->out, .events = POLLIN}, 1, 100);
        bench_check();
        ssize_t got = read(process->out, line + n, LINE_MOST - 1 - n);
        if (got == 0)
            bench_fail("%s (%s) ended without \"Server started\"", program(), process->name);
        if (got > 0)
            n += (size_t)got;
        if (n == LINE_MOST - 1 || bench_now() > until)
            bench_fail("%s (%s) does not say \"Server started\"", program(), process->name);
    }
    line[n] = '\0';
}

static uint16_t port_in(const char *line)
{
    static const char before[] = "\"listen\":[\"127.0.0.1:";
    const char *at = strstr(line, before);
    if (!strstr(line, "\"Server started\"") || !at)
        bench_fail("the server's first line is no \"Server started\" with an address: %.200s", line);
    return (uint16_t)strtoul(at + sizeof before - 1, NULL, 10);
}

void process_start_server(struct process *process, const struct target *target, const char *chats, const char *preload)
{
    static unsigned started;
    static int64_t *exec_at;
    char line[LINE_MOST];
    int out[2];
    if (!exec_at)
        exec_at = mmap(NULL, sizeof *exec_at, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (exec_at == MAP_FAILED || pipe2(out, O_CLOEXEC) < 0)
        bench_fail("no pipe: %s", strerror(errno));
    *process = (struct process){
        .out = out[0], .log = scratch_path("log-%u", started++), .name = target->label, .target = target};
    snprintf(process->chats.text, sizeof process->chats.text, "%s", chats);
    if (process_fork(process))
        become_server(process, out[1], preload, exec_at);
    close(out[1]);
    fcntl(process->out, F_SETFL, O_NONBLOCK);
    read_first_line(process, line);
    process->start_time = bench_now() - *exec_at;
    process->port = port_in(line);
}

void process_stop(struct process *process)
{
    bool server = process->out >= 0;
    kill(process->pid, server ? SIGTERM : SIGKILL);
    int status = process_wait(process);
    if (!server)
        return;
    close(process->out);
    process->out = -1;
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        bench_fail("the server (%s) ended with %s %d", process->name, WIFEXITED(status) ? "exit code" : "signal",
                   WIFEXITED(status) ? WEXITSTATUS(status) : WTERMSIG(status));
}

static double read_clock(clockid_t clock)
{
    struct timespec time;
    if (clock_gettime(clock, &time) < 0)
        bench_fail("the clock of a process can't be read: %s", strerror(errno));
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

double process_cpu(const struct process *process)
{
    clockid_t clock;
    int error = clock_getcpuclockid(process->pid, &clock);
    if (error)
        bench_fail("%s has no clock: %s", process->name, strerror(error));
    return read_clock(clock);
}

struct memory process_memory(const struct process *process)
{
    char path[64], line[256];
    struct memory memory = {0};
    unsigned long long kib;
    snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)process->pid);
    FILE *file = fopen(path, "re");
    if (!file)
        bench_fail("%s: %s", path, strerror(errno));
    while (fgets(line, sizeof line, file)) {
        char *colon = strchr(line, ':');
        if (!colon)
            continue;
        *colon = '\0';
        kib = strtoull(colon + 1, NULL, 10);
        if (strcmp(line, "Private_Dirty") == 0)
            memory.private_dirty = 1024.0 * (double)kib;
        else if (strcmp(line, "Rss") == 0)
            memory.resident = 1024.0 * (double)kib;
    }
    fclose(file);
    return memory;
}
