/* Alarms: when a strand wants a task although nothing has happened. A clock with a strand of its own keeps them all.
 *
 * An alarm belongs to one strand, which alone sets it. It is set rarely: one that rings too early costs a turn that finds nothing
 * to do and sets it anew, so a deadline that moves away moves no alarm. */
#ifndef ASYNC_ALARM_H
#define ASYNC_ALARM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "server/arch/async/beacon.h"

struct alarm {
    struct job *job; /* whom it wakes, and with what */
    struct task *ring;
    int64_t set;            /* the strand's: when it rings, NEVER when it need not */
    struct task wish;       /* the clock is told by it */
    atomic_bool wished;     /* and has not come to it yet */
    _Atomic int64_t wanted; /* what it is told */
    atomic_bool ringing;    /* until the strand has heard it */
    /* The clock's: */
    int64_t at;
    struct list link;
};

struct alarms {
    struct job job; /* first: the pool gives a pointer to it */
    struct pool *pool;
    int fd;            /* a timerfd */
    int64_t announced; /* what it is set to */
    struct beacon due;
    struct task told;   /* the clock is told by it that some alarm is due */
    struct list alarms; /* those that are set, the earliest first */
};

/* 0 or an errno. The clock runs on the pool. */
int alarms_open(struct alarms *alarms, struct pool *pool);
/* Has the queue announce the clock: before the pool begins. 0 or an errno. */
int alarms_begin(struct alarms *alarms);
void alarms_close(struct alarms *alarms);

/* A new alarm, not set; for the strand of `job`. */
void alarm_init(struct alarm *alarm, struct job *job, struct task *ring);
/* Has it ring at this time at the latest. The strand's runner. */
void alarm_set(struct worker *worker, struct alarms *alarms, struct alarm *alarm, int64_t at);
/* The strand's runner has come to the ring. */
void alarm_heard(struct alarm *alarm);

#endif
