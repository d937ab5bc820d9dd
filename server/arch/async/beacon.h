/* Beacons: descriptors of the architecture's own in the readiness queue: listeners, the clock, the order to stop. What comes of one
 * is a task for a job. */
#ifndef ASYNC_BEACON_H
#define ASYNC_BEACON_H

#include <stdatomic.h>

#include "server/arch/async/pool.h"

/* The low bit of an event's word: set for a beacon, whose address it is; clear for a client. */
enum { BEACON_MARK = 1 };

struct beacon {
    int fd;
    struct job *job;
    struct task *task;
    bool known;        /* to the queue */
    atomic_bool armed; /* the task is the queue's, until the job has come to it */
};

void beacon_init(struct beacon *beacon, int fd, struct job *job, struct task *task);
/* Has the queue announce it once when it can be read. Nothing to do when that is so already. The job's runner; 0 or an errno. */
int beacon_arm(struct pool *pool, struct beacon *beacon);
/* The job has come to the task. Its runner. */
void beacon_taken(struct beacon *beacon);
/* A worker's, with an event of a beacon: the job gets its task. */
void beacon_fire(struct worker *worker, const struct epoll_event *event);

#endif
