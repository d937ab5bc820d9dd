/* What one stage counts. Written by the thread that runs the stage, read by anybody: relaxed atomics, no read-modify-write. */
#ifndef DESK_COUNTERS_H
#define DESK_COUNTERS_H

#include "common/counter.h"

typedef _Atomic uint64_t counter;

struct counters {
    counter arrivals, departures, requests, turns, batch, batch_most, belt_time, busy_time;
    counter people, due;
};

static inline void counter_set(counter *c, uint64_t value)
{
    atomic_store_explicit(c, value, memory_order_relaxed);
}

#endif
