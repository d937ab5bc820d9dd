/* The gate. Whoever can't come in is told so, by a session like any other that goes straight to bye. */
#define HASH_NONFATAL_OOM 1
#include "server/desk/gate.h"

#include <errno.h>
#include <stdlib.h>

#include "common/log.h"
#include "common/net.h"
#include "common/protocol.h"

#define RETRY (100 * MILLISECOND)

void gate_init(struct gate *gate, const struct limits *limits, const struct door *door)
{
    *gate = (struct gate){.limits = limits, .door = door};
    list_init(&gate->entered);
}

void gate_free(struct gate *gate)
{
    struct visitor *visitor, *next;
    HASH_ITER(hh, gate->visitors, visitor, next) {
        HASH_DELETE(hh, gate->visitors, visitor); /* NOLINT(clang-analyzer-unix.Malloc): `next` is read before */
        free(visitor);
    }
}

/* The address's entry, made if need be; NULL without memory. */
static struct visitor *visitor_of(struct gate *gate, const struct net_address *from)
{
    unsigned char origin[16];
    struct visitor *visitor;
    net_origin(from, origin);
    HASH_FIND(hh, gate->visitors, origin, sizeof origin, visitor);
    if (visitor)
        return visitor;
    visitor = calloc(1, sizeof *visitor);
    if (!visitor)
        return NULL;
    memcpy(visitor->origin, origin, sizeof origin);
    HASH_ADD(hh, gate->visitors, origin, sizeof visitor->origin, visitor);
    if (!visitor->hh.tbl) {
        free(visitor);
        return NULL;
    }
    return visitor;
}

static void forget_visitor(struct gate *gate, struct visitor *visitor)
{
    if (!visitor || visitor->n > 0)
        return;
    HASH_DELETE(hh, gate->visitors, visitor);
    free(visitor);
}

static void refuse(struct gate *gate, struct session *session, const char *sentence)
{
    session->outside = true;
    session->leaving = true;
    session->deaf = true;
    gate->refusing++;
    counter_add(&gate->refused, 1);
    log_at(LOG_DEBUG, "gate", "Refused a client", LOG_N("socket", session->fd), LOG_C("reason", sentence),
           LOG_N("refused", counter_get(&gate->refused)));
    if (!session_answer(session, 0, WRONG_REQUEST, FAILURE, span_of(sentence)))
        session->dead = true;
}

/* Counts the newcomer's address; false when it has too many connections, or can't be counted for want of memory. */
static bool count_address(struct gate *gate, struct session *session, const struct net_address *from)
{
    if (!gate->limits->max_per_ip)
        return true;
    struct visitor *visitor = visitor_of(gate, from);
    if (!visitor || visitor->n >= gate->limits->max_per_ip)
        return false;
    visitor->n++;
    session->visitor = visitor;
    return true;
}

/* A session for a fresh socket. NULL without memory; the socket is closed then. */
static struct session *enter(struct gate *gate, int fd, const struct net_address *from)
{
    struct session *session = session_new(fd, gate->door);
    if (!session) {
        net_close(fd);
        return NULL;
    }
    counter_add(&gate->accepted, 1);
    if (gate->inside >= gate->limits->max_clients)
        refuse(gate, session, SAY_SERVER_FULL);
    else if (!count_address(gate, session, from))
        refuse(gate, session, SAY_ADDRESS_FULL);
    else
        gate->inside++;
    log_at(LOG_DEBUG, "gate", "Session started", LOG_N("socket", fd));
    session->next = (struct go){NAME, NULL};
    list_append(&gate->entered, &session->changed);
    return session;
}

static void pause_gate(struct gate *gate, int64_t now, int error)
{
    gate->paused = true;
    gate->retry_at = now + RETRY;
    if (gate->said_paused)
        return;
    gate->said_paused = true;
    log_at(LOG_WARN, "gate", "Accept failure", LOG_C("error", strerror(error)), LOG_N("inside", gate->inside));
}

void gate_accept(struct gate *gate, int listener, int64_t now)
{
    struct net_address from;
    for (int i = 0; i < ACCEPTS_MAX && gate->refusing < REFUSED_MAX; i++) {
        int fd = net_accept(listener, &from);
        if (fd < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return;
        if (fd < 0 || !enter(gate, fd, &from)) {
            pause_gate(gate, now, fd < 0 ? errno : ENOMEM);
            return;
        }
        gate->said_paused = false;
    }
}

void gate_release(struct gate *gate, struct session *session)
{
    log_at(LOG_DEBUG, "gate", "Session ended", LOG_N("socket", session->fd));
    net_close(session->fd);
    if (session->outside)
        gate->refusing--;
    else
        gate->inside--;
    if (session->visitor) {
        session->visitor->n--;
        forget_visitor(gate, session->visitor);
    }
    session_free(session);
    counter_add(&gate->closed, 1);
    gate->paused = false;
}

bool gate_open(struct gate *gate, int64_t now)
{
    if (gate->paused && now >= gate->retry_at)
        gate->paused = false;
    return !gate->paused && gate->refusing < REFUSED_MAX;
}
