/* A measurement in a process of its own: one that fails, or does not come to its end, costs no other one.
 *
 * The child has a scratch folder of its own within the parent's, so whatever becomes of it nothing is left. Its servers are killed
 * when it ends. What it says on standard error is the complaint. */
#include "tests/bench/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/bench/process.h"

enum { LOOK_EVERY = 100 /* milliseconds between two looks whether a signal has come */ };

static struct path complaint_path(const struct path *folder)
{
    struct path path;
    int n = snprintf(path.text, sizeof path.text, "%.*s/complaint", (int)sizeof path.text - 16, folder->text);
    if (n < 0)
        bench_fail("no path");
    return path;
}

static _Noreturn void become_trial(trial_work *work, const void *task, size_t size, const struct path *folder, int out)
{
    struct path path = complaint_path(folder);
    int complaints = open(path.text, O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    if (complaints < 0 || setenv("TMPDIR", folder->text, 1) < 0)
        bench_fail("%s: %s", path.text, strerror(errno));
    dup2(complaints, STDERR_FILENO);
    bench_begin();
    void *result = bench_alloc(size);
    work(task, result);
    if (write(out, result, size) != (ssize_t)size)
        bench_fail("nobody wants the result");
    free(result);
    exit(0);
}

/* How many bytes came before the end, or before the time was over. */
static size_t await(int in, char *result, size_t size, int64_t until)
{
    size_t n = 0;
    while (bench_now() < until) {
        char beyond;
        bench_check();
        if (poll(&(struct pollfd){.fd = in, .events = POLLIN}, 1, LOOK_EVERY) <= 0)
            continue;
        ssize_t got = n < size ? read(in, result + n, size - n) : read(in, &beyond, 1);
        if (got <= 0)
            break;
        n += (size_t)got;
    }
    return n;
}

static void read_complaint(const struct path *folder, char complaint[TRIAL_COMPLAINT])
{
    static const char prefix[] = "bench: ";
    char line[512] = "";
    struct path path = complaint_path(folder);
    FILE *file = fopen(path.text, "re");
    const char *got = file ? fgets(line, sizeof line, file) : NULL;
    if (file)
        fclose(file);
    line[strcspn(line, "\n")] = '\0';
    if (got && strncmp(line, prefix, sizeof prefix - 1) == 0)
        got += sizeof prefix - 1;
    snprintf(complaint, TRIAL_COMPLAINT, "%.*s", TRIAL_COMPLAINT - 1, got && *got ? got : "it ended without a word");
}

bool trial_run(trial_work *work, const void *task, void *result, size_t size, int64_t limit,
               char complaint[TRIAL_COMPLAINT])
{
    struct process child = {.out = -1, .name = "a measurement"};
    struct path folder = scratch_folder();
    int ends[2];
    *complaint = '\0';
    if (pipe2(ends, O_CLOEXEC) < 0)
        bench_fail("no pipe: %s", strerror(errno));
    if (process_branch(&child)) {
        close(ends[0]);
        become_trial(work, task, size, &folder, ends[1]);
    }
    close(ends[1]);
    int64_t until = bench_now() + limit;
    size_t n = await(ends[0], result, size, until);
    bool late = bench_now() >= until;
    close(ends[0]);
    if (late)
        kill(child.pid, SIGKILL);
    int status = process_wait(&child);
    bool fine = n == size && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    if (!fine && late)
        snprintf(complaint, TRIAL_COMPLAINT, "it did not come to its end within %.0f s", SECONDS(limit));
    else if (!fine)
        read_complaint(&folder, complaint);
    scratch_remove(folder.text);
    return fine;
}
