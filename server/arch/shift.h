/* A shift: a crew of desks that one thread runs with one epoll set, turn after turn. It belongs to that thread.
 *
 * What an epoll event names is told by the low bits of its word: a session, or something of the architecture's own. */
#ifndef ARCH_SHIFT_H
#define ARCH_SHIFT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/epoll.h>

#include "server/arch/crew.h"
#include "server/limits.h"

enum source { SOURCE_SESSION, SOURCE_BELT, SOURCE_OUTLET, SOURCE_STOP, SOURCE_END, SOURCE_LISTENER, SOURCE_MASK = 7 };

struct shift {
    int epoll;
    struct crew crew;
    struct epoll_event *events; /* of this turn */
};

/* False and errno when there is no descriptor or memory; then nothing is left behind. */
bool shift_open(struct shift *shift, struct counters *count);
/* The desks stay whose they are. */
void shift_close(struct shift *shift);

/* Watches something of the architecture's own. 0 or an errno. */
int shift_watch(struct shift *shift, int fd, uint32_t events, enum source source, const void *what);
void shift_unwatch(struct shift *shift, int fd);

/* Waits for events (not at all when a desk is restless, not beyond `until`), then begins a turn: reads the clocks and serves
 * whoever is servable without an event. The number of shift->events; each is for shift_session, or the architecture's. */
int shift_wait(struct shift *shift, int64_t until);
static inline enum source shift_source(const struct epoll_event *event)
{
    return (enum source)(event->data.u64 & SOURCE_MASK);
}
static inline void *shift_what(const struct epoll_event *event)
{
    return (void *)(uintptr_t)(event->data.u64 & ~(uint64_t)SOURCE_MASK);
}
void shift_session(const struct epoll_event *event);
/* Ends the turn. Sessions whose wants changed are applied to the epoll set; those that go are appended to `gone` (by
 * `changed`), still in the epoll set if `watched`. */
void shift_finish(struct shift *shift, struct list *gone, uint64_t batch);
/* Takes a session out of the epoll set. */
void shift_forget(struct shift *shift, struct session *session);

#endif
