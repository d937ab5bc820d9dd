/* Running the server under strace, or having strace join it. */
#define HARNESS
#include "tests/faults/strace.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/harness/census.h"

enum { WORDS = LAUNCH_BEFORE };

/* The ones that joined and have not gone away yet. */
static pid_t joined[8];

static void run_words(const char *const words[])
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int i = 0; i < 3; i++)
        dup2(null, i);
    execvp(words[0], (char *const *)(uintptr_t)words);
    _exit(127);
}

static pid_t begin_words(const char *const words[])
{
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == parent)
            run_words(words);
        _exit(127);
    }
    if (pid < 0)
        trial_fail("no process: %s", strerror(errno));
    return pid;
}

/* Looks once whether anything can be traced here. */
static void need_strace(void)
{
    static const char *const words[] = {"strace", "-D", "-f", "--seccomp-bpf", "-o", "/dev/null", "true", NULL};
    static int status = -1;
    if (status < 0 && waitpid(begin_words(words), &status, 0) < 0)
        trial_fail("strace can't be tried: %s", strerror(errno));
    if (status != 0)
        trial_skip("strace is not there or can trace nothing here (it ended with status %d)", status);
}

/* The calls that the rules speak of: what stands before the first colon of each. */
static const char *calls_of(const struct strace *strace)
{
    struct bytes calls = {0};
    bytes_text(&calls, "trace=");
    for (size_t i = 0; i < STRACE_RULES && strace->inject[i]; i++)
        bytes_text(&calls, "%s%.*s", i ? "," : "", (int)strcspn(strace->inject[i], ":"), strace->inject[i]);
    return calls.at;
}

static size_t add_rules(struct strace *strace, const char *words[], size_t n)
{
    static unsigned made;
    strace->log = trial_path("strace-%u", made++);
    words[n++] = "-o";
    words[n++] = strace->log;
    words[n++] = "-e";
    words[n++] = calls_of(strace);
    if (strace->path) {
        words[n++] = "-P";
        words[n++] = strace->path;
    }
    for (size_t i = 0; i < STRACE_RULES && strace->inject[i]; i++) {
        words[n++] = "-e";
        words[n++] = trial_text("inject=%s", strace->inject[i]);
    }
    words[n] = NULL;
    return n;
}

static bool sends_signals(const struct strace *strace)
{
    for (size_t i = 0; i < STRACE_RULES && strace->inject[i]; i++) {
        if (strstr(strace->inject[i], ":signal="))
            return true;
    }
    return false;
}

void strace_launch(struct strace *strace, struct launch *launch)
{
    /* -D: strace is the server's grandchild, not its parent. */
    static const char *const first[] = {"strace", "-D", "-q", "-f"};
    size_t n = sizeof first / sizeof *first;
    need_strace();
    memset(launch->before, 0, sizeof launch->before);
    memcpy(launch->before, first, sizeof first);
    if (!sends_signals(
            strace)) /* with the filter it is stopped at the chosen calls only, but no signal is sent (strace 6.1) */
        launch->before[n++] = "--seccomp-bpf";
    add_rules(strace, launch->before, n);
}

static void end_joined(void)
{
    for (size_t i = 0; i < sizeof joined / sizeof *joined; i++) {
        if (!joined[i])
            continue;
        kill(joined[i], SIGKILL);
        waitpid(joined[i], NULL, 0);
        joined[i] = 0;
    }
}

/* A thread that has ended meanwhile needs no tracing. */
static bool is_traced(pid_t pid, const char *thread)
{
    char status[4096];
    int fd = open(trial_text("/proc/%d/task/%s/status", (int)pid, thread), O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, status, sizeof status - 1);
    if (fd >= 0)
        close(fd);
    if (n < 0)
        return true;
    status[n] = '\0';
    const char *tracer = strstr(status, "TracerPid:");
    return tracer && strtol(tracer + strlen("TracerPid:"), NULL, 10) != 0;
}

static bool all_traced(pid_t pid)
{
    bool all = true;
    DIR *threads = opendir(trial_text("/proc/%d/task", (int)pid));
    if (!threads)
        trial_fail("the server's threads can't be listed: %s", strerror(errno));
    for (struct dirent *entry; (entry = readdir(threads));)
        all = all && (entry->d_name[0] == '.' || is_traced(pid, entry->d_name));
    closedir(threads);
    return all;
}

void strace_join(struct strace *strace, struct server *server)
{
    const char *words[WORDS] = {"strace", "-q", "-f", "-p", trial_text("%d", (int)server->pid)};
    size_t place = 0;
    need_strace();
    add_rules(strace, words, 5);
    while (joined[place] && place + 1 < sizeof joined / sizeof *joined)
        place++;
    if (joined[place])
        trial_fail("too many straces");
    census_take(server); /* its first record comes before it has started all it needs */
    trial_undo(end_joined);
    joined[place] = begin_words(words);
    strace->pid = joined[place];
    for (int64_t until = time_limit(); !all_traced(server->pid);)
        look_again(until, "strace to have joined");
}

void strace_part(struct strace *strace)
{
    int64_t until = time_limit();
    for (size_t i = 0; i < sizeof joined / sizeof *joined; i++)
        joined[i] = joined[i] == strace->pid ? 0 : joined[i];
    kill(strace->pid, SIGTERM); /* it leaves the server as it is */
    while (waitpid(strace->pid, NULL, WNOHANG) == 0)
        look_again(until, "strace to part");
    strace->pid = 0;
}

unsigned strace_injected(const struct strace *strace)
{
    unsigned n = 0;
    if (!file_exists(strace->log))
        return 0;
    struct bytes log = file_read(strace->log);
    for (const char *at = log.at; (at = strstr(at, "(INJECTED")); at++)
        n++;
    return n;
}

unsigned strace_injected_in_all(const struct strace *strace, pid_t ended)
{
    const char *last_word = trial_text("%-5d +++ ", (int)ended);
    for (int64_t until = time_limit(); !strstr(file_read(strace->log).at, last_word);)
        look_again(until, "strace's last word");
    return strace_injected(strace);
}
