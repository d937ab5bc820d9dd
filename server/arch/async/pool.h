/* A pool: workers over one readiness queue, an epoll set. A worker takes a few events, has each turned into a task of a strand,
 * and runs the strands it found idle; those that others run get the task there.
 *
 * main opens, begins, ends and closes a pool; the rest is for workers, and for main before it begins. */
#ifndef ASYNC_POOL_H
#define ASYNC_POOL_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "common/list.h"
#include "server/arch/async/strand.h"

struct pool;
struct worker;

/* A strand that workers run. */
struct job {
    struct strand strand;
    struct list ready; /* link in the list of the worker that has it */
    /* Runs some of its tasks. True: it wants to be run again, whether there are tasks or not. */
    bool (*go)(struct job *, struct worker *);
};

struct worker {
    struct pool *pool;
    unsigned index;
    pthread_t thread;
    struct list ready; /* jobs it has, in the order in which they became ready */
    bool ending;
};

struct pool {
    int epoll;
    int end; /* an eventfd */
    void (*event)(struct worker *, const struct epoll_event *);
    void *owner; /* of the one who handles the events */
    struct worker *workers;
    unsigned n;
};

void job_init(struct job *job, bool (*go)(struct job *, struct worker *));

/* A pool of n workers, none of which runs yet. `event` is called for what the queue announces. 0 or an errno, and then nothing
 * is left behind. */
int pool_open(struct pool *pool, unsigned n, void (*event)(struct worker *, const struct epoll_event *), void *owner);
/* Starts the workers. 0 or an errno, and then none runs. */
int pool_begin(struct pool *pool);
/* Ends and joins them; what they have not run stays undone. */
void pool_end(struct pool *pool);
void pool_close(struct pool *pool);

/* Puts a descriptor into the queue, or, when it is there already, has it announced again: once, whatever happens to it.
 * Zero `events` leaves hang-ups. 0 or an errno. Any thread. */
int pool_arm(struct pool *pool, int fd, uint32_t events, uint64_t word, bool again);
/* Gives a job something to do; if nobody runs it, this worker will. */
void pool_post(struct worker *worker, struct job *job, struct task *task);

#endif
