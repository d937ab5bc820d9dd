/* What every part of the bench needs: giving up, the time, and the scratch folder. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECOND_NS INT64_C(1000000000)
#define SECONDS(ns) ((double)(ns) / 1e9)
#define PATIENCE (10 * SECOND_NS) /* without any progress for so long a run has failed */

/* Says one line on standard error and ends; what runs and lies about is cleaned up on the way out. */
_Noreturn void bench_fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* From here on SIGINT, SIGTERM and SIGHUP end the bench at its next bench_check. */
void bench_begin(void);
/* Gives up when a signal has asked for it. Called in every loop that waits. */
void bench_check(void);
int64_t bench_now(void);
void bench_pause(int64_t ns);
void *bench_alloc(size_t n);

/* The scratch folder: made by bench_begin, removed at the end. */
struct path {
    char text[PATH_MAX];
};
struct path scratch_path(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A new, empty folder in it. */
struct path scratch_folder(void);
void scratch_remove(const char *path);

#endif
