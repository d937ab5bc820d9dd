/* What a desk is: a piece of chat logic with the data only it touches. It knows no thread, no epoll and no clock.
 *
 * Desks are driven through turn.h alone. Whoever runs a desk's turn owns the desk, its people and its scratch meanwhile. */
#ifndef DESK_DESK_H
#define DESK_DESK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/list.h"
#include "server/chat/session.h"
#include "server/chat/tail.h"
#include "server/desk/counters.h"
#include "server/limits.h"

/* Memory that the desks of one thread share within a turn. What is always used comes first, in one page with what small reads
 * touch of `in`. */
struct scratch {
    char *file;            /* a piece of a chat's file on its way into `window`; NULL until it is needed */
    struct tail window;    /* frames of that piece */
    const struct desk *of; /* the room it belongs to, NULL for none */
    char in[SCRATCH];      /* what was read from a socket */
};

/* The time of a turn, the same for all that happens in it. */
struct moment {
    int64_t now;  /* microseconds, monotonic */
    int64_t wall; /* seconds since 1970 */
};

struct desk_ops {
    /* Both say where the session goes. arrive may refuse. */
    struct go (*arrive)(struct desk *, struct session *);
    struct go (*serve)(struct desk *, struct session *, const struct request *);
    /* The session is about to leave: fix what it is still owed. NULL: nothing to fix. */
    void (*depart)(struct desk *, struct session *);
    /* Drop it from the desk's own lists; called exactly once for each that arrived. NULL: it stands in none. */
    void (*leave)(struct desk *, struct session *);
    /* Store and show what was gathered. NULL: nothing is gathered here. */
    void (*settle)(struct desk *);
    /* Send what is due to one, as far as its socket takes it. False: the connection is dead. */
    bool (*send)(struct desk *, struct session *);
    bool (*owes)(const struct desk *, const struct session *);
    /* Where an answer given now has its place: the cursor it is due at. NULL: answers go out at once. */
    uint64_t (*answer_at)(struct desk *, struct session *);
    /* The desk's own timers; when to be called next, NEVER for not at all. NULL: it has none. */
    int64_t (*tick)(struct desk *);
    /* A session's timer has run out. */
    struct go (*late)(struct desk *, struct session *);
};

struct desk {
    const struct desk_ops *ops;
    const char *label; /* for the log */
    enum place place;
    const struct limits *limits;
    struct counters *count; /* the stage's */
    struct scratch *scratch;
    const struct moment *time; /* the runner's */
    int64_t patience;          /* what a session's timer allows at this desk */
    bool closing;              /* the server stops: nobody is served, all are sent home */

    struct session **people;
    uint32_t n, room;
    uint32_t front; /* people[0..front) have everything; one span serves them all */
    uint32_t feed;  /* bytes that those behind may still be sent in this turn */

    struct list changed; /* touched in this turn; after desk_finish: those the runner must look at */
    struct list again;   /* servable without an event */
    struct list hungry;  /* due something that this turn's budget had no room for; first in the next one */
    struct list fed;     /* likewise, but they had a part of it: behind those who had none */
    struct list timers;  /* by `since`, the oldest first */
    struct list busy;    /* link in the runner's list of desks that have something to finish */
    struct list *runner; /* that list */
    struct list peer;    /* link in the runner's list of all its desks */
    int64_t deadline;    /* the runner's: what desk_finish said last */
};

void desk_init(struct desk *desk, const struct desk_ops *ops, const char *label, enum place place,
               const struct limits *limits);
void desk_free(struct desk *desk);

/* For desks: answers a request. A session that can't be answered for want of memory is given up. */
void desk_answer(struct desk *desk, struct session *session, int32_t request, int32_t response, struct span text);
void desk_answer_after(struct desk *desk, struct session *session, uint64_t after, int32_t request, int32_t response,
                       struct span text);
/* For desks: tells a session what somebody else caused. */
void desk_tell(struct desk *desk, struct session *session, int32_t request, struct span text);
/* Refuses with one of the protocol's sentences. */
void desk_refuse(struct desk *desk, struct session *session, int32_t request, const char *sentence);
/* What every desk answers alike: disconnect, the end of the input, a broken stream, and what has no meaning here. */
struct go desk_serve_anywhere(struct desk *desk, struct session *session, const struct request *request);
/* For desk_ops.late: half a frame never became whole. */
struct go desk_late(struct desk *desk, struct session *session);
/* True, and answered, when this text of the request is longer than a message may be. */
bool desk_too_long(struct desk *desk, struct session *session, const struct request *request, struct span text);
/* Sends the first answers, as far as the socket takes them. False: the connection is dead. */
bool desk_send_answers(struct session *session);
/* The same for the last ones: the end of the output follows as soon as all have gone. */
bool desk_send_last_answers(struct session *session);
/* One send for a session; sets `blocked` when the socket did not take all. -1: the connection is dead. */
ssize_t desk_send(struct session *session, struct span first, struct span second);

/* The session joins the people who are behind, or those in front. False without memory. */
bool desk_seat(struct desk *desk, struct session *session);
void desk_unseat(struct desk *desk, struct session *session);
void desk_to_front(struct desk *desk, struct session *session);
void desk_to_back(struct desk *desk, struct session *session);

static inline bool desk_in_front(const struct desk *desk, const struct session *session)
{
    return session->seat < desk->front;
}

static inline struct go desk_stay(void)
{
    return (struct go){STAY, NULL};
}

#endif
