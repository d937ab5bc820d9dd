/* A go of a station, on one page: the tasks there are, up to some; the end of the desk's turn, once for all of them; who waits is
 * armed, who goes is sent on.
 *
 * Threads: a station is the worker's who runs its strand. Debug builds stamp clients with the station, not with the thread. */
#include "server/arch/async/station.h"

#include <stdlib.h>

#include "common/clock.h"
#include "server/arch/async/async_internal.h"
#include "server/chat/owner.h"
#include "server/desk/turn.h"
#include "server/teeth.h"

/* The worker's scratch and counters are the station's for a go. What the scratch's window holds may be a room's that is gone. */
static void borrow(struct station *station, struct worker *worker)
{
    struct kit *kit = &station->async->kits[worker->index];
    struct crew *crew = &station->crew;
    station->worker = worker;
    crew->scratch = kit->scratch;
    crew->scratch->of = NULL;
    crew->count = &kit->count[station->row];
    for (struct list *link = crew->desks.next; link != &crew->desks; link = link->next) {
        struct desk *desk = list_entry(link, struct desk, peer);
        desk->scratch = crew->scratch;
        desk->count = crew->count;
    }
}

static void arrived(struct station *station, struct session *session)
{
    owner_take(session);
    int64_t rode = station->crew.time.now - session->sent_at;
    counter_add(&station->crew.count->belt_time, rode > 0 ? (uint64_t)rode : 0);
    station->ops->take(station, session);
}

static void ready(struct station *station, struct claim *claim)
{
    struct session *session = claim->session;
    claim_take(claim);
    if (claim->leaving) {
        claim->leaving = false;
        list_append(&station->gone, &session->changed);
        return;
    }
    unsigned in = claim->events & ~(uint32_t)EPOLLOUT ? EVENT_IN : 0u;
    unsigned out = claim->events & ~(uint32_t)EPOLLIN ? EVENT_OUT : 0u;
    desk_event(session->desk, session, in | out);
}

static void handle(struct station *station, struct notice *notice)
{
    switch (notice->kind) {
    case ARRIVED:
        arrived(station, ((struct claim *)(void *)notice)->session);
        break;
    case READY:
        ready(station, (struct claim *)(void *)notice);
        break;
    case RANG:
        alarm_heard(&station->alarm);
        break;
    case CLOSE:
        station->ops->close(station);
        break;
    case CONNECTING:
        station->ops->connecting(station, notice);
        break;
    }
}

static uint64_t handle_some(struct station *station)
{
    struct task *task;
    uint64_t n = 0;
    while (n < GO_MAX && (task = strand_next(&station->job.strand))) {
        handle(station, (struct notice *)(void *)task);
        n++;
    }
    return n;
}

/* Who has its next turn without an event is armed when it no longer has. */
static void arm(struct station *station, struct session *session)
{
    struct claim *claim = claim_of(&station->async->claims, session);
    if (list_linked(&session->again) || list_linked(&session->hungry) || !claim_withdraw(claim))
        return;
    if (!claim_arm(&station->async->pool, claim)) {
        session->dead = true; /* no memory to watch it */
        desk_touch(session->desk, session);
    }
}

static struct station *next_station(struct station *station, const struct session *session)
{
    struct async *async = station->async;
    switch (session->next.to) {
    case NAME:
        return &async->name.station;
    case LOBBY:
        return &async->lobby.station;
    case ROOM:
        return session->next.chat->stage;
    case BYE:
        return &async->bye.station;
    case GATE:
        return &async->gate.station;
    case STAY:
    case LATER:
        break;
    }
    abort(); /* a session that goes nowhere: our own mistake */
}

/* From the post on the session is the next station's. One whose READY is on the way here can't be in two strands: it goes when that
 * has come. */
static void send_on(struct station *station, struct session *session)
{
    struct claim *claim = claim_of(&station->async->claims, session);
    claim->leaving = !WITHOUT_WITHDRAWING && !claim_withdraw(claim) && !WITHOUT_AWAITING_READY;
    if (claim->leaving)
        return;
    struct station *next = next_station(station, session);
    counter_add(&station->crew.count->departures, 1);
    session->sent_at = station->crew.time.now;
    claim->strand = &next->job;
    claim->notice.kind = ARRIVED;
    owner_give(session);
    pool_post(station->worker, &next->job, &claim->notice.task);
}

static bool go(struct job *job, struct worker *worker)
{
    struct station *station = (struct station *)(void *)job;
    struct list wanting, *link;
    owner_be(station);
    borrow(station, worker);
    crew_begin(&station->crew);
    uint64_t n = handle_some(station);
    list_init(&wanting);
    crew_finish(&station->crew, &wanting, &station->gone, n);
    if (station->ops->after)
        station->ops->after(station);
    while ((link = list_pop(&wanting)))
        arm(station, list_entry(link, struct session, changed));
    while ((link = list_pop(&station->gone)))
        send_on(station, list_entry(link, struct session, changed));
    int64_t until = station->crew.deadline < station->until ? station->crew.deadline : station->until;
    alarm_set(worker, &station->async->alarms, &station->alarm, until);
    return crew_restless(&station->crew);
}

void station_open(struct station *station, struct async *async, const struct station_ops *ops, enum census_desk row)
{
    *station = (struct station){
        .ops = ops, .async = async, .row = row, .rang = {.kind = RANG}, .close = {.kind = CLOSE}, .until = NEVER};
    job_init(&station->job, go);
    crew_init(&station->crew, NULL, NULL);
    list_init(&station->gone);
    alarm_init(&station->alarm, &station->job, &station->rang.task);
}

void station_tell_close(struct worker *worker, struct station *station)
{
    pool_post(worker, &station->job, &station->close.task);
}
