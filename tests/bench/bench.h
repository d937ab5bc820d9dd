/* What every part of the bench needs: giving up, the time, the scratch folder, and figures with their spread. */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REPEATS = 3 };

#define SECOND_NS INT64_C(1000000000)
#define PATIENCE (10 * SECOND_NS) /* without any progress for so long a run has failed */

/* The architectures that are looked at, in the order in which they were asked for. */
struct look {
    const char *arches[16];
    size_t n;
};

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

/* One figure, measured REPEATS times. */
struct figure {
    double at[REPEATS];
    int n;
};
void figure_add(struct figure *figure, double value);
double figure_median(const struct figure *figure);
double figure_least(const struct figure *figure);
double figure_most(const struct figure *figure);
/* Median, least and most in one column of fixed width. */
void figure_print(const struct figure *figure, int decimals);
/* A column that says how many times as large the first one's median is. */
void figure_print_ratio(const struct figure *figure, const struct figure *floor);
/* The heads of the two columns above. */
void figure_print_head(const char *what);
void figure_print_ratio_head(void);

#endif
