/* One thread that answers set_name, says goodbye, and swallows all other requests: what is measured against it is the cost of
 * whoever measures.
 *
 * A baseline: no chat works, so it is exempt from what the other architectures promise about them. Threads: as in epoll.c, `sink`
 * runs the thread and owns all of it; main touches it before the start and after the join, writes the eventfds and reads counters. */
#include "server/arch/null/null.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/log.h"
#include "common/protocol.h"
#include "server/arch/arch.h"
#include "server/arch/entrance.h"
#include "server/arch/shift.h"
#include "server/chat/owner.h"
#include "server/desk/bye.h"
#include "server/desk/name.h"
#include "server/desk/turn.h"
#include "server/door/wire.h"

struct sink {
    struct server *server;
    pthread_t thread;
    struct shift shift;
    struct counters count[CENSUS_DESKS];
    struct entrance entrance;
    struct name_desk name;
    struct desk swallow; /* everybody who has a name; it stands in the lobby's row */
    struct bye_desk bye;
    int stop, end; /* eventfds */
    bool ending;
};

/* The LIST is empty: there are no chats here. */
static struct go arrive(struct desk *desk, struct session *session)
{
    desk_answer(desk, session, GET_CHATS, SUCCESS, (struct span){0});
    return desk_stay();
}

static struct go serve(struct desk *desk, struct session *session, const struct request *request)
{
    if (request->kind == DISCONNECT || request->kind == REQUEST_END || request->kind == REQUEST_BROKEN)
        return desk_serve_anywhere(desk, session, request);
    return desk_stay();
}

static bool send_due(struct desk *desk, struct session *session)
{
    (void)desk;
    return desk_send_answers(session);
}

static bool owes(const struct desk *desk, const struct session *session)
{
    (void)desk;
    return session->out.n > 0 && session->next.to == STAY;
}

static void drain_desks(struct sink *sink)
{
    shift_unwatch(&sink->shift, sink->stop);
    sink->entrance.draining = true;
    desk_close(&sink->name.desk);
    desk_close(&sink->swallow);
}

static void handle(struct sink *sink, const struct epoll_event *event)
{
    enum source source = shift_source(event);
    if (source == SOURCE_SESSION)
        shift_session(event);
    else if (source == SOURCE_LISTENER)
        entrance_accept(&sink->entrance, &sink->shift, sink->server, event);
    else if (source == SOURCE_STOP)
        drain_desks(sink);
    else
        sink->ending = true;
}

static void move(struct sink *sink, struct session *session)
{
    counter_add(&sink->count[AT_GATE].departures, 1);
    if (session->next.to == GATE) {
        shift_forget(&sink->shift, session);
        gate_release(&sink->entrance.gate, session);
        counter_add(&sink->count[AT_GATE].arrivals, 1);
    } else if (session->next.to == NAME) {
        desk_take(&sink->name.desk, session);
    } else {
        desk_take(session->next.to == LOBBY ? &sink->swallow : &sink->bye.desk, session);
    }
}

static void *run(void *argument)
{
    struct sink *sink = argument;
    while (!sink->ending) {
        struct list gone, *link;
        int n = shift_wait(&sink->shift, entrance_deadline(&sink->entrance));
        list_init(&gone);
        for (int i = 0; i < n; i++)
            handle(sink, &sink->shift.events[i]);
        shift_finish(&sink->shift, &gone, (uint64_t)n);
        list_move_all(&gone, &sink->entrance.gate.entered);
        while ((link = list_pop(&gone)))
            move(sink, list_entry(link, struct session, changed));
        entrance_tend(&sink->entrance, &sink->shift, sink->server);
    }
    return NULL;
}

static void add_desks(struct sink *sink)
{
    static const struct desk_ops ops = {
        .arrive = arrive, .serve = serve, .send = send_due, .owes = owes, .late = desk_late};
    struct desk *const desks[] = {&sink->name.desk, &sink->swallow, &sink->bye.desk};
    static const enum census_desk rows[] = {AT_NAME, AT_LOBBY, AT_BYE};
    const struct limits *limits = &sink->server->options->limits;
    gate_init(&sink->entrance.gate, limits, &door_wire);
    name_init(&sink->name, limits);
    desk_init(&sink->swallow, &ops, "sink", LOBBY, limits);
    bye_init(&sink->bye, limits);
    for (size_t i = 0; i < sizeof desks / sizeof *desks; i++) {
        crew_add(&sink->shift.crew, desks[i]);
        desks[i]->count = &sink->count[rows[i]];
    }
}

static void free_sink(struct sink *sink)
{
    gate_free(&sink->entrance.gate);
    desk_free(&sink->name.desk);
    desk_free(&sink->swallow);
    desk_free(&sink->bye.desk);
    shift_close(&sink->shift);
    close(sink->stop);
    close(sink->end);
    free(sink);
}

static bool start(struct server *server)
{
    struct sink *sink = calloc(1, sizeof *sink);
    if (!sink)
        return false;
    sink->server = server;
    if (!shift_open(&sink->shift, &sink->count[AT_GATE])) {
        free(sink);
        return false;
    }
    add_desks(sink);
    sink->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    sink->end = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    bool watched = shift_watch(&sink->shift, sink->stop, EPOLLIN, SOURCE_STOP, NULL) == 0 &&
                   shift_watch(&sink->shift, sink->end, EPOLLIN, SOURCE_END, NULL) == 0;
    entrance_tend(&sink->entrance, &sink->shift, server);
    int error = watched ? pthread_create(&sink->thread, NULL, run, sink) : ENOMEM;
    if (error) {
        log_at(LOG_ERROR, "null", "Could not start", LOG_C("error", strerror(error)));
        free_sink(sink);
        return false;
    }
    pthread_setname_np(sink->thread, "sink");
    server->arch = sink;
    return true;
}

static void drain(struct server *server)
{
    eventfd_write(((struct sink *)server->arch)->stop, 1);
}

static void end(struct server *server)
{
    struct sink *sink = server->arch;
    eventfd_write(sink->end, 1);
    pthread_join(sink->thread, NULL);
    for (struct list *link = sink->shift.crew.desks.next; link != &sink->shift.crew.desks; link = link->next) {
        struct desk *desk = list_entry(link, struct desk, peer);
        while (desk->n > 0) {
            struct session *session = desk->people[desk->n - 1];
            owner_inherit(session);
            desk_unseat(desk, session);
            names_release(&sink->name.names, &session->name);
            gate_release(&sink->entrance.gate, session);
        }
    }
    free_sink(sink);
    server->arch = NULL;
}

static void census(struct server *server, struct census *census)
{
    struct sink *sink = server->arch;
    *census = (struct census){.accepted = counter_get(&sink->entrance.gate.accepted),
                              .closed = counter_get(&sink->entrance.gate.closed),
                              .refused = counter_get(&sink->entrance.gate.refused),
                              .stages = 1};
    for (int i = 0; i < CENSUS_DESKS; i++)
        census_add(&census->at[i], &sink->count[i]);
    census_count_belts(census);
}

const struct arch arch_null = {
    .name = "null",
    .about = "gives out names, swallows the rest",
    .baseline = true,
    .start = start,
    .drain = drain,
    .end = end,
    .census = census,
};
