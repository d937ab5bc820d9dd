/* Claims: whose a client is at the moment, its strand's or the readiness queue's.
 *
 * A strand that has nothing more to do for a client arms it: from then on it is the queue's, until a worker fires the event that
 * came, which makes the client its strand's again and sends it there as a task, or until the strand takes it back because
 * something else happened to it. One word decides who was first; the session itself is touched under its strand alone.
 * (That the word says so by the time the kernel announces the client is the kernel's: what was stored before epoll_ctl is there when
 * epoll_wait returns. All else is ordered by the word.)
 * A worker may hold an event of a client that has gone, or come again: the word counts how often it was armed, and an
 * old event fires nothing. That is why claims lie in a table by descriptor, and outlive the clients. */
#ifndef ASYNC_CLAIM_H
#define ASYNC_CLAIM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "server/arch/async/pool.h"
#include "server/chat/session.h"

/* What a station's strand is told; by whom and with what, says the kind. */
enum notice_kind { ARRIVED, READY, RANG, CLOSE, CONNECTING };

struct notice {
    struct task task; /* first: a strand's task is a notice */
    enum notice_kind kind;
};

struct claim {
    struct notice notice;    /* ARRIVED or READY: a client is in one strand at a time */
    _Atomic uint64_t word;   /* how often it was armed, and whose it is */
    struct session *session; /* NULL: nobody has this descriptor, or it is no client's */
    struct job *strand;      /* its station's */
    uint32_t events;         /* of the READY */
    bool leaving;            /* it goes on when the READY that is on its way has come */
};

struct claims {
    struct claim *at; /* by descriptor */
    size_t n;
};

/* Room for every descriptor there can be; pages that are never needed are never there. 0 or an errno. */
int claims_open(struct claims *claims);
void claims_close(struct claims *claims);
struct claim *claim_of(const struct claims *claims, const struct session *session);

/* The strand's: what the client waits for is session->want. False when the system has no memory to watch it. */
bool claim_arm(struct pool *pool, struct claim *claim);
/* The strand's: takes an armed client back. False when its READY is on the way. */
bool claim_withdraw(struct claim *claim);
/* A worker's, with an event's word: the client it fired, which is to be posted to its strand, or NULL. */
struct claim *claim_fire(const struct claims *claims, const struct epoll_event *event);
/* The strand's: READY has come. */
void claim_take(struct claim *claim);

#endif
