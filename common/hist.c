/* A histogram of lengths of time. */
#include "common/hist.h"

#include <stdlib.h>

enum {
    ROW = 1024,    /* buckets of one power of two; below it every value has its own */
    MOST_ROW = 15, /* of HIST_MOST */
    BUCKETS = MOST_ROW * ROW + (60000000 >> MOST_ROW) + 1
};
_Static_assert(HIST_MOST == 60000000, "the number of buckets is made for a minute");
_Static_assert(HIST_MOST >> MOST_ROW >= ROW && HIST_MOST >> MOST_ROW < 2 * ROW, "a minute stands in this row");

static uint64_t load(const _Atomic uint64_t *from)
{
    return atomic_load_explicit(from, memory_order_relaxed);
}

static void store(_Atomic uint64_t *to, uint64_t value)
{
    atomic_store_explicit(to, value, memory_order_relaxed);
}

bool hist_open(struct hist *hist)
{
    *hist = (struct hist){.buckets = calloc(BUCKETS, sizeof *hist->buckets)};
    return hist->buckets;
}

void hist_close(struct hist *hist)
{
    free(hist->buckets);
    *hist = (struct hist){0};
}

/* ---- What a bucket says ---- */

static int64_t middle(size_t bucket)
{
    size_t row = bucket < 2 * ROW ? 0 : bucket / ROW - 1;
    int64_t least = (int64_t)(bucket - row * ROW) << row;
    int64_t value = least + (INT64_C(1) << row) / 2;
    return value > HIST_MOST ? HIST_MOST : value;
}

/* The greatest value's own bucket says nothing greater. */
static int64_t value_of(const struct hist *hist, size_t bucket)
{
    int64_t value = middle(bucket), max = hist_max(hist);
    return value > max && bucket == hist_bucket(max) ? max : value;
}

/* ---- Several histograms ---- */

/* What follows from the buckets: their count, and the greatest value, which may be this one if it is in the highest of them.
 * So the parts fit together even if somebody was adding to the histogram that they come from. */
static void settle(struct hist *hist, int64_t max)
{
    uint64_t count = 0;
    size_t highest = 0;
    for (size_t i = 0; hist->buckets && i < BUCKETS; i++) {
        uint64_t here = load(&hist->buckets[i]);
        count += here;
        highest = here ? i : highest;
    }
    if (!count)
        max = 0;
    else if (hist_bucket(max) != highest)
        max = middle(highest);
    store(&hist->count, count);
    atomic_store_explicit(&hist->max, max, memory_order_relaxed);
}

void hist_clear(struct hist *hist)
{
    for (size_t i = 0; hist->buckets && i < BUCKETS; i++)
        store(&hist->buckets[i], 0);
    store(&hist->sum, 0);
    settle(hist, 0);
}

void hist_merge(struct hist *to, const struct hist *from)
{
    int64_t max = hist_max(to), other = hist_max(from);
    for (size_t i = 0; from->buckets && i < BUCKETS; i++)
        counter_add(&to->buckets[i], load(&from->buckets[i]));
    counter_add(&to->sum, load(&from->sum));
    settle(to, max > other ? max : other);
}

void hist_copy(struct hist *to, const struct hist *from)
{
    int64_t max = hist_max(from);
    for (size_t i = 0; to->buckets && i < BUCKETS; i++)
        store(&to->buckets[i], from->buckets ? load(&from->buckets[i]) : 0);
    store(&to->sum, load(&from->sum));
    settle(to, max);
}

void hist_subtract(struct hist *from, const struct hist *earlier)
{
    for (size_t i = 0; from->buckets && earlier->buckets && i < BUCKETS; i++)
        counter_add(&from->buckets[i], 0 - load(&earlier->buckets[i]));
    counter_add(&from->sum, 0 - load(&earlier->sum));
    settle(from, hist_max(from));
}

/* ---- Asking ---- */

uint64_t hist_count(const struct hist *hist)
{
    return load(&hist->count);
}

int64_t hist_min(const struct hist *hist)
{
    struct hist_step least;
    size_t at = 0;
    return hist_next(hist, &at, &least) ? least.value : 0;
}

int64_t hist_max(const struct hist *hist)
{
    return atomic_load_explicit(&hist->max, memory_order_relaxed);
}

double hist_mean(const struct hist *hist)
{
    uint64_t count = hist_count(hist);
    return count ? (double)load(&hist->sum) / (double)count : 0;
}

/* How many values such a share is, rounded up, but not for what is a whole number as nearly as a double can tell. */
static uint64_t share(uint64_t count, double quantile)
{
    double wanted = quantile * (double)count;
    uint64_t whole = (uint64_t)wanted;
    return wanted - (double)whole > wanted * 1e-14 ? whole + 1 : whole;
}

int64_t hist_quantile(const struct hist *hist, double quantile)
{
    if (!(quantile < 1))
        return hist_max(hist);
    uint64_t wanted = quantile > 0 ? share(hist_count(hist), quantile) : 0, seen = 0;
    struct hist_step step;
    for (size_t at = 0; hist_next(hist, &at, &step);) {
        seen += step.count;
        if (seen >= wanted)
            return step.value;
    }
    return hist_max(hist);
}

bool hist_next(const struct hist *hist, size_t *at, struct hist_step *step)
{
    for (; hist->buckets && *at < BUCKETS; ++*at) {
        uint64_t count = load(&hist->buckets[*at]);
        if (!count)
            continue;
        *step = (struct hist_step){value_of(hist, *at), count};
        ++*at;
        return true;
    }
    return false;
}
