/* What every part of the bench needs: giving up, the time, and the scratch folder. */
#include "tests/bench/bench.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/process.h"

static volatile sig_atomic_t interrupted;
static char scratch[PATH_MAX - 256];

static void interrupt(int number)
{
    interrupted = number;
}

void bench_fail(const char *format, ...)
{
    va_list rest;
    fflush(stdout);
    va_start(rest, format);
    fputs("bench: ", stderr);
    vfprintf(stderr, format, rest);
    fputc('\n', stderr);
    va_end(rest);
    exit(1);
}

static void clean_up(void)
{
    process_kill_all();
    scratch_remove(scratch);
}

void bench_begin(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    const char *folder = getenv("TMPDIR");
    int n = snprintf(scratch, sizeof scratch, "%s/conveyor-bench-XXXXXX", folder && *folder ? folder : "/tmp");
    if (n < 0 || (size_t)n >= sizeof scratch || !mkdtemp(scratch))
        bench_fail("%s: %s", scratch, strerror(errno));
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &(struct sigaction){.sa_handler = interrupt}, NULL);
    signal(SIGPIPE, SIG_IGN);
    atexit(clean_up);
}

void bench_check(void)
{
    if (interrupted)
        bench_fail("stopped by signal %d", (int)interrupted);
}

int64_t bench_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec * SECOND_NS + now.tv_nsec;
}

void bench_pause(int64_t ns)
{
    struct timespec pause = {.tv_sec = ns / SECOND_NS, .tv_nsec = ns % SECOND_NS};
    nanosleep(&pause, NULL);
    bench_check();
}

void *bench_alloc(size_t n)
{
    void *memory = calloc(1, n);
    if (!memory)
        bench_fail("no memory for %zu bytes", n);
    return memory;
}

struct path scratch_path(const char *format, ...)
{
    struct path path;
    va_list rest;
    size_t n = (size_t)snprintf(path.text, sizeof path.text, "%s/", scratch);
    va_start(rest, format);
    vsnprintf(path.text + n, sizeof path.text - n, format, rest);
    va_end(rest);
    return path;
}

struct path scratch_folder(void)
{
    static unsigned made;
    struct path path = scratch_path("%u", made++);
    if (mkdir(path.text, 0777) < 0)
        bench_fail("%s: %s", path.text, strerror(errno));
    return path;
}

static int remove_one(const char *path, const struct stat *stat, int kind, struct FTW *place)
{
    (void)stat;
    (void)kind;
    (void)place;
    remove(path);
    return 0;
}

void scratch_remove(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}
