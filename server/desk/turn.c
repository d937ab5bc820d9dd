/* One turn of a desk, the same for every architecture. */
#include "server/desk/turn.h"

#include "common/log.h"
#include "common/protocol.h"
#include "server/chat/owner.h"
#include "server/teeth.h"

/* The seat of an arrival that found no memory for one: it leaves in the same turn. */
#define NO_SEAT UINT32_MAX

static bool may_serve(const struct desk *desk, const struct session *session)
{
    return session->next.to == STAY && !session->dead && (session->own == 0 || WITHOUT_WAITING_FOR_ANSWERS) &&
           session->refusals == 0 && session->list <= LIST_PUSH && (!desk->closing || desk->place == BYE);
}

void desk_touch(struct desk *desk, struct session *session)
{
    owner_assert(session);
    list_append_once(&desk->changed, &session->changed);
    if (desk->runner)
        list_append_once(desk->runner, &desk->busy);
}

bool desk_restless(const struct desk *desk)
{
    return !list_empty(&desk->again) || !list_empty(&desk->hungry);
}

/* Sets where the session goes once nothing is due to it. Who leaves the server passes the name desk first. */
static void set_out(struct desk *desk, struct session *session, struct go go)
{
    if (go.to == STAY || session->next.to != STAY)
        return;
    if (go.to == BYE && desk->place != NAME) {
        session->leaving = true;
        go.to = NAME;
    }
    if (desk->ops->depart)
        desk->ops->depart(desk, session);
    session->next = go;
}

/* The next request in the session's input, as the desk will be told it; false when there is none. */
static bool next_request(const struct desk *desk, struct session *session, struct request *request)
{
    struct span unread = session_unread(session);
    int64_t n = session->deaf || unread.n == 0 ? 0 : session->door->take(unread, desk->limits->max_message, request);
    if (n > 0) {
        session->in_next = (uint32_t)n;
        return true;
    }
    session->in_next = 0;
    if (n == 0 && !session->eof)
        return false;
    *request = (struct request){.kind = n < 0 ? REQUEST_BROKEN : REQUEST_END};
    return true;
}

static void log_request(const struct desk *desk, const struct session *session, const struct request *request)
{
    log_at(LOG_DEBUG, desk->label, "Read request from client", LOG_N("socket", session->fd),
           LOG_C("request.client_request_e",
                 request->kind < 0 || request->kind >= REQUEST_KINDS ? "unknown" : request_names[request->kind]),
           LOG_S("request.message", request->text));
}

/* Serves what is buffered while it may. What must wait for another turn is found by conclude. */
static void serve(struct desk *desk, struct session *session)
{
    owner_assert(session);
    struct request request;
    for (int served = 0; may_serve(desk, session); served++) {
        if (!next_request(desk, session, &request))
            return;
        if (served == SERVE_MAX && !WITHOUT_SERVE_MAX)
            break;
        if (!session->asked)
            log_request(desk, session, &request);
        struct go go = desk->ops->serve(desk, session, &request);
        session->asked = go.to == LATER;
        if (session->asked)
            break;
        counter_add(&desk->count->requests, 1);
        session_consume(session);
        if (desk->place != NAME && desk->place != BYE)
            list_remove(&session->timer);
        set_out(desk, session, go);
        /* What it carries along is sent where it arrives, together with what is due there. */
        if (session->next.to == STAY && !session->blocked && desk->ops->owes(desk, session))
            session->dead |= !desk->ops->send(desk, session);
    }
}

/* Serves, then gives the scratch back. */
static void serve_and_keep(struct desk *desk, struct session *session)
{
    serve(desk, session);
    if (!session_keep(session)) {
        log_at(LOG_ERROR, desk->label, "No memory for half a request", LOG_N("socket", session->fd));
        session->dead = true;
    }
}

static void read_some(struct desk *desk, struct session *session)
{
    session->dead |= !session_read(session, desk->scratch->in, SCRATCH);
}

void desk_take(struct desk *desk, struct session *session)
{
    owner_assert(session);
    counter_add(&desk->count->arrivals, 1);
    session->desk = desk;
    session->next = (struct go){STAY, NULL};
    session->blocked = false;
    session->since = desk->time->now;
    desk_touch(desk, session);
    if (!desk_seat(desk, session)) {
        log_at(LOG_ERROR, desk->label, "No memory for an arrival", LOG_N("socket", session->fd));
        session->seat = NO_SEAT;
        session->dead = true;
        if (session->leaving) /* its name must be free all the same */
            set_out(desk, session, desk->ops->arrive(desk, session));
        return;
    }
    counter_add(&desk->count->people, 1);
    set_out(desk, session, desk->ops->arrive(desk, session));
    if (WITHOUT_SERVING_ARRIVALS)
        return;
    /* Who has just connected has mostly said its name by now: it need not be waited for. */
    if (desk->place == NAME && may_serve(desk, session))
        read_some(desk, session);
    serve_and_keep(desk, session);
}

void desk_event(struct desk *desk, struct session *session, unsigned events)
{
    desk_touch(desk, session);
    if (events & EVENT_OUT)
        session->blocked = false;
    if ((events & EVENT_IN) && (may_serve(desk, session) || session->deaf))
        read_some(desk, session);
    serve_and_keep(desk, session);
}

void desk_again(struct desk *desk)
{
    struct list now;
    struct list *link;
    list_init(&now);
    list_move_all(&now, &desk->again);
    while ((link = list_pop(&now))) {
        struct session *session = list_entry(link, struct session, again);
        desk_touch(desk, session);
        serve_and_keep(desk, session);
    }
}

/* The list is in order: who has been there the longest stands first. */
static int64_t next_timer(const struct desk *desk)
{
    if (list_empty(&desk->timers))
        return NEVER;
    return list_entry(desk->timers.next, struct session, timer)->since + desk->patience;
}

/* Whoever's timer has run out is told so and goes. */
static void run_timers(struct desk *desk)
{
    while (next_timer(desk) <= desk->time->now) {
        struct session *session = list_entry(desk->timers.next, struct session, timer);
        list_remove(&session->timer);
        if (session->next.to != STAY || session->dead)
            continue; /* it goes in this very turn */
        set_out(desk, session, desk->ops->late(desk, session));
        desk_touch(desk, session);
    }
}

/* At the lobby and in rooms half a frame has limited time; the other desks time the whole stay, from the arrival on. */
static void set_timer(struct desk *desk, struct session *session)
{
    bool runs = desk->place == NAME || desk->place == BYE;
    if (!runs) {
        runs = !WITHOUT_FRAME_TIMER && may_serve(desk, session) && session->in.n > 0 && !list_linked(&session->again);
        if (runs && !list_linked(&session->timer))
            session->since = desk->time->now;
    }
    if (runs && session->next.to == STAY)
        list_append_once(&desk->timers, &session->timer);
    else
        list_remove(&session->timer);
}

static void count_due(struct desk *desk, struct session *session, bool due)
{
    if (due == session->counted)
        return;
    session->counted = due;
    counter_add(&desk->count->due, due ? 1 : (uint64_t)-1);
}

/* Who went short when the last turn's budget was spent comes first in this one. */
static void hungry_first(struct desk *desk)
{
    struct list first, *link;
    list_init(&first);
    while ((link = list_pop(&desk->hungry))) {
        struct session *session = list_entry(link, struct session, hungry);
        list_remove(&session->changed);
        list_append(WITHOUT_HUNGRY_FIRST ? &desk->changed : &first, &session->changed);
    }
    list_move_all(&first, &desk->changed);
    list_move_all(&desk->changed, &first);
}

static void go_now(struct desk *desk, struct session *session)
{
    session->desk = NULL;
    count_due(desk, session, false);
    list_remove(&session->again);
    list_remove(&session->timer);
    list_remove(&session->hungry);
    if (session->seat == NO_SEAT)
        return;
    if (desk->ops->leave)
        desk->ops->leave(desk, session);
    desk_unseat(desk, session);
    counter_add(&desk->count->people, (uint64_t)-1);
}

static void go_home(struct desk *desk, struct session *session)
{
    if (session->dead)
        set_out(desk, session, (struct go){desk->place == BYE ? GATE : BYE, NULL});
    else if (desk->closing && desk->place != BYE)
        set_out(desk, session, (struct go){BYE, NULL});
}

/* Settles one touched session: sends, then decides whether it goes, is served again, or waits, and for what.
 * False when the runner need not look at it. */
static bool conclude(struct desk *desk, struct session *session)
{
    owner_assert(session);
    struct request request;
    bool starved = desk->feed == 0;
    if (!session->dead && !session->blocked && desk->ops->owes(desk, session))
        session->dead |= !desk->ops->send(desk, session);
    go_home(desk, session);
    bool owed = !session->dead && desk->ops->owes(desk, session);
    /* What is due at the next desk can wait for the socket there: only a room's records and half a LIST hold back. */
    if (session->next.to != STAY && !owed) {
        go_now(desk, session);
        return true;
    }
    bool serve = may_serve(desk, session);
    bool found_again = !WITHOUT_AGAIN && (session->watched || !WITHOUT_SERVING_ARRIVALS);
    if (serve && found_again && next_request(desk, session, &request)) {
        list_append_once(&desk->again, &session->again);
        serve = false;
    }
    set_timer(desk, session);
    bool read = (serve || (session->deaf && session->next.to == STAY)) && !session->eof;
    /* The budget is spent: its turn comes without asking the socket. */
    if (owed && !session->blocked && !WITHOUT_HUNGRY)
        list_append_once(starved || WITHOUT_FED_BEHIND ? &desk->hungry : &desk->fed, &session->hungry);
    session->want = (uint8_t)((read ? WANT_IN : 0) | (owed && session->blocked ? WANT_OUT : 0));
    count_due(desk, session, owed || list_linked(&session->again));
    return session->want != session->armed || !session->watched;
}

int64_t desk_finish(struct desk *desk)
{
    if (desk->ops->settle)
        desk->ops->settle(desk);
    run_timers(desk);
    hungry_first(desk);
    for (struct list *link = desk->changed.next, *next; link != &desk->changed; link = next) {
        struct session *session = list_entry(link, struct session, changed);
        bool look = conclude(desk, session);
        next = link->next;
        if (!look)
            list_remove(link);
    }
    list_move_all(&desk->hungry, &desk->fed);
    desk->feed = FEED_ALL_MAX;
    int64_t own = desk->ops->tick ? desk->ops->tick(desk) : NEVER;
    if (desk_restless(desk))
        return desk->time->now;
    int64_t timers = next_timer(desk);
    return own < timers ? own : timers;
}

bool desk_gone(const struct session *session)
{
    return !session->desk;
}

void desk_close(struct desk *desk)
{
    desk->closing = true;
    for (uint32_t i = 0; i < desk->n; i++) {
        desk_touch(desk, desk->people[i]);
    }
}
