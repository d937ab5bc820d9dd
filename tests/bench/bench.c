/* What every part of the bench needs: giving up, the time, the scratch folder, and figures with their spread. */
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

enum { COLUMN = 30 };

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
    fputs("look: ", stderr);
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
    int n = snprintf(scratch, sizeof scratch, "%s/conveyor-look-XXXXXX", folder && *folder ? folder : "/tmp");
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

void figure_add(struct figure *figure, double value)
{
    int at = figure->n++;
    if (at >= REPEATS)
        bench_fail("a figure was measured more than %d times", REPEATS);
    for (; at > 0 && figure->at[at - 1] > value; at--)
        figure->at[at] = figure->at[at - 1];
    figure->at[at] = value;
}

double figure_median(const struct figure *figure)
{
    if (figure->n == 0)
        return 0;
    return (figure->at[(figure->n - 1) / 2] + figure->at[figure->n / 2]) / 2;
}

double figure_least(const struct figure *figure)
{
    return figure->n ? figure->at[0] : 0;
}

double figure_most(const struct figure *figure)
{
    return figure->n ? figure->at[figure->n - 1] : 0;
}

void figure_print(const struct figure *figure, int decimals)
{
    char spread[64];
    snprintf(spread, sizeof spread, "(%.*f - %.*f)", decimals, figure_least(figure), decimals, figure_most(figure));
    printf(" %9.*f %-*s", decimals, figure_median(figure), COLUMN - 11, spread);
}

void figure_print_ratio(const struct figure *figure, const struct figure *floor)
{
    double least = figure_median(floor);
    if (least > 0)
        printf(" %6.2f x", figure_median(figure) / least);
    else
        printf(" %8s", "");
}

void figure_print_head(const char *what)
{
    printf(" %-*s", COLUMN - 1, what);
}

void figure_print_ratio_head(void)
{
    printf(" %8s", "/ floor");
}
