/* One run of bots that come and go against one target, and what it gives. */
#ifndef BENCH_VISITS_H
#define BENCH_VISITS_H

#include "tests/bench/bots.h"
#include "tests/bench/usage.h"

struct guests {
    const struct profile *profile; /* churn or thesis */
    uint32_t clients;
    uint32_t chats;          /* that there are before a server starts; churn needs none */
    bool ahead;              /* a visit's requests at once */
    double rate;             /* turns a second, whatever comes back; 0: the next one when the last one is over */
    int64_t warm_up, length; /* microseconds */
};

struct visits {
    struct process server; /* that has ended */
    /* From a look at all clocks and counters after the warm-up to another one when all that was begun is over: */
    double seconds, cpu;
    struct usage used;
    struct tally passed;
    struct load_effort effort; /* from the beginning until nothing more is begun */
    struct tally warm_up;      /* what was counted before the first look */
    struct tally due;     /* of what was due, or began, in the time that is measured; its `came`: what was over in it */
    double private_dirty; /* bytes of the server, right before that time is over, without a schedule */
};

/* Fills it in. */
void visits_measure(const struct target *target, const struct guests *guests, struct visits *visits);
void visits_close(struct visits *visits);
/* Of whole visits; of all that was counted, the warm-up too. */
double visits_all(const struct visits *visits, enum kind kind);

#endif
