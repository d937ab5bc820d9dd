/* The gate: lets clients in and, last of all, lets them out. It alone opens, counts and closes client sockets.
 *
 * It is no desk that serves: a new session goes on at once, and one that comes back is closed. The runner owns it. */
#ifndef DESK_GATE_H
#define DESK_GATE_H

#include <uthash.h>

#include "common/list.h"
#include "server/chat/session.h"
#include "server/desk/counters.h"

/* An address with connections, while addresses are counted. */
struct visitor {
    unsigned char origin[16];
    uint32_t n;
    UT_hash_handle hh;
};

struct gate {
    const struct limits *limits;
    const struct door *door;
    uint32_t inside;   /* clients that were let in and not yet out */
    uint32_t refusing; /* and those that are being told that they can't come in */
    bool paused;       /* no memory, or not even the spare descriptor: let nobody in for a while */
    int spare;         /* given up to accept, tell and close one for whom there is no descriptor */
    bool said_paused;  /* the log has been told; until somebody comes in again */
    int64_t retry_at;  /* when a paused gate tries again */
    struct visitor *visitors;
    struct list entered; /* sessions (by `changed`) that go on to session->next: name */
    counter accepted, closed, refused;
};

void gate_init(struct gate *gate, const struct limits *limits, const struct door *door);
void gate_free(struct gate *gate);
/* Lets in whoever waits at the listener, at most ACCEPTS_MAX; they are in gate->entered then. */
void gate_accept(struct gate *gate, int listener, int64_t now);
/* Lets one out: closes the socket and frees the session. */
void gate_release(struct gate *gate, struct session *session);
/* Lets nobody in for a moment, because of this error. */
void gate_pause(struct gate *gate, int64_t now, int error);
/* True when the listeners should be watched. A gate paused for too long opens again. */
bool gate_open(struct gate *gate, int64_t now);

#endif
