/* Who is measured: the floor, or an architecture of the server, perhaps with so many threads. */
#ifndef BENCH_TARGET_H
#define BENCH_TARGET_H

#include <stdbool.h>
#include <stddef.h>

enum { TARGETS_MOST = 24 };

struct target {
    char label[32];
    char arch[32];    /* empty: the floor */
    unsigned threads; /* for rooms, or of the pool; 0: the server's own default */
};

struct plan {
    struct target targets[TARGETS_MOST];
    size_t n;
};

/* Who is measured when nobody is named: in all sections that are run unasked, and in `verdict`. Each ends with NULL. */
extern const char *const plan_usual[], *const plan_conjecture[];
/* Adds these. */
void plan_fill(struct plan *plan, const char *const *names);
/* "NAME" or "NAME:THREADS". False when it is neither, or there is no room for it. */
bool plan_add(struct plan *plan, const char *word);
/* The floor, then the plan's targets. */
struct plan plan_with_floor(const struct plan *plan);
/* The same, but the conveyor, unless a number was asked for, with its default, 1, as many as CPUs, and 256 threads for rooms. */
struct plan plan_spread(const struct plan *plan);
/* Where the architecture stands in it; the plan's n when it is not there. */
size_t plan_find(const struct plan *plan, const char *arch);
/* What the server calls the number of threads. */
const char *target_threads_option(const struct target *target);
/* The one that is slow on purpose, so that it can't keep up with the others. */
bool target_is_baseline(const struct target *target);
size_t plan_baseline(const struct plan *plan);
/* Where those of it stand with which all others are compared. */
enum { RIVALS_MOST = 2 };
struct rivals {
    size_t at[RIVALS_MOST];
    size_t n;
};
struct rivals plan_rivals(const struct plan *plan);
/* Whom it is the turn of: in each round somebody else begins, and every other one goes backwards, so that nobody always follows the
 * same one. */
size_t plan_turn(const struct plan *plan, int round, size_t i);

#endif
