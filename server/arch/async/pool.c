/* Workers: each waits for events, turns them into tasks and runs the strands it found idle.
 *
 * Threads: `run` is a worker's, and so is its `ready`; the epoll set is shared and its own lock is the kernel's. What is announced
 * is announced once for each arming (EPOLLONESHOT). */
#include "server/arch/async/pool.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "server/limits.h"

enum { STACK = 512 * 1024, END = -1 };

void job_init(struct job *job, bool (*go)(struct job *, struct worker *))
{
    *job = (struct job){.go = go};
    strand_init(&job->strand);
}

static int open_queue(struct pool *pool)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = (uint64_t)END};
    pool->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (pool->epoll < 0)
        return errno;
    pool->end = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (pool->end >= 0 && epoll_ctl(pool->epoll, EPOLL_CTL_ADD, pool->end, &event) == 0)
        return 0;
    int error = errno;
    if (pool->end >= 0)
        close(pool->end);
    close(pool->epoll);
    return error;
}

int pool_open(struct pool *pool, unsigned n, void (*event)(struct worker *, const struct epoll_event *), void *owner)
{
    *pool = (struct pool){.event = event, .owner = owner, .n = n};
    pool->workers = calloc(n, sizeof *pool->workers);
    if (!pool->workers)
        return ENOMEM;
    for (unsigned i = 0; i < n; i++) {
        pool->workers[i] = (struct worker){.pool = pool, .index = i};
        list_init(&pool->workers[i].ready);
    }
    int error = open_queue(pool);
    if (error)
        free(pool->workers);
    return error;
}

void pool_close(struct pool *pool)
{
    close(pool->end);
    close(pool->epoll);
    free(pool->workers);
}

int pool_arm(struct pool *pool, int fd, uint32_t events, uint64_t word, bool again)
{
    struct epoll_event event = {.events = events | EPOLLONESHOT, .data.u64 = word};
    return epoll_ctl(pool->epoll, again ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, fd, &event) < 0 ? errno : 0;
}

void pool_post(struct worker *worker, struct job *job, struct task *task)
{
    if (strand_post(&job->strand, task))
        list_append(&worker->ready, &job->ready);
}

static void take_events(struct worker *worker)
{
    struct epoll_event events[EVENTS_MAX];
    struct pool *pool = worker->pool;
    int n = epoll_wait(pool->epoll, events, EVENTS_MAX, list_empty(&worker->ready) ? -1 : 0);
    for (int i = 0; i < n; i++) {
        if (events[i].data.u64 == (uint64_t)END)
            worker->ending = true;
        else
            pool->event(worker, &events[i]);
    }
}

/* Those that become ready meanwhile have their turn after the next look at the queue: a client that walks from desk to desk
 * does not hold up the others. */
static void run_ready(struct worker *worker)
{
    struct list now, *link;
    list_init(&now);
    list_move_all(&now, &worker->ready);
    while ((link = list_pop(&now))) {
        struct job *job = list_entry(link, struct job, ready);
        bool again = job->go(job, worker);
        if (again || !strand_rest(&job->strand))
            list_append(&worker->ready, &job->ready);
    }
}

static void *run(void *argument)
{
    struct worker *worker = argument;
    while (!worker->ending) {
        take_events(worker);
        run_ready(worker);
    }
    return NULL;
}

/* Joins the workers from the n-th on. */
static void join(struct pool *pool, unsigned n)
{
    eventfd_write(pool->end, 1);
    for (; n < pool->n; n++)
        pthread_join(pool->workers[n].thread, NULL);
}

int pool_begin(struct pool *pool)
{
    pthread_attr_t attributes;
    int error = 0;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK);
    unsigned n = pool->n; /* the first one last: what main gave it to do begins when all are there */
    while (n > 0 && !(error = pthread_create(&pool->workers[n - 1].thread, &attributes, run, &pool->workers[n - 1]))) {
        n--;
        pthread_setname_np(pool->workers[n].thread, "worker");
    }
    pthread_attr_destroy(&attributes);
    if (error)
        join(pool, n);
    return error;
}

void pool_end(struct pool *pool)
{
    join(pool, 0);
}
