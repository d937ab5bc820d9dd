/* Client programs under test. */
#define HARNESS
#include "tests/clients/program.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static struct program *programs;

const char *program_path(const char *name)
{
    const char *server = getenv("CONVEYORD"), *slash = server ? strrchr(server, '/') : NULL;
    if (strncmp(name, "conveyor-", strlen("conveyor-")) != 0)
        return name;
    return slash ? trial_text("%.*s/%s", (int)(slash - server), server, name) : trial_text("./build/%s", name);
}

static int open_for(const char *path, int flags)
{
    int fd = open(path, flags | O_CLOEXEC, 0666);
    if (fd < 0)
        trial_fail("%s: %s", path, strerror(errno));
    return fd;
}

static void end_all(void)
{
    for (; programs; programs = programs->next) {
        program_end_input(programs);
        if (programs->pid > 0) {
            kill(programs->pid, SIGKILL);
            waitpid(programs->pid, NULL, 0);
        }
    }
}

static struct program *make(const struct call *call)
{
    static unsigned made;
    struct program *program = trial_alloc(sizeof *program);
    program->name = call->words[0];
    program->out = trial_path("program-%u.out", made);
    program->err = trial_path("program-%u.err", made);
    program->input = -1;
    made++;
    program->next = programs;
    programs = program;
    trial_undo(end_all);
    return program;
}

static void become(const struct call *call, const char *path, const int standard[3])
{
    const char *argv[CALL_WORDS + 1] = {0};
    memcpy(argv, call->words, sizeof call->words);
    argv[0] = path;
    for (int i = 0; i < 3; i++)
        dup2(standard[i], i);
    if (call->no_input)
        close(0);
    execvp(path, (char *const *)(uintptr_t)argv);
    dprintf(2, "%s: %s\n", path, strerror(errno));
    _exit(127);
}

struct program *program_start(const struct call *call)
{
    struct program *program = make(call);
    const char *path = program_path(call->words[0]);
    int pipe_ends[2] = {-1, -1};
    if (!call->input && pipe2(pipe_ends, O_CLOEXEC) < 0)
        trial_fail("no pipe: %s", strerror(errno));
    program->input = pipe_ends[1];
    int standard[3] = {call->input ? open_for(call->input, O_RDONLY) : pipe_ends[0],
                       call->into ? dup(call->into->input) : open_for(program->out, O_WRONLY | O_CREAT | O_APPEND),
                       open_for(program->err, O_WRONLY | O_CREAT | O_APPEND)};
    pid_t parent = getpid();
    program->pid = fork();
    if (program->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == parent)
            become(call, path, standard);
        _exit(127);
    }
    for (int i = 0; i < 3; i++)
        close(standard[i]);
    if (program->pid < 0)
        trial_fail("no process: %s", strerror(errno));
    return program;
}

void program_feed(struct program *program, const void *bytes, size_t n)
{
    int64_t until = time_limit();
    fcntl(program->input, F_SETFL, O_NONBLOCK);
    for (size_t at = 0; at < n;) {
        ssize_t wrote = write(program->input, (const char *)bytes + at, n - at);
        if (wrote > 0) {
            at += (size_t)wrote;
            until = time_limit();
        } else if (errno != EAGAIN) {
            trial_fail("%s takes no input: %s", program->name, strerror(errno));
        } else if (poll(&(struct pollfd){.fd = program->input, .events = POLLOUT}, 1, time_left(until)) == 0) {
            trial_fail("%s reads no more of its input", program->name);
        }
    }
}

void program_end_input(struct program *program)
{
    if (program->input >= 0)
        close(program->input);
    program->input = -1;
}

void program_signal(const struct program *program, int number)
{
    if (program->pid > 0)
        kill(program->pid, number);
}

int program_wait(struct program *program)
{
    return program_wait_until(program, time_limit());
}

int program_wait_until(struct program *program, int64_t until)
{
    int status;
    while (waitpid(program->pid, &status, WNOHANG) != program->pid)
        look_again(until, trial_text("%s to end", program->name));
    program->pid = 0;
    program_end_input(program);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

struct bytes program_wait_err(struct program *program, const char *text)
{
    int64_t until = time_limit();
    for (;; look_again(until, trial_text("%s to say '%s'", program->name, text))) {
        struct bytes err = file_read(program->err);
        if (strstr(err.at, text))
            return err;
        if (waitpid(program->pid, NULL, WNOHANG) == program->pid) {
            program->pid = 0;
            trial_fail("%s ended and said '%s'", program->name, shown(err.at, err.n));
        }
    }
}

struct outcome program_outcome(const struct call *call)
{
    struct program *program = program_start(call);
    struct outcome outcome = {.pid = program->pid};
    program_end_input(program);
    outcome.code = program_wait(program);
    outcome.out = file_read(program->out);
    outcome.err = file_read(program->err);
    return outcome;
}
