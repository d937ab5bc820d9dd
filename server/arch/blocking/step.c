/* A round of a stage, as the thesis had it: look into the pipe, wait a little, serve who can be read, send on who goes. */
#include "server/arch/blocking/step.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "common/protocol.h"
#include "server/arch/blocking/house.h"
#include "server/arch/blocking/routines.h"
#include "server/arch/blocking/talk.h"
#include "server/chat/owner.h"

enum { WAIT_MS = 10, EVENTS_AT_ONCE = 64 };

int step_open(struct step *step, const struct step_ops *ops, struct house *house, struct counters *count)
{
    int ends[2];
    *step = (struct step){.ops = ops, .house = house, .count = count, .epoll = -1};
    list_init(&step->people);
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return errno;
    step->take = ends[0];
    step->put = ends[1];
    if (!ops)
        return 0;
    step->epoll = epoll_create1(EPOLL_CLOEXEC);
    step->text = malloc(house->limits->max_message + FRAME_SLACK);
    if (step->epoll >= 0 && step->text)
        return 0;
    int error = step->epoll < 0 ? errno : ENOMEM;
    step_close(step);
    return error;
}

void step_close(struct step *step)
{
    close(step->take);
    close(step->put);
    if (step->epoll >= 0)
        close(step->epoll);
    free(step->text);
    step->text = NULL;
}

int step_begin(pthread_t *thread, const char *name, void *(*run)(void *), void *argument)
{
    int error = pthread_create(thread, NULL, run, argument);
    if (!error)
        pthread_setname_np(*thread, name);
    return error;
}

/* A full pipe is looked at again and again. */
static bool put(const struct step *to, int fd)
{
    static const struct timespec pause = {.tv_nsec = 1000000};
    ssize_t n;
    while ((n = write(to->put, &fd, sizeof fd)) < 0 && (errno == EAGAIN || errno == EINTR)) {
        if (house_ending(to->house))
            return false;
        nanosleep(&pause, NULL);
    }
    return n == (ssize_t)sizeof fd;
}

void step_send(struct step *to, struct session *session, struct counters *from)
{
    int fd = session->fd;
    counter_add(&from->departures, 1);
    owner_give(session);
    if (!put(to, fd) && !house_ending(to->house))
        abort(); /* nobody would have it: our own mistake */
}

struct session *step_take(struct step *step)
{
    int fd;
    if (read(step->take, &fd, sizeof fd) != (ssize_t)sizeof fd)
        return NULL;
    struct session *session = house_find(step->house, fd);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = session};
    owner_take(session);
    session->next = (struct go){STAY, NULL};
    session->since = clock_now();
    list_append(&step->people, &session->changed);
    counter_add(&step->count->arrivals, 1);
    counter_add(&step->count->people, 1);
    if (step->epoll >= 0 && epoll_ctl(step->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        session->dead = true;
    return session;
}

void step_part(struct step *step, struct session *session)
{
    owner_assert(session);
    if (step->epoll >= 0)
        epoll_ctl(step->epoll, EPOLL_CTL_DEL, session->fd, NULL);
    list_remove(&session->changed);
    counter_add(&step->count->people, (uint64_t)-1);
}

/* Hands the session on if it goes. */
static void send_on(struct step *step, struct session *session)
{
    if (session->dead)
        session->next = (struct go){BYE, NULL};
    if (session->next.to == STAY)
        return;
    if (step->ops->leave)
        step->ops->leave(step, session);
    step_part(step, session);
    if (session->next.to == BYE)
        house_unname(step->house, session); /* so it is free before the goodbye */
    if (session->next.to == ROOM)
        chat_message_send(step->house, session);
    else
        step_send(session->next.to == LOBBY ? &step->house->lobby : &step->house->bye, session, step->count);
}

static int take_arrivals(struct step *step)
{
    struct session *session;
    int n = 0;
    for (; (session = step_take(step)); n++) {
        if (!session->dead)
            step->ops->arrive(step, session);
        send_on(step, session);
    }
    return n;
}

/* Who was found dead since the events came has its own, which has no meaning any more. */
static void serve(struct step *step, struct session *session)
{
    struct request request;
    if (session->dead)
        return;
    if (talk_receive(step, session, &request)) {
        counter_add(&step->count->requests, 1);
        step->ops->serve(step, session, &request);
    }
    send_on(step, session);
}

static int serve_ready(struct step *step)
{
    struct epoll_event events[EVENTS_AT_ONCE];
    int n = epoll_wait(step->epoll, events, EVENTS_AT_ONCE, WAIT_MS);
    for (int i = 0; i < n; i++)
        serve(step, events[i].data.ptr);
    return n > 0 ? n : 0;
}

/* The dead, those who were silent for too long, and all when the server stops, go home. */
static void send_home(struct step *step)
{
    bool draining = house_draining(step->house);
    int64_t longest = clock_now() - step->house->limits->name_timeout;
    for (struct list *link = step->people.next, *next; link != &step->people; link = next) {
        struct session *session = list_entry(link, struct session, changed);
        next = link->next;
        if (draining)
            session->next = (struct go){BYE, NULL};
        else if (!session->dead && step->ops->late && session->since <= longest)
            step->ops->late(step, session);
        send_on(step, session);
    }
}

void *step_run(void *argument)
{
    struct step *step = argument;
    while (!house_ending(step->house) && !(step->ops->over && step->ops->over(step))) {
        int n = take_arrivals(step) + serve_ready(step);
        if (step->ops->round)
            step->ops->round(step);
        send_home(step);
        if (n > 0) {
            counter_add(&step->count->turns, 1);
            counter_add(&step->count->batch, (uint64_t)n);
        }
    }
    return NULL;
}
