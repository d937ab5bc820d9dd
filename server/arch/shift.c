/* One thread's desks and epoll set: waiting, events, and what follows a turn. */
#include "server/arch/shift.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/clock.h"
#include "server/chat/owner.h"
#include "server/desk/turn.h"
#include "server/teeth.h"

bool shift_open(struct shift *shift, struct counters *count)
{
    *shift = (struct shift){.count = count, .deadline = NEVER};
    list_init(&shift->desks);
    list_init(&shift->busy);
    /* Mapped, not allocated: pages that are never needed are never there. */
    /* cppcheck-suppress invalidFunctionArg */
    shift->scratch = mmap(NULL, sizeof *shift->scratch, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (shift->scratch == MAP_FAILED)
        return false;
    shift->epoll = epoll_create1(EPOLL_CLOEXEC);
    if (shift->epoll < 0) {
        int error = errno;
        munmap(shift->scratch, sizeof *shift->scratch);
        errno = error;
        return false;
    }
    return true;
}

void shift_close(struct shift *shift)
{
    close(shift->epoll);
    tail_free(&shift->scratch->window);
    free(shift->scratch->file);
    munmap(shift->scratch, sizeof *shift->scratch);
    shift->epoll = -1;
    shift->scratch = NULL;
}

void shift_add(struct shift *shift, struct desk *desk)
{
    desk->scratch = shift->scratch;
    desk->count = shift->count;
    desk->time = &shift->time;
    desk->runner = &shift->busy;
    desk->deadline = NEVER;
    list_append(&shift->desks, &desk->peer);
}

void shift_remove(struct shift *shift, struct desk *desk)
{
    (void)shift;
    list_remove(&desk->peer);
    list_remove(&desk->busy);
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
    if (!list_empty(&shift->busy))
        return 0;
    if (shift->deadline < until)
        until = shift->deadline;
    if (until == NEVER)
        return -1;
    int64_t now = clock_now();
    if (until <= now)
        return 0;
    int64_t wait = (until - now + MILLISECOND - 1) / MILLISECOND;
    return wait > INT_MAX ? INT_MAX : (int)wait;
}

static void begin(struct shift *shift)
{
    shift->time.now = clock_now();
    shift->time.wall = clock_wall() / SECOND;
    for (struct list *link = shift->busy.next, *next; link != &shift->busy; link = next) {
        next = link->next;
        desk_again(list_entry(link, struct desk, busy));
    }
    shift->ticked = shift->time.now >= shift->deadline;
    if (!shift->ticked)
        return;
    for (struct list *link = shift->desks.next; link != &shift->desks; link = link->next) {
        struct desk *desk = list_entry(link, struct desk, peer);
        if (desk->deadline <= shift->time.now)
            list_append_once(&shift->busy, &desk->busy);
    }
}

int shift_wait(struct shift *shift, struct epoll_event events[EVENTS_MAX], int64_t until)
{
    int n = epoll_wait(shift->epoll, events, EVENTS_MAX, timeout(shift, until));
    begin(shift);
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

static void finish_desk(struct shift *shift, struct desk *desk, struct list *gone)
{
    struct list changed, *link;
    int64_t deadline = desk_finish(desk);
    desk->deadline = desk_restless(desk) ? NEVER : deadline; /* a restless one has its next turn anyway */
    list_init(&changed);
    list_move_all(&changed, &desk->changed);
    while ((link = list_pop(&changed))) {
        struct session *session = list_entry(link, struct session, changed);
        if (desk_gone(session))
            list_append(gone, link);
        else
            apply(shift, session);
    }
}

static void find_deadline(struct shift *shift)
{
    shift->deadline = NEVER;
    for (struct list *link = shift->desks.next; link != &shift->desks; link = link->next) {
        struct desk *desk = list_entry(link, struct desk, peer);
        if (desk->deadline < shift->deadline)
            shift->deadline = desk->deadline;
    }
}

static void count_turn(struct shift *shift, uint64_t batch)
{
    struct counters *count = shift->count;
    counter_add(&count->turns, 1);
    counter_add(&count->batch, batch);
    if (batch > counter_get(&count->batch_most))
        counter_set(&count->batch_most, batch);
    counter_add(&count->busy_time, (uint64_t)(clock_now() - shift->time.now));
}

void shift_finish(struct shift *shift, struct list *gone, uint64_t batch)
{
    struct list busy, *link;
    list_init(&busy);
    list_move_all(&busy, &shift->busy);
    while ((link = list_pop(&busy))) {
        struct desk *desk = list_entry(link, struct desk, busy);
        finish_desk(shift, desk, gone);
        if (desk_restless(desk) || !list_empty(&desk->changed))
            list_append_once(&shift->busy, &desk->busy);
        if (desk->deadline < shift->deadline)
            shift->deadline = desk->deadline;
    }
    if (shift->ticked)
        find_deadline(shift);
    count_turn(shift, batch);
}
