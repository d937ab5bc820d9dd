/* One run of rooms full of bots against one target, and what it gives. */
#ifndef BENCH_DELIVERY_H
#define BENCH_DELIVERY_H

#include "tests/bench/bots.h"
#include "tests/bench/figure.h"
#include "tests/bench/target.h"

#define DELIVERY_WARM_UP (200 * MILLISECOND)

struct shape {
    uint32_t rooms, members;
    uint32_t senders; /* in each room */
    uint32_t window;  /* messages of one sender on their way, when there is no schedule */
    uint32_t hold;    /* the floor delivers when so many messages have come; 0: what came in a round, as servers do */
};

struct delivery {
    struct figure cpu;      /* microseconds of server CPU a delivered record */
    struct figure rate;     /* millions delivered a second */
    struct figure gathered; /* records a send() of the server carried */
    struct figure taken;    /* nanoseconds of the bots' CPU a delivered record */
    struct figure memory;   /* Private_Dirty, KiB, when all is delivered and everybody is still there */
    struct figure switches; /* context switches of the server's whole life a message of the whole run */
    struct share share;
    /* At a fixed rate only: */
    struct figure p50, p99; /* microseconds from when a message was due to when a member has read it */
    struct figure late;     /* p99 of the microseconds by which messages were sent too late */
};

/* The senders send on as soon as they see their own messages. Lengths of time are microseconds. */
void delivery_saturated(const struct target *target, const struct shape *shape, int64_t length,
                        struct delivery *delivery);
/* So many messages a second, over all senders, whatever comes back. */
void delivery_paced(const struct target *target, const struct shape *shape, unsigned rate, int64_t length,
                    struct delivery *delivery);

#endif
