/* What one stage counts. Written by the thread that runs the stage, read by anybody: relaxed atomics, no read-modify-write. */
#ifndef DESK_COUNTERS_H
#define DESK_COUNTERS_H

#include <stdatomic.h>
#include <stdint.h>

typedef _Atomic uint64_t counter;

struct counters {
    counter arrivals, departures, requests, turns, batch, batch_most, belt_time, busy_time;
    counter people, due;
};

static inline uint64_t counter_get(const counter *c)
{
    return atomic_load_explicit(c, memory_order_relaxed);
}

static inline void counter_set(counter *c, uint64_t value)
{
    atomic_store_explicit(c, value, memory_order_relaxed);
}

/* Only the thread that owns the counter may call this. */
static inline void counter_add(counter *c, uint64_t more)
{
    counter_set(c, counter_get(c) + more);
}

#endif
