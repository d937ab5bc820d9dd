/* The pool: what the queue announces comes once, jobs run one at a time whoever runs them, the end ends all; and the clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/clock.h"
#include "server/arch/async/alarm.h"

static struct pool pool;
static sem_t over;

/* For workers: they can't end a test otherwise. */
static void must(bool condition)
{
    if (!condition)
        abort();
}

static void must_not_happen(struct worker *worker, const struct epoll_event *event)
{
    (void)worker, (void)event;
    must(false);
}

static void open_with(unsigned workers, void (*event)(struct worker *, const struct epoll_event *))
{
    assert_int_equal(pool_open(&pool, workers, event, NULL), 0);
    assert_int_equal(sem_init(&over, 0, 0), 0);
}

/* Waits until the jobs have said that all is over, and ends the pool. */
static void wait_and_close(void)
{
    assert_int_equal(sem_wait(&over), 0);
    pool_end(&pool);
    pool_close(&pool);
    sem_destroy(&over);
}

static void ends_with_nothing_to_do(void **state)
{
    (void)state;
    open_with(4, must_not_happen);
    assert_int_equal(pool_begin(&pool), 0);
    pool_end(&pool);
    pool_close(&pool);
}

/* --- Jobs that hand tasks round. --- */

enum { JOBS = 100, TASKS = 1000, HOPS = 1000, AT_ONCE = 8 };

struct traveller {
    struct task task;
    unsigned hops;
};

static struct place {
    struct job job;
    atomic_bool running;
    unsigned long seen; /* the runner's alone: no atomic */
    unsigned rests;     /* how often it asked to be run again */
} places[JOBS];
static atomic_uint arrived, two_at_once;

static bool hand_on(struct job *job, struct worker *worker)
{
    struct place *place = (struct place *)(void *)job;
    struct task *task;
    if (atomic_exchange_explicit(&place->running, true, memory_order_relaxed))
        atomic_fetch_add(&two_at_once, 1);
    for (int n = 0; n < AT_ONCE && (task = strand_next(&job->strand)); n++) {
        struct traveller *traveller = (struct traveller *)(void *)task;
        place->seen++;
        if (traveller->hops > 0) {
            traveller->hops--;
            pool_post(worker, &places[(size_t)(place - places + traveller->hops) % JOBS].job, task);
        } else if (atomic_fetch_add(&arrived, 1) + 1 == TASKS) {
            sem_post(&over);
        }
    }
    atomic_store_explicit(&place->running, false, memory_order_relaxed);
    return false;
}

static void a_million_hops(void **state)
{
    static struct traveller travellers[TASKS];
    unsigned long seen = 0;
    (void)state;
    open_with(8, must_not_happen);
    for (size_t i = 0; i < JOBS; i++)
        job_init(&places[i].job, hand_on);
    for (size_t i = 0; i < TASKS; i++) {
        travellers[i].hops = HOPS;
        pool_post(&pool.workers[i % 8], &places[i % JOBS].job, &travellers[i].task);
    }
    assert_int_equal(pool_begin(&pool), 0);
    wait_and_close();
    for (size_t i = 0; i < JOBS; i++)
        seen += places[i].seen;
    assert_int_equal(seen, (unsigned long)TASKS * (HOPS + 1));
    assert_int_equal(atomic_load(&two_at_once), 0);
}

/* A job that is restless is run until it is not, without a task. */
static bool run_again(struct job *job, struct worker *worker)
{
    struct place *place = (struct place *)(void *)job;
    (void)worker;
    strand_next(&job->strand);
    if (++place->rests < 5)
        return true;
    sem_post(&over);
    return false;
}

static void restless_jobs_run_again(void **state)
{
    struct task task;
    (void)state;
    open_with(2, must_not_happen);
    job_init(&places[0].job, run_again);
    pool_post(&pool.workers[0], &places[0].job, &task);
    assert_int_equal(pool_begin(&pool), 0);
    wait_and_close();
    assert_int_equal(places[0].rests, 5);
}

/* --- Beacons. --- */

enum { TIMES = 10000 };

static struct lamp {
    struct job job;
    struct beacon beacon;
    struct task task;
    unsigned lit; /* the runner's alone */
} lamp;

/* Each time it is announced once; two announcements at a time would be two threads here, or two tasks for one arming. */
static bool count_light(struct job *job, struct worker *worker)
{
    (void)worker;
    while (strand_next(&job->strand)) {
        eventfd_t value;
        beacon_taken(&lamp.beacon);
        must(eventfd_read(lamp.beacon.fd, &value) == 0);
        if (++lamp.lit == TIMES)
            sem_post(&over);
    }
    if (lamp.lit < TIMES) {
        must(beacon_arm(&pool, &lamp.beacon) == 0);
        must(eventfd_write(lamp.beacon.fd, 1) == 0);
    }
    return false;
}

static void beacons_announce_once(void **state)
{
    (void)state;
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    assert_true(fd >= 0);
    open_with(4, beacon_fire);
    job_init(&lamp.job, count_light);
    beacon_init(&lamp.beacon, fd, &lamp.job, &lamp.task);
    assert_int_equal(beacon_arm(&pool, &lamp.beacon), 0);
    assert_int_equal(eventfd_write(fd, 1), 0);
    assert_int_equal(pool_begin(&pool), 0);
    wait_and_close();
    assert_int_equal(lamp.lit, TIMES);
    close(fd);
}

/* --- Alarms. --- */

enum { SLEEPERS = 50 };

static struct alarms alarms;
static struct sleeper {
    struct job job;
    struct task first, ring;
    struct alarm alarm;
    int64_t until[3]; /* it wants to be woken then, one after another */
    unsigned woken, too_early;
} sleepers[SLEEPERS];
static atomic_uint awake;

static bool sleep_on(struct job *job, struct worker *worker)
{
    struct sleeper *sleeper = (struct sleeper *)(void *)job;
    struct task *task;
    while ((task = strand_next(&job->strand))) {
        if (task != &sleeper->ring)
            continue;
        alarm_heard(&sleeper->alarm);
        sleeper->too_early += clock_now() < sleeper->until[sleeper->woken];
        sleeper->woken++;
    }
    if (sleeper->woken < 3) {
        alarm_set(worker, &alarms, &sleeper->alarm, NEVER); /* which asks for nothing */
        alarm_set(worker, &alarms, &sleeper->alarm, sleeper->until[sleeper->woken]);
    } else if (atomic_fetch_add(&awake, 1) + 1 == SLEEPERS) {
        sem_post(&over);
    }
    return false;
}

static void alarms_ring_in_time(void **state)
{
    (void)state;
    int64_t now = clock_now();
    open_with(4, beacon_fire);
    assert_int_equal(alarms_open(&alarms, &pool), 0);
    assert_int_equal(alarms_begin(&alarms), 0);
    for (int i = 0; i < SLEEPERS; i++) {
        struct sleeper *sleeper = &sleepers[i];
        job_init(&sleeper->job, sleep_on);
        alarm_init(&sleeper->alarm, &sleeper->job, &sleeper->ring);
        for (int t = 0; t < 3; t++)
            sleeper->until[t] =
                now + (1 + (i * 7 + t * 11) % 40) * MILLISECOND; /* some in the past when their turn comes */
        pool_post(&pool.workers[i % 4], &sleeper->job, &sleeper->first);
    }
    assert_int_equal(pool_begin(&pool), 0);
    wait_and_close();
    alarms_close(&alarms);
    for (int i = 0; i < SLEEPERS; i++) {
        assert_int_equal(sleepers[i].woken, 3);
        assert_int_equal(sleepers[i].too_early, 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_with_nothing_to_do), cmocka_unit_test(a_million_hops),
        cmocka_unit_test(restless_jobs_run_again), cmocka_unit_test(beacons_announce_once),
        cmocka_unit_test(alarms_ring_in_time),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
