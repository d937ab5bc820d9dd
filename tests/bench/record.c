/* What it costs to add a time to a histogram, beside the loop that only reads the times. */
#include <stdio.h>

#include "client/load/random.h"
#include "common/hist.h"
#include "tests/bench/bench.h"
#include "tests/bench/figure.h"
#include "tests/bench/sections.h"

enum { TIMES = 65536, PASSES = 200, ROWS = 20 /* powers of two, from a microsecond to a second */ };

/* Evenly among the powers of two: as many near a microsecond as near a second. */
static void make_times(int64_t times[TIMES])
{
    uint64_t stream = random_stream(1, 0);
    for (size_t i = 0; i < TIMES; i++) {
        uint64_t least = UINT64_C(1) << random_below(&stream, ROWS);
        times[i] = (int64_t)(least + random_below(&stream, least));
    }
}

/* Nanoseconds a time. */
static double time_adding(const int64_t times[TIMES], struct hist *hist)
{
    int64_t begin = bench_now();
    for (int pass = 0; pass < PASSES; pass++)
        for (size_t i = 0; i < TIMES; i++)
            hist_add(hist, times[i]);
    return (double)(bench_now() - begin) / TIMES / PASSES;
}

/* The same loop, and a sum that nobody can leave out. */
static double time_summing(const int64_t times[TIMES], int64_t *sum)
{
    int64_t begin = bench_now();
    for (int pass = 0; pass < PASSES; pass++)
        for (size_t i = 0; i < TIMES; i++) {
            *sum += times[i];
            __asm__ volatile("" : "+r"(*sum));
        }
    return (double)(bench_now() - begin) / TIMES / PASSES;
}

void section_record(const struct plan *plan)
{
    static int64_t times[TIMES];
    struct figure adding = {0}, summing = {0};
    struct hist hist;
    (void)plan;
    if (!hist_open(&hist))
        bench_fail("no memory");
    make_times(times);
    for (int r = 0; r < figure_rounds; r++) {
        int64_t sum = 0;
        hist_clear(&hist);
        figure_add(&adding, time_adding(times, &hist));
        figure_add(&summing, time_summing(times, &sum));
        if (hist_count(&hist) != (uint64_t)TIMES * PASSES || sum <= 0)
            bench_fail("a histogram lost times");
        bench_check();
    }
    hist_close(&hist);
    printf("\nrecord: %d pseudo-random times from 1 us to 1 s, evenly among the powers of two, %d times over\n", TIMES,
           PASSES);
    printf("    %-13s", "");
    figure_print_head("ns each");
    figure_print_ratio_head("/ sum");
    printf("\n    %-13s", "hist_add");
    figure_print(&adding, 2);
    figure_print_ratio(&adding, &summing);
    printf("\n    %-13s", "sum");
    figure_print(&summing, 2);
    putchar('\n');
}
