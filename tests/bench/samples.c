/* Many lengths of time, kept all, so that their quantiles are exact. */
#include "tests/bench/samples.h"

#include <stdlib.h>

#include "tests/bench/bench.h"

void samples_open(struct samples *samples, size_t room)
{
    *samples = (struct samples){.at = bench_alloc(room * sizeof *samples->at), .room = room};
}

void samples_close(struct samples *samples)
{
    free(samples->at);
    *samples = (struct samples){0};
}

void samples_add(struct samples *samples, int64_t ns)
{
    if (samples->n == samples->room)
        bench_fail("more than %zu samples", samples->room);
    samples->at[samples->n++] = ns < 0 ? 0 : ns > UINT32_MAX ? UINT32_MAX : (uint32_t)ns;
}

static int compare(const void *a, const void *b)
{
    uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
    return (left > right) - (left < right);
}

double samples_quantile(struct samples *samples, unsigned in_thousand)
{
    if (samples->n == 0)
        return 0;
    qsort(samples->at, samples->n, sizeof *samples->at, compare);
    size_t rank = (samples->n * in_thousand + 999) / 1000;
    return samples->at[rank ? rank - 1 : 0] / 1e3;
}
