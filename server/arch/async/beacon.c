/* Descriptors of the architecture's own. */
#include "server/arch/async/beacon.h"

void beacon_init(struct beacon *beacon, int fd, struct job *job, struct task *task)
{
    *beacon = (struct beacon){.fd = fd, .job = job, .task = task};
}

int beacon_arm(struct pool *pool, struct beacon *beacon)
{
    if (atomic_load_explicit(&beacon->armed, memory_order_relaxed))
        return 0;
    atomic_store_explicit(&beacon->armed, true, memory_order_release);
    int error = pool_arm(pool, beacon->fd, EPOLLIN, (uint64_t)(uintptr_t)beacon | BEACON_MARK, beacon->known);
    if (error)
        beacon_taken(beacon);
    else
        beacon->known = true;
    return error;
}

void beacon_taken(struct beacon *beacon)
{
    atomic_store_explicit(&beacon->armed, false, memory_order_relaxed);
}

/* Acquire, of the word's last value: what the job did with the task before it armed the beacon is done with. */
void beacon_fire(struct worker *worker, const struct epoll_event *event)
{
    struct beacon *beacon = (struct beacon *)(uintptr_t)(event->data.u64 & ~(uint64_t)BEACON_MARK);
    atomic_exchange_explicit(&beacon->armed, true, memory_order_acquire);
    pool_post(worker, beacon->job, beacon->task);
}
