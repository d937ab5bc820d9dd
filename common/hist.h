/* A histogram of lengths of time: microseconds up to a minute with three significant digits, in buckets that are linear within
 * each power of two.
 *
 * What is below 2048 us has a bucket for each microsecond; above, a bucket is at most 1/1024 of its values wide and speaks by
 * its middle, so that no quantile is wrong by more than 0.1 %. What is longer than a minute counts as a minute in the buckets;
 * the mean and the greatest value, which is kept exactly, are true beyond it. What is negative counts as 0.
 *
 * One thread at a time changes a histogram; any other may read it meanwhile, or copy or merge it into one of its own. Such a
 * reader may miss what is being added just then, or find it in one sum and not yet in another. Opening and closing is for
 * moments when nobody else looks.
 *
 * All zero is a valid, empty histogram without memory, good for everything but hist_add and being what something is
 * copied or merged into. */
#ifndef COMMON_HIST_H
#define COMMON_HIST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/clock.h"
#include "common/counter.h"

#define HIST_MOST (60 * SECOND) /* what the buckets tell apart */

/* The buckets are the histogram's own from hist_open to hist_close. */
struct hist {
    _Atomic uint64_t *buckets;
    _Atomic uint64_t count, sum;
    _Atomic int64_t max;
};

/* False without memory: the histogram is then all zero. */
bool hist_open(struct hist *hist);
void hist_close(struct hist *hist);

/* Its bucket: the value's eleven highest bits, in the row of the power of two they stand at. For hist_add and hist.c. */
static inline size_t hist_bucket(int64_t us)
{
    enum { DIGITS = 10 };
    uint64_t value = (uint64_t)(us > HIST_MOST ? HIST_MOST : us);
    unsigned row = (unsigned)(63 - DIGITS - __builtin_clzll(value | 1 << DIGITS));
    return ((size_t)row << DIGITS) + (size_t)(value >> row);
}

static inline void hist_add(struct hist *hist, int64_t us)
{
    us = us < 0 ? 0 : us;
    counter_add(&hist->buckets[hist_bucket(us)], 1);
    counter_add(&hist->count, 1);
    counter_add(&hist->sum, (uint64_t)us);
    if (us > atomic_load_explicit(&hist->max, memory_order_relaxed))
        atomic_store_explicit(&hist->max, us, memory_order_relaxed);
}

/* Makes it empty. */
void hist_clear(struct hist *hist);
/* Adds all that `from` holds. */
void hist_merge(struct hist *to, const struct hist *from);
/* Makes `to` what `from` is now. */
void hist_copy(struct hist *to, const struct hist *from);
/* Leaves what came since `earlier` was copied from the same histogram. Its greatest value is then the middle of its highest
 * bucket, unless the true one is in there. */
void hist_subtract(struct hist *from, const struct hist *earlier);

uint64_t hist_count(const struct hist *hist);
/* 0, all four, when it is empty. The least value is as exact as its bucket. */
int64_t hist_min(const struct hist *hist);
int64_t hist_max(const struct hist *hist);
double hist_mean(const struct hist *hist);
/* The least value that so large a share of all, from 0 to 1, does not exceed. */
int64_t hist_quantile(const struct hist *hist, double quantile);

/* Walking the buckets that are not empty, from the least: *at is 0 at first. False when there is no further one. */
struct hist_step {
    int64_t value;
    uint64_t count;
};
bool hist_next(const struct hist *hist, size_t *at, struct hist_step *step);

#endif
