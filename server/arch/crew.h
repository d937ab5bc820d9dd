/* A crew: the desks that take their turns together, one thread at a time. It knows what a turn is, and nothing of what the
 * thread waits for between two of them: that is the architecture's. */
#ifndef ARCH_CREW_H
#define ARCH_CREW_H

#include <stdbool.h>
#include <stdint.h>

#include "common/list.h"
#include "server/desk/desk.h"

struct crew {
    struct scratch *scratch;
    struct counters *count;
    struct moment time;
    struct list desks; /* all, by `peer` */
    struct list busy;  /* those that were touched or have somebody to serve again, by `busy` */
    int64_t deadline;  /* the earliest moment at which a desk wants a turn */
    bool ticked;       /* in this turn deadlines were due */
};

void crew_init(struct crew *crew, struct scratch *scratch, struct counters *count);
void crew_add(struct crew *crew, struct desk *desk);
void crew_remove(struct crew *crew, struct desk *desk);
/* True when a desk has something to do that no event will announce. */
static inline bool crew_restless(const struct crew *crew)
{
    return !list_empty(&crew->busy);
}

/* Begins a turn: reads the clocks and serves whoever is servable without an event. */
void crew_begin(struct crew *crew);
/* Ends it: finishes every busy desk. Sessions whose wants are not what is armed are appended to `wanting`, those that go to
 * `gone`, both by `changed`. Keeps the turn's counters. */
void crew_finish(struct crew *crew, struct list *wanting, struct list *gone, uint64_t batch);

/* Scratch for a thread's turns, with so many bytes of the thread's own in front of it. NULL without memory. */
struct scratch *crew_scratch_new(size_t own);
void crew_scratch_free(struct scratch *scratch, size_t own);

#endif
