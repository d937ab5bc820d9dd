/* One thread's epoll set: waiting, events, and what sessions want after a turn. */
#include "server/arch/shift.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "server/chat/owner.h"
#include "server/desk/turn.h"
#include "server/teeth.h"

/* The turn's events share their page with what little is used of the scratch. */
enum { EVENTS = (EVENTS_MAX * sizeof(struct epoll_event) + 15) / 16 * 16 };

bool shift_open(struct shift *shift, struct counters *count)
{
    struct scratch *scratch = crew_scratch_new(EVENTS);
    if (!scratch)
        return false;
    shift->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (shift->epoll < 0) {
        int error = errno;
        crew_scratch_free(scratch, EVENTS);
        errno = error;
        return false;
    }
    shift->events = (struct epoll_event *)(void *)((char *)scratch - EVENTS);
    crew_init(&shift->crew, scratch, count);
    return true;
}

void shift_close(struct shift *shift)
{
    close(shift->epoll);
    crew_scratch_free(shift->crew.scratch, EVENTS);
    shift->epoll = -1;
    shift->crew.scratch = NULL;
}

static int control(struct shift *shift, int operation, int fd, uint32_t events, uint64_t word)
{
    struct epoll_event event = {.events = events, .data.u64 = word};
    return epoll_ctl(shift->epoll, operation, fd, &event) < 0 ? errno : 0;
}

int shift_watch(struct shift *shift, int fd, uint32_t events, enum source source, const void *what)
{
    return control(shift, EPOLL_CTL_ADD, fd, events, (uint64_t)(uintptr_t)what | source);
}

/* The system has no reason to refuse this. But what stayed in the set would bring events for somebody who is gone. */
void shift_unwatch(struct shift *shift, int fd)
{
    enum { TRIES = 100 };
    for (int i = 0; i < TRIES; i++)
        if (epoll_ctl(shift->epoll, EPOLL_CTL_DEL, fd, NULL) == 0 || errno == ENOENT)
            return;
    abort();
}

static int timeout(const struct shift *shift, int64_t until)
{
    if (crew_restless(&shift->crew))
        return 0;
    if (shift->crew.deadline < until)
        until = shift->crew.deadline;
    if (until == NEVER)
        return -1;
    int64_t now = clock_now();
    if (until <= now)
        return 0;
    int64_t wait = (until - now + MILLISECOND - 1) / MILLISECOND;
    return wait > INT_MAX ? INT_MAX : (int)wait;
}

int shift_wait(struct shift *shift, int64_t until)
{
    int n = epoll_wait(shift->epoll, shift->events, EVENTS_MAX, timeout(shift, until));
    crew_begin(&shift->crew);
    return n < 0 ? 0 : n; /* EINTR */
}

void shift_session(const struct epoll_event *event)
{
    struct session *session = shift_what(event);
    owner_assert(session);
    unsigned events =
        (event->events & ~(uint32_t)EPOLLOUT ? EVENT_IN : 0u) | (event->events & ~(uint32_t)EPOLLIN ? EVENT_OUT : 0u);
    desk_event(session->desk, session, events);
}

static void apply(struct shift *shift, struct session *session)
{
    uint32_t events = (session->want & WANT_IN ? EPOLLIN : 0u) | (session->want & WANT_OUT ? EPOLLOUT : 0u);
    int operation = session->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    if (control(shift, operation, session->fd, events, (uint64_t)(uintptr_t)session)) {
        session->dead = true; /* no memory to watch it */
        desk_touch(session->desk, session);
        return;
    }
    session->watched = true;
    session->armed = session->want;
}

void shift_forget(struct shift *shift, struct session *session)
{
    owner_assert(session);
    if (session->watched && !WITHOUT_LEAVING_THE_SET)
        shift_unwatch(shift, session->fd);
    session->watched = false;
    session->armed = 0;
}

void shift_finish(struct shift *shift, struct list *gone, uint64_t batch)
{
    struct list wanting, *link;
    list_init(&wanting);
    crew_finish(&shift->crew, &wanting, gone, batch);
    while ((link = list_pop(&wanting)))
        apply(shift, list_entry(link, struct session, changed));
}
