/* What the server counted itself, desk by desk, as it says at its end. */
#ifndef BENCH_STAGES_H
#define BENCH_STAGES_H

#include <stddef.h>

#include "tests/bench/process.h"

enum { STAGES_MOST = 8 };

/* One record "Stage" of the log. */
struct stage_counts {
    char name[16];
    double arrivals, requests, turns, batch_mean, belt_us, busy_us;
};

/* Out of the log of a server that has ended: how many there are. */
size_t stages_read(const struct process *ended, struct stage_counts stages[STAGES_MOST]);

#endif
