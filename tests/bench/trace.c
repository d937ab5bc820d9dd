/* The system calls of a process, counted by strace. */
#include "tests/bench/trace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { CALLS_MOST = 64 };

struct call {
    char name[32];
    unsigned long long n;
    bool expected;
};

static _Noreturn void become_strace(const struct process *traced, const char *table)
{
    char pid[16];
    int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
    snprintf(pid, sizeof pid, "%d", (int)traced->pid);
    dup2(nowhere, STDIN_FILENO);
    dup2(nowhere, STDOUT_FILENO);
    dup2(nowhere, STDERR_FILENO);
    execlp("strace", "strace", "-c", "-f", "-p", pid, "-o", table, (char *)NULL);
    _exit(127);
}

/* Whether somebody traces this thread. */
static bool thread_traced(pid_t pid, const char *thread)
{
    char path[320], line[256];
    bool traced = false;
    snprintf(path, sizeof path, "/proc/%d/task/%s/status", (int)pid, thread);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, "TracerPid:", 10) == 0)
            traced = atoi(line + 10) != 0;
    }
    if (file)
        fclose(file);
    return traced;
}

static bool all_traced(pid_t pid)
{
    char path[64];
    struct dirent *entry;
    bool all = true;
    snprintf(path, sizeof path, "/proc/%d/task", (int)pid);
    DIR *folder = opendir(path);
    if (!folder)
        return false;
    while (all && (entry = readdir(folder)))
        all = entry->d_name[0] == '.' || thread_traced(pid, entry->d_name);
    closedir(folder);
    return all;
}

bool trace_begin(struct process *strace, const struct process *traced, const char *table)
{
    int64_t until = bench_now() + PATIENCE;
    *strace = (struct process){.out = -1, .name = "strace"};
    if (process_fork(strace))
        become_strace(traced, table);
    while (!all_traced(traced->pid)) {
        siginfo_t info = {0};
        if (waitid(P_PID, (id_t)strace->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid) {
            int status = process_wait(strace);
            bool missing = WIFEXITED(status) && WEXITSTATUS(status) == 127;
            printf("      SKIP: system calls: strace %s\n", missing ? "is not installed" : "may not trace the server");
            return false;
        }
        if (bench_now() > until)
            bench_fail("strace does not come to trace the server");
        bench_pause(SECOND_NS / 1000);
    }
    return true;
}

void trace_end(struct process *strace)
{
    kill(strace->pid, SIGINT);
    process_wait(strace);
}

/* A row: % time, seconds, usecs/call, calls, perhaps errors, name. */
static bool read_row(char *line, struct call *call)
{
    char *words[8], *rest = NULL;
    int n = 0;
    for (char *word = strtok_r(line, " \n", &rest); word && n < 8; word = strtok_r(NULL, " \n", &rest))
        words[n++] = word;
    if (n < 5 || strchr("0123456789", words[0][0]) == NULL || strcmp(words[n - 1], "total") == 0)
        return false;
    *call = (struct call){.n = strtoull(words[3], NULL, 10)};
    snprintf(call->name, sizeof call->name, "%s", words[n - 1]);
    return true;
}

static bool is_expected(const char *name)
{
    static const char *const expected[] = {"recvfrom", "pwrite64", "sendto", "epoll_wait", "epoll_pwait"};
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        if (strcmp(name, expected[i]) == 0)
            return true;
    return false;
}

static size_t read_table(const char *table, struct call calls[CALLS_MOST])
{
    char line[256];
    size_t n = 0;
    FILE *file = fopen(table, "re");
    if (!file)
        bench_fail("%s: %s", table, strerror(errno));
    while (n < CALLS_MOST && fgets(line, sizeof line, file)) {
        if (read_row(line, &calls[n])) {
            calls[n].expected = is_expected(calls[n].name);
            n++;
        }
    }
    fclose(file);
    return n;
}

static void print_calls(const struct call *calls, size_t n, bool expected, unsigned messages)
{
    const char *between = "";
    printf("      %-32s ", expected ? "system calls, on the path" : "system calls, others");
    for (size_t i = 0; i < n; i++) {
        if (calls[i].expected != expected)
            continue;
        if (expected)
            printf("%s%llu %s (%.2f a message)", between, calls[i].n, calls[i].name, (double)calls[i].n / messages);
        else
            printf("%s%llu %s", between, calls[i].n, calls[i].name);
        between = ", ";
    }
    puts(*between ? "" : "none");
}

void trace_print(const char *table, unsigned messages)
{
    static struct call calls[CALLS_MOST];
    size_t n = read_table(table, calls);
    if (n == 0)
        bench_fail("strace left no table");
    print_calls(calls, n, true, messages);
    print_calls(calls, n, false, messages);
}
