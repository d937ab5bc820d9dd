/* A strand is a stack that anybody pushes onto and the runner takes as a whole, turned round. */
#include "server/arch/async/strand.h"

#include <stddef.h>

#include "server/teeth.h"

/* Stands in `posted` while nobody runs the strand. */
static struct task idle;

void strand_init(struct strand *strand)
{
    atomic_init(&strand->posted, &idle);
    strand->taken = NULL;
}

/* Release: the task is whole for whoever takes it. Acquire: who finds the strand idle sees what the last runner did. */
bool strand_post(struct strand *strand, struct task *task)
{
    struct task *before = atomic_load_explicit(&strand->posted, memory_order_relaxed);
    do {
        task->next = before == &idle ? NULL : before;
    } while (!atomic_compare_exchange_weak_explicit(&strand->posted, &before, task, memory_order_acq_rel,
                                                    memory_order_relaxed));
    return before == &idle;
}

/* Everything that was posted, the oldest first. */
static struct task *take_all(struct strand *strand)
{
    struct task *newest = atomic_exchange_explicit(&strand->posted, NULL, memory_order_acquire);
    struct task *oldest = NULL;
    if (WITHOUT_STRAND_ORDER)
        return newest;
    while (newest) {
        struct task *next = newest->next;
        newest->next = oldest;
        oldest = newest;
        newest = next;
    }
    return oldest;
}

struct task *strand_next(struct strand *strand)
{
    if (!strand->taken && atomic_load_explicit(&strand->posted, memory_order_relaxed))
        strand->taken = take_all(strand);
    struct task *task = strand->taken;
    if (task)
        strand->taken = task->next;
    return task;
}

bool strand_rest(struct strand *strand)
{
    struct task *none = NULL;
    if (WITHOUT_LOOKING_BEFORE_REST) {
        atomic_store_explicit(&strand->posted, &idle, memory_order_release);
        return true;
    }
    return !strand->taken && atomic_compare_exchange_strong_explicit(&strand->posted, &none, &idle,
                                                                     memory_order_release, memory_order_relaxed);
}
