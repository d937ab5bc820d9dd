/* What one thread counts in one phase: how long things took, how many there were, and what went wrong.
 *
 * A tally has one writer; any thread may read it meanwhile. */
#ifndef LOAD_TALLY_H
#define LOAD_TALLY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "common/counter.h"
#include "common/hist.h"

/* What is timed. */
enum kind {
    KIND_CONNECT,  /* the connection itself */
    KIND_NAME,     /* set_name to its answer */
    KIND_CREATE,   /* create_chat to the list that has the chat */
    KIND_JOIN,     /* connect_chat to its answer */
    KIND_SEND,     /* a message, from when it was due, to when its sender reads it */
    KIND_DELIVER,  /* the same to each receiver, the sender too */
    KIND_SEND_RAW, /* both from when it was sent */
    KIND_DELIVER_RAW,
    KIND_REPLAY, /* connect_chat to the end of the chat's history */
    KIND_LEAVE,  /* leave_chat to the list */
    KIND_QUIT,   /* disconnect to its answer */
    KIND_VISIT,  /* connection to the end of it */
    KIND_LAG,    /* the generator's own: a message, from when it was due and could be sent to when it was */
    KINDS
};
extern const char *const kind_names[KINDS];

/* What went wrong. */
enum error {
    ERROR_CONNECT, /* no connection */
    ERROR_RESET,   /* a connection that broke */
    ERROR_CLOSED,  /* one that the server closed without a goodbye */
    ERROR_FULL,    /* the server let nobody in */
    ERROR_NAME,    /* requests that were refused */
    ERROR_CREATE,
    ERROR_JOIN,
    ERROR_SEND,
    ERROR_OTHER,      /* {7,1}: something was too long or too slow */
    ERROR_UNANSWERED, /* requests without an answer at the end */
    ERROR_UNSENT,     /* messages that were due and could not be sent */
    ERROR_PROTOCOL,   /* frames that no server should send */
    ERRORS
};
extern const char *const error_names[ERRORS];

/* What is counted. */
enum count {
    COUNT_SENT,       /* messages */
    COUNT_DELIVERED,  /* records of messages said while their receiver was there */
    COUNT_REPLAYED,   /* records of a chat's history */
    COUNT_REQUESTS,   /* frames sent, messages among them */
    COUNT_RECONNECTS, /* connections made anew after one was lost */
    COUNT_BYTES_IN,
    COUNT_BYTES_OUT,
    COUNTS
};
extern const char *const count_names[COUNTS];

struct tally {
    struct hist times[KINDS];     /* by when they began, or were due */
    _Atomic uint64_t came[KINDS]; /* by when they were over: rates are made of these; of KIND_LAG: what was sent */
    _Atomic uint64_t counts[COUNTS];
    _Atomic uint64_t errors[ERRORS];
};

/* So many of a kind a second, in a phase of this length. */
double tally_rate(const struct tally *tally, enum kind kind, double seconds);
/* False without memory. */
bool tally_open(struct tally *tally);
void tally_close(struct tally *tally);
void tally_clear(struct tally *tally);
void tally_add(struct tally *to, const struct tally *from);
void tally_copy(struct tally *to, const struct tally *from);
/* Leaves what came since `earlier` was copied from the same tally. */
void tally_subtract(struct tally *from, const struct tally *earlier);
uint64_t tally_errors(const struct tally *tally);

static inline uint64_t tally_count(const struct tally *tally, enum count count)
{
    return atomic_load_explicit(&tally->counts[count], memory_order_relaxed);
}

static inline uint64_t tally_error(const struct tally *tally, enum error error)
{
    return atomic_load_explicit(&tally->errors[error], memory_order_relaxed);
}

#endif
