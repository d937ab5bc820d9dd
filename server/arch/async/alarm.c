/* A clock that wakes strands. It is told of alarms as anybody is told anything here, by tasks; so nothing is locked. */
#include "server/arch/async/alarm.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "common/clock.h"

/* Most are a second or so from now: looked for from the end, an alarm's place is near. */
static void insert(struct alarms *alarms, struct alarm *alarm, int64_t at)
{
    list_remove(&alarm->link);
    alarm->at = at;
    struct list *before = alarms->alarms.prev;
    while (before != &alarms->alarms && list_entry(before, struct alarm, link)->at > at)
        before = before->prev;
    list_append(before->next, &alarm->link);
}

/* While it rings it is not set: the strand will say what it wants when it has heard. */
static void hear_wish(struct alarms *alarms, struct alarm *alarm)
{
    atomic_exchange_explicit(&alarm->wished, false, memory_order_acq_rel);
    int64_t at = atomic_load_explicit(&alarm->wanted, memory_order_relaxed);
    if (atomic_load_explicit(&alarm->ringing, memory_order_acquire))
        return;
    if (!list_linked(&alarm->link) || at < alarm->at)
        insert(alarms, alarm, at);
}

static void ring(struct alarms *alarms, struct worker *worker)
{
    int64_t now = clock_now();
    while (!list_empty(&alarms->alarms)) {
        struct alarm *first = list_entry(alarms->alarms.next, struct alarm, link);
        if (first->at > now)
            break;
        list_remove(&first->link);
        atomic_store_explicit(&first->ringing, true, memory_order_relaxed);
        pool_post(worker, first->job, first->ring);
    }
}

/* A time that is over announces itself at once. */
static void set_clock(struct alarms *alarms)
{
    struct itimerspec when = {0};
    int64_t first = list_empty(&alarms->alarms) ? NEVER : list_entry(alarms->alarms.next, struct alarm, link)->at;
    if (first == alarms->announced)
        return;
    alarms->announced = first;
    if (first != NEVER)
        when.it_value = (struct timespec){.tv_sec = first / SECOND, .tv_nsec = first % SECOND * 1000 + 1};
    if (timerfd_settime(alarms->fd, TFD_TIMER_ABSTIME, &when, NULL) < 0)
        abort(); /* no such time: our own mistake */
}

static bool go(struct job *job, struct worker *worker)
{
    struct alarms *alarms = (struct alarms *)(void *)job;
    struct task *task;
    while ((task = strand_next(&job->strand))) {
        if (task == &alarms->told)
            beacon_taken(&alarms->due);
        else
            hear_wish(alarms, list_entry(task, struct alarm, wish));
    }
    ring(alarms, worker);
    set_clock(alarms);
    return beacon_arm(alarms->pool, &alarms->due) != 0; /* no memory for it: at once again */
}

int alarms_open(struct alarms *alarms, struct pool *pool)
{
    *alarms = (struct alarms){.pool = pool, .announced = NEVER};
    alarms->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (alarms->fd < 0)
        return errno;
    job_init(&alarms->job, go);
    beacon_init(&alarms->due, alarms->fd, &alarms->job, &alarms->told);
    list_init(&alarms->alarms);
    return 0;
}

int alarms_begin(struct alarms *alarms)
{
    return beacon_arm(alarms->pool, &alarms->due);
}

void alarms_close(struct alarms *alarms)
{
    close(alarms->fd);
}

void alarm_init(struct alarm *alarm, struct job *job, struct task *ring)
{
    *alarm = (struct alarm){.job = job, .ring = ring, .set = NEVER};
}

void alarm_set(struct worker *worker, struct alarms *alarms, struct alarm *alarm, int64_t at)
{
    if (at >= alarm->set)
        return;
    alarm->set = at;
    atomic_store_explicit(&alarm->wanted, at, memory_order_relaxed);
    if (!atomic_exchange_explicit(&alarm->wished, true, memory_order_acq_rel))
        pool_post(worker, &alarms->job, &alarm->wish);
}

void alarm_heard(struct alarm *alarm)
{
    alarm->set = NEVER;
    atomic_store_explicit(&alarm->ringing, false, memory_order_release);
}
