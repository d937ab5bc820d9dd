/* Many lengths of time, kept all, so that their quantiles are exact. */
#ifndef BENCH_SAMPLES_H
#define BENCH_SAMPLES_H

#include <stddef.h>
#include <stdint.h>

struct samples {
    uint32_t *at; /* nanoseconds; what is longer than fits counts as the longest that does */
    size_t n, room;
};

void samples_open(struct samples *samples, size_t room);
void samples_close(struct samples *samples);
void samples_add(struct samples *samples, int64_t ns);
/* The least length that so many in a thousand do not exceed, in microseconds; 0 when there are none. Sorts them. */
double samples_quantile(struct samples *samples, unsigned in_thousand);

#endif
