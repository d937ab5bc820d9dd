/* The gate. Whoever can't come in is told so, by a session like any other that goes straight to bye. */
#define HASH_NONFATAL_OOM 1
#include "server/desk/gate.h"

#include <errno.h>
#include <stdlib.h>

#include "common/log.h"
#include "common/net.h"
#include "common/protocol.h"
#include "server/chat/owner.h"
#include "server/teeth.h"

#define RETRY (100 * MILLISECOND)

void gate_init(struct gate *gate, const struct limits *limits, const struct door *door)
{
    *gate = (struct gate){.limits = limits, .door = door, .spare = net_spare()};
    list_init(&gate->entered);
}

void gate_free(struct gate *gate)
{
    net_close(gate->spare);
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

static void count_refusal(struct gate *gate, int fd, const char *sentence)
{
    counter_add(&gate->refused, 1);
    log_at(LOG_DEBUG, "gate", "Refused a client", LOG_N("socket", fd), LOG_C("reason", sentence),
           LOG_N("refused", counter_get(&gate->refused)));
}

static void refuse(struct gate *gate, struct session *session, const char *sentence)
{
    session->outside = true;
    session->leaving = true;
    session->deaf = true;
    gate->refusing++;
    count_refusal(gate, session->fd, sentence);
    if (!session_answer(session, 0, WRONG_REQUEST, FAILURE, span_of(sentence)))
        session->dead = true;
}

/* Refuses without a session. A fresh socket takes a sentence at once; what the client has said is read, so that the close
 * does not reset the connection, but nobody waits for more of it. */
static void refuse_curtly(struct gate *gate, int fd, const char *sentence)
{
    struct buf answer = {0};
    char away[512];
    if (gate->door->answer(&answer, WRONG_REQUEST, FAILURE, span_of(sentence)))
        net_send_last(fd, buf_span(&answer));
    buf_free(&answer);
    net_finish_sending(fd);
    net_read(fd, away, sizeof away);
    net_close(fd);
    count_refusal(gate, fd, sentence);
    counter_add(&gate->accepted, 1);
    counter_add(&gate->closed, 1);
}

/* Counts the newcomer's address; false when it has too many connections, or can't be counted for want of memory. */
static bool count_address(struct gate *gate, const struct net_address *from, struct visitor **visitor)
{
    if (!gate->limits->max_per_ip)
        return true;
    struct visitor *found = visitor_of(gate, from);
    if (!found || found->n >= gate->limits->max_per_ip)
        return false;
    found->n++;
    *visitor = found;
    return true;
}

static void leave_address(struct gate *gate, struct visitor *visitor)
{
    if (!visitor || --visitor->n > 0)
        return;
    HASH_DELETE(hh, gate->visitors, visitor);
    free(visitor);
}

/* Why somebody from this address can't come in; NULL, and counted, when it can. */
static const char *admit(struct gate *gate, const struct net_address *from, struct visitor **visitor)
{
    *visitor = NULL;
    if (gate->inside >= gate->limits->max_clients)
        return SAY_SERVER_FULL;
    return count_address(gate, from, visitor) ? NULL : SAY_ADDRESS_FULL;
}

/* Makes a session of a fresh socket. False without memory; the socket is closed then. */
static bool enter(struct gate *gate, int fd, const struct net_address *from)
{
    struct visitor *visitor;
    const char *reason = admit(gate, from, &visitor);
    if (reason && gate->refusing >= REFUSED_MAX && !WITHOUT_REFUSED_MAX) {
        refuse_curtly(gate, fd, reason);
        return true;
    }
    struct session *session = session_new(fd, gate->door);
    if (!session) {
        leave_address(gate, visitor);
        net_close(fd);
        return false;
    }
    counter_add(&gate->accepted, 1);
    session->visitor = visitor;
    if (reason)
        refuse(gate, session, reason);
    else
        gate->inside++;
    log_at(LOG_DEBUG, "gate", "Session started", LOG_N("socket", fd));
    session->next = (struct go){NAME, NULL};
    list_append(&gate->entered, &session->changed);
    return true;
}

static void say_once(struct gate *gate, int error)
{
    if (!gate->said_paused)
        log_at(LOG_WARN, "gate", "Accept failure", LOG_C("error", strerror(error)), LOG_N("inside", gate->inside));
    gate->said_paused = true;
}

void gate_pause(struct gate *gate, int64_t now, int error)
{
    gate->paused = true;
    gate->retry_at = now + RETRY;
    say_once(gate, error);
}

/* No descriptor is left: the spare one is given up so that whoever waits can be told. False when that is not possible. */
static bool refuse_with_spare(struct gate *gate, int listener, int error)
{
    struct net_address from;
    if (WITHOUT_SPARE || (error != EMFILE && error != ENFILE) || gate->spare < 0)
        return false;
    say_once(gate, error);
    net_close(gate->spare);
    int fd = net_accept(listener, &from);
    if (fd >= 0)
        refuse_curtly(gate, fd, SAY_SERVER_FULL);
    gate->spare = net_spare();
    return true;
}

void gate_accept(struct gate *gate, int listener, int64_t now)
{
    struct net_address from;
    if (gate->spare < 0)
        gate->spare = net_spare();
    for (int i = 0; i < ACCEPTS_MAX; i++) {
        int fd = net_accept(listener, &from);
        int error = errno;
        if (fd < 0 && (error == EAGAIN || error == EWOULDBLOCK))
            return;
        if (fd < 0 && refuse_with_spare(gate, listener, error))
            continue;
        if (fd < 0 || !enter(gate, fd, &from)) {
            gate_pause(gate, now, fd < 0 ? error : ENOMEM);
            return;
        }
        gate->said_paused = false;
    }
}

void gate_release(struct gate *gate, struct session *session)
{
    owner_assert(session);
    log_at(LOG_DEBUG, "gate", "Session ended", LOG_N("socket", session->fd));
    net_close(session->fd);
    if (session->outside)
        gate->refusing--;
    else
        gate->inside--;
    leave_address(gate, session->visitor);
    session_free(session);
    counter_add(&gate->closed, 1);
    gate->paused = false;
}

bool gate_open(struct gate *gate, int64_t now)
{
    if (gate->paused && now >= gate->retry_at)
        gate->paused = false;
    return !gate->paused;
}
