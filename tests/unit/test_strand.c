/* Strands: tasks in order, never two at once, nothing lost; and a million of them from eight threads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdlib.h>

#include "server/arch/async/strand.h"

static void first_post_has_it(void **state)
{
    struct strand strand;
    struct task tasks[3];
    (void)state;
    strand_init(&strand);
    assert_true(strand_post(&strand, &tasks[0]));
    assert_false(strand_post(&strand, &tasks[1]));
    assert_ptr_equal(strand_next(&strand), &tasks[0]);
    assert_ptr_equal(strand_next(&strand), &tasks[1]);
    assert_null(strand_next(&strand));
    assert_false(strand_post(&strand, &tasks[2])); /* it is being run, though there is nothing to do */
    assert_false(strand_rest(&strand));
    assert_ptr_equal(strand_next(&strand), &tasks[2]);
    assert_true(strand_rest(&strand));
    assert_true(strand_post(&strand, &tasks[2]));
}

static void in_the_order_of_the_posts(void **state)
{
    struct strand strand;
    struct task tasks[9];
    (void)state;
    strand_init(&strand);
    for (int i = 0; i < 4; i++)
        strand_post(&strand, &tasks[i]);
    assert_ptr_equal(strand_next(&strand), &tasks[0]);
    for (int i = 4; i < 9; i++) /* behind those that are taken already */
        strand_post(&strand, &tasks[i]);
    for (int i = 1; i < 9; i++) {
        assert_false(strand_rest(&strand));
        assert_ptr_equal(strand_next(&strand), &tasks[i]);
    }
    assert_true(strand_rest(&strand));
}

/* --- A million. --- */

enum { THREADS = 8, STRANDS = 100, TASKS = 1000000 / THREADS, AT_ONCE = 16 };

struct numbered {
    struct task task;
    unsigned poster, number; /* the poster's n-th for this strand */
};

static struct row {
    struct strand strand;
    atomic_bool running;
    unsigned last[THREADS]; /* of each poster, what came last; touched by the runner alone */
    unsigned long done;
} rows[STRANDS];
static atomic_uint out_of_order, two_at_once;

static void run_some(struct row *row)
{
    struct task *task;
    if (atomic_exchange_explicit(&row->running, true, memory_order_relaxed))
        atomic_fetch_add(&two_at_once, 1);
    for (int n = 0; n < AT_ONCE && (task = strand_next(&row->strand)); n++) {
        const struct numbered *numbered = (const struct numbered *)(const void *)task;
        if (numbered->number != row->last[numbered->poster] + 1)
            atomic_fetch_add(&out_of_order, 1);
        row->last[numbered->poster] = numbered->number;
        row->done++;
    }
    atomic_store_explicit(&row->running, false, memory_order_relaxed);
}

static void *post_and_run(void *argument)
{
    struct numbered *tasks = argument;
    unsigned given[STRANDS] = {0};
    uint64_t dice = tasks->poster + 1;
    for (size_t i = 0; i < TASKS; i++) {
        dice = dice * 6364136223846793005u + 1442695040888963407u;
        size_t at = (dice >> 33) % STRANDS;
        tasks[i] = (struct numbered){.poster = tasks->poster, .number = ++given[at]};
        if (!strand_post(&rows[at].strand, &tasks[i].task))
            continue;
        do {
            run_some(&rows[at]);
        } while (!strand_rest(&rows[at].strand));
    }
    return NULL;
}

static void a_million_from_eight_threads(void **state)
{
    pthread_t threads[THREADS];
    struct numbered *tasks[THREADS];
    unsigned long done = 0;
    (void)state;
    for (size_t i = 0; i < STRANDS; i++)
        strand_init(&rows[i].strand);
    for (unsigned t = 0; t < THREADS; t++) {
        tasks[t] = calloc(TASKS, sizeof *tasks[t]);
        assert_non_null(tasks[t]);
        tasks[t]->poster = t;
    }
    for (unsigned t = 0; t < THREADS; t++)
        assert_int_equal(pthread_create(&threads[t], NULL, post_and_run, tasks[t]), 0);
    for (unsigned t = 0; t < THREADS; t++)
        assert_int_equal(pthread_join(threads[t], NULL), 0);
    for (size_t i = 0; i < STRANDS; i++) {
        struct task last;
        done += rows[i].done;
        assert_true(strand_post(&rows[i].strand, &last)); /* it is idle */
    }
    assert_int_equal(done, THREADS * TASKS);
    assert_int_equal(atomic_load(&out_of_order), 0);
    assert_int_equal(atomic_load(&two_at_once), 0);
    for (unsigned t = 0; t < THREADS; t++)
        free(tasks[t]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(first_post_has_it),
        cmocka_unit_test(in_the_order_of_the_posts),
        cmocka_unit_test(a_million_from_eight_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
