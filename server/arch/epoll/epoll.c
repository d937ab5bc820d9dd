/* One thread, one epoll set, every desk: nothing to hand over, nothing to serialise.
 *
 * Threads: `loop` runs the thread and owns all of it; main touches it before the start and after the join, writes the two
 * eventfds, and reads counters. A session that goes from desk to desk stays in the epoll set. It arrives when the turn's
 * events are through, so that no event of a batch can name a session that is gone, and is finished with in the next turn,
 * so that one client's pipelined walk does not hold up the others. */
#include "server/arch/epoll/epoll.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/log.h"
#include "server/arch/entrance.h"
#include "server/arch/rooms.h"
#include "server/arch/shift.h"
#include "server/chat/owner.h"
#include "server/desk/bye.h"
#include "server/desk/lobby.h"
#include "server/desk/name.h"
#include "server/desk/turn.h"
#include "server/door/wire.h"
#include "server/teeth.h"

struct loop {
    struct server *server;
    pthread_t thread;
    struct shift shift;
    struct counters count[CENSUS_DESKS]; /* one row a kind of desk; the loop's turns count at the gate */
    struct entrance entrance;
    struct name_desk name;
    struct lobby_desk lobby;
    struct bye_desk bye;
    struct rooms rooms;
    struct sync *sync;
    int stop, end; /* eventfds */
    bool ending;
};

static void begin_drain(struct loop *loop)
{
    shift_unwatch(&loop->shift, loop->stop);
    loop->entrance.draining = true;
    desk_close(&loop->name.desk);
    desk_close(&loop->lobby.desk);
    rooms_close(&loop->rooms);
}

/* Out of the epoll set first: a close alone leaves it there as long as anybody else holds the socket, be it only for the moment
 * in which he looks at the server's descriptors, and brings events for somebody who is gone. */
static void release(struct loop *loop, struct session *session)
{
    shift_forget(&loop->shift, session);
    gate_release(&loop->entrance.gate, session);
    counter_add(&loop->count[AT_GATE].arrivals, 1);
}

/* The session's next desk; NULL for the gate, or when there is no memory for a room. */
static struct desk *desk_for(struct loop *loop, const struct session *session)
{
    struct room *room;
    switch (session->next.to) {
    case NAME:
        return &loop->name.desk;
    case LOBBY:
        return &loop->lobby.desk;
    case ROOM:
        room = rooms_find(&loop->rooms, session->next.chat);
        return room ? &room->desk : NULL;
    case BYE:
        return &loop->bye.desk;
    case GATE:
        return NULL;
    case STAY:
    case LATER:
        break;
    }
    abort(); /* a session that goes nowhere: our own mistake */
}

static void arrive(struct loop *loop, struct session *session)
{
    if (session->next.to == GATE) {
        release(loop, session);
        return;
    }
    struct desk *desk = desk_for(loop, session);
    if (!desk) {
        rooms_refuse(session);
        desk = &loop->lobby.desk;
    }
    desk_take(desk, session);
}

static void handle(struct loop *loop, const struct epoll_event *event)
{
    switch (shift_source(event)) {
    case SOURCE_SESSION:
        shift_session(event);
        break;
    case SOURCE_LISTENER:
        entrance_accept(&loop->entrance, &loop->shift, loop->server, event);
        break;
    case SOURCE_STOP:
        begin_drain(loop);
        break;
    case SOURCE_END:
        loop->ending = true;
        break;
    case SOURCE_BELT:
    case SOURCE_OUTLET:
    case SOURCE_MASK:
        abort();
    }
}

static void take_arrivals(struct loop *loop, struct list *gone)
{
    struct list *link;
    while ((link = list_pop(gone))) {
        counter_add(&loop->count[AT_GATE].departures, 1);
        arrive(loop, list_entry(link, struct session, changed));
    }
}

static void turn(struct loop *loop)
{
    struct list gone;
    int n = shift_wait(&loop->shift, entrance_deadline(&loop->entrance));
    list_init(&gone);
    for (int i = 0; i < n; i++) {
        handle(loop, &loop->shift.events[i]);
        if (WITHOUT_DEFERRED_HANDOVER) {
            shift_finish(&loop->shift, &gone, 0);
            take_arrivals(loop, &gone);
        }
    }
    shift_finish(&loop->shift, &gone, (uint64_t)n);
    rooms_tend(&loop->rooms);
    list_move_all(&gone, &loop->entrance.gate.entered);
    take_arrivals(loop, &gone);
    entrance_tend(&loop->entrance, &loop->shift, loop->server);
}

static void *run(void *argument)
{
    struct loop *loop = argument;
    while (!loop->ending)
        turn(loop);
    return NULL;
}

static void add_desk(struct loop *loop, struct desk *desk, enum census_desk row)
{
    crew_add(&loop->shift.crew, desk);
    desk->count = &loop->count[row];
}

static void add_desks(struct loop *loop)
{
    const struct limits *limits = &loop->server->options->limits;
    gate_init(&loop->entrance.gate, limits, &door_wire);
    name_init(&loop->name, limits);
    lobby_init(&loop->lobby, limits, &loop->server->catalog);
    bye_init(&loop->bye, limits);
    add_desk(loop, &loop->name.desk, AT_NAME);
    add_desk(loop, &loop->lobby.desk, AT_LOBBY);
    add_desk(loop, &loop->bye.desk, AT_BYE);
    rooms_init(&loop->rooms, &loop->shift.crew, &loop->count[AT_ROOM], limits, &loop->server->catalog.folder,
               loop->sync);
}

static bool start(struct server *server)
{
    struct loop *loop = calloc(1, sizeof *loop);
    if (!loop)
        return false;
    loop->server = server;
    if (!shift_open(&loop->shift, &loop->count[AT_GATE]))
        goto no_shift;
    loop->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    loop->end = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    loop->sync = sync_start();
    if (loop->stop < 0 || loop->end < 0 || !loop->sync)
        goto failed;
    add_desks(loop);
    if (shift_watch(&loop->shift, loop->stop, EPOLLIN, SOURCE_STOP, NULL) ||
        shift_watch(&loop->shift, loop->end, EPOLLIN, SOURCE_END, NULL))
        goto failed;
    entrance_tend(&loop->entrance, &loop->shift, loop->server);
    errno = pthread_create(&loop->thread, NULL, run, loop);
    if (errno)
        goto failed;
    pthread_setname_np(loop->thread, "loop");
    server->arch = loop;
    return true;
failed:
    if (loop->sync)
        sync_stop(loop->sync);
    close(loop->stop);
    close(loop->end);
    shift_close(&loop->shift);
no_shift:
    log_at(LOG_ERROR, "epoll", "Could not start", LOG_C("error", strerror(errno)));
    free(loop);
    return false;
}

static void drain(struct server *server)
{
    struct loop *loop = server->arch;
    eventfd_write(loop->stop, 1);
}

/* Whoever is left at a desk is shown out without ceremony. */
static void clear_desk(struct loop *loop, struct desk *desk)
{
    while (desk->n > 0) {
        struct session *session = desk->people[desk->n - 1];
        owner_inherit(session);
        desk_unseat(desk, session);
        names_release(&loop->name.names, &session->name);
        gate_release(&loop->entrance.gate, session);
    }
}

static void end(struct server *server)
{
    struct loop *loop = server->arch;
    struct list *link;
    eventfd_write(loop->end, 1);
    pthread_join(loop->thread, NULL);
    for (link = loop->shift.crew.desks.next; link != &loop->shift.crew.desks; link = link->next)
        clear_desk(loop, list_entry(link, struct desk, peer));
    rooms_end(&loop->rooms);
    sync_stop(loop->sync);
    gate_free(&loop->entrance.gate);
    desk_free(&loop->name.desk);
    desk_free(&loop->lobby.desk);
    desk_free(&loop->bye.desk);
    shift_close(&loop->shift);
    close(loop->stop);
    close(loop->end);
    free(loop);
    server->arch = NULL;
}

static void census(struct server *server, struct census *census)
{
    struct loop *loop = server->arch;
    *census = (struct census){.accepted = counter_get(&loop->entrance.gate.accepted),
                              .closed = counter_get(&loop->entrance.gate.closed),
                              .refused = counter_get(&loop->entrance.gate.refused),
                              .stages = 1};
    for (int i = 0; i < CENSUS_DESKS; i++)
        census_add(&census->at[i], &loop->count[i]);
    census_count_belts(census);
}

const struct arch arch_epoll = {
    .name = "epoll",
    .about = "one thread, one epoll set: every desk in one loop",
    .start = start,
    .drain = drain,
    .end = end,
    .census = census,
};
