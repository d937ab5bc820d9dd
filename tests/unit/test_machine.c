/* Tests of what the machine gives: threads for rooms, and descriptors shared out between rooms and clients. */
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include <cmocka.h>

#include "server/machine.h"

static struct rlimit before;
static cpu_set_t cpus_before;

static int setup(void **state)
{
    (void)state;
    return getrlimit(RLIMIT_NOFILE, &before) || sched_getaffinity(0, sizeof cpus_before, &cpus_before);
}

static int teardown(void **state)
{
    (void)state;
    return sched_setaffinity(0, sizeof cpus_before, &cpus_before);
}

/* Hard limits only go down, unless one is root: the tests go from more to fewer. */
static void allow(rlim_t files)
{
    struct rlimit limit = {files, before.rlim_max < files ? before.rlim_max : files};
    limit.rlim_cur = limit.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

static struct limits share(uint32_t room_threads, uint32_t max_clients)
{
    char complaint[256] = "";
    struct limits limits = {.room_threads = room_threads, .max_clients = max_clients};
    assert_true(machine_share(&limits, complaint, sizeof complaint));
    assert_string_equal(complaint, "");
    return limits;
}

static void threads_are_one_less_than_processors(void **state)
{
    (void)state;
    cpu_set_t one;
    struct limits limits = share(0, 10);
    int cpus = CPU_COUNT(&cpus_before);
    assert_int_equal(limits.room_threads, cpus > 1 ? cpus - 1 : 1);
    CPU_ZERO(&one);
    for (size_t i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; i++)
        if (CPU_ISSET(i, &cpus_before))
            CPU_SET(i, &one);
    assert_int_equal(sched_setaffinity(0, sizeof one, &one), 0);
    assert_int_equal(share(0, 10).room_threads, 1);
}

/* The pool's, unless they were said. */
static void workers_are_as_many_as_processors(void **state)
{
    (void)state;
    char complaint[256];
    struct limits limits = {.workers = 5};
    assert_int_equal(share(0, 10).workers, CPU_COUNT(&cpus_before));
    assert_true(machine_share(&limits, complaint, sizeof complaint));
    assert_int_equal(limits.workers, 5);
}

static void what_was_asked_for_stays(void **state)
{
    (void)state;
    struct limits limits = share(3, 10);
    assert_int_equal(limits.room_threads, 3);
    assert_int_equal(limits.max_clients, 10);
}

/* Every descriptor is promised once: a reserve, three a room's thread, the rest to clients. */
static void clients_get_what_is_left(void **state)
{
    (void)state;
    allow(1000);
    struct limits limits = share(10, 0);
    assert_int_equal(limits.room_threads, 10);
    assert_int_equal(limits.max_clients, 1000 - FD_RESERVE - 30);
}

static void too_many_clients_are_refused(void **state)
{
    (void)state;
    char complaint[256];
    struct limits limits = {.room_threads = 10, .max_clients = 1000 - FD_RESERVE - 30 + 1};
    allow(1000);
    assert_false(machine_share(&limits, complaint, sizeof complaint));
    assert_string_equal(complaint,
                        "max-clients: 843 is more than the 842 that 1000 open files allow beside 10 room threads");
}

/* Where there are too few for the rooms, they get half of what there is. */
static void rooms_give_way(void **state)
{
    (void)state;
    allow(300);
    struct limits limits = share(256, 0);
    assert_int_equal(limits.room_threads, (300 - FD_RESERVE) / 2 / 3);
    assert_in_range(limits.max_clients, (300 - FD_RESERVE) / 2, 300 - FD_RESERVE);
}

static void threads_serve_in_batches(void **state)
{
    (void)state;
    assert_int_equal(sched_setscheduler(0, SCHED_OTHER, &(struct sched_param){0}), 0);
    machine_serve_in_batches();
    assert_int_equal(sched_getscheduler(0), SCHED_BATCH);
    assert_int_equal(sched_setscheduler(0, SCHED_IDLE, &(struct sched_param){0}), 0);
    machine_serve_in_batches();
    assert_int_equal(sched_getscheduler(0), SCHED_IDLE);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(threads_are_one_less_than_processors),
        TEST(workers_are_as_many_as_processors),
        TEST(what_was_asked_for_stays),
        TEST(clients_get_what_is_left),
        TEST(too_many_clients_are_refused),
        TEST(rooms_give_way),
        TEST(threads_serve_in_batches), /* the last: it stays so */
    };
    return cmocka_run_group_tests_name("unit/machine", tests, NULL, NULL);
}
