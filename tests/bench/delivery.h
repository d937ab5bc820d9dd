/* One run of a crowd against one target, and what it gives. */
#ifndef BENCH_DELIVERY_H
#define BENCH_DELIVERY_H

#include "tests/bench/crowd.h"
#include "tests/bench/figure.h"
#include "tests/bench/target.h"

#define DELIVERY_WARM_UP (SECOND_NS / 5)

struct delivery {
    struct figure cpu;      /* microseconds of server CPU a delivered record */
    struct figure rate;     /* millions delivered a second */
    struct figure gathered; /* records a send() of the server carried */
    struct share share;
    /* At a fixed rate only: */
    struct figure p50, p99; /* microseconds from when a message was due to when a member has read it */
    struct figure late;     /* p99 of the microseconds by which messages were sent too late */
};

/* The senders send on as soon as they see their own messages. */
void delivery_saturated(const struct target *target, const struct shape *shape, int64_t length,
                        struct delivery *delivery);
/* So many messages a second, over all senders, whatever comes back. */
void delivery_paced(const struct target *target, const struct shape *shape, unsigned rate, int64_t length,
                    struct delivery *delivery);

#endif
