/* A strand: tasks that are run in order, never two at once, by whichever thread finds it idle.
 *
 * Any thread may post. The one whose post finds the strand idle has it from then on: it, or whom it tells, must run it, and
 * nobody else may until strand_rest has said true. There is no lock: one word holds what was posted, and whether anybody runs.
 * What a runner did is seen by the next one, and what was done before a post by whoever takes the task. */
#ifndef ASYNC_STRAND_H
#define ASYNC_STRAND_H

#include <stdatomic.h>
#include <stdbool.h>

/* What is to be done is the poster's business: a task is a part of something of his, and in one strand at a time. */
struct task {
    struct task *next;
};

struct strand {
    _Atomic(struct task *) posted; /* not yet taken, the newest first; what says that the strand is idle */
    struct task *taken;            /* the runner's: in the order in which they were posted */
};

void strand_init(struct strand *strand);
/* Any thread. True when the strand was idle: the caller has it now. */
bool strand_post(struct strand *strand, struct task *task);
/* The runner's next task; NULL when there is none at the moment. */
struct task *strand_next(struct strand *strand);
/* The runner is through. False when there are tasks again: it still has the strand. */
bool strand_rest(struct strand *strand);

#endif
