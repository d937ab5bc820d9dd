/* A client: what is known of it, and who may touch which part of it.
 *
 * A session stands at one desk, and only the thread that runs this desk's turn touches it. The gate makes and frees it. */
#ifndef CHAT_SESSION_H
#define CHAT_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/list.h"
#include "common/span.h"
#include "server/chat/door.h"
#include "server/limits.h"

struct chat;
struct desk;
struct name;
struct visitor;

/* Where a session goes. STAY: nowhere. LATER: not before what was gathered is settled; the request is asked again. */
enum place { STAY, LATER, NAME, LOBBY, ROOM, BYE, GATE };

struct go {
    enum place to;
    struct chat *chat; /* with ROOM only */
};

enum { WANT_IN = 1, WANT_OUT = 2 };

/* Which LIST is under way to somebody in the lobby. Its first bytes have gone when skip is not 0. */
enum list_state {
    LIST_NONE,
    LIST_PUSH, /* one that nobody asked for is half sent */
    LIST_OWN,  /* the answer to a request of its own is due or half sent: nothing is served meanwhile */
    LIST_BOTH  /* a pushed one is half sent, an own one is due behind it */
};

#define NO_STOP UINT64_MAX

struct session {
    int fd;
    const struct door *door;
    struct visitor *visitor; /* the gate's: its address, when addresses are counted */

    /* The reader's half. */
    struct buf in;    /* bytes read; room 0 while they lie in the stage's scratch */
    uint32_t in_at;   /* of these: served */
    uint32_t in_next; /* bytes of the request now being served */
    bool eof;         /* the client has no more requests */
    bool deaf;        /* what it still says is thrown away */

    /* The desk's half. */
    bool dead;     /* the connection is broken: nothing is due any more */
    bool blocked;  /* the socket took less than it was given: wait for OUT */
    bool leaving;  /* on its way out from beyond the name desk: to bye by way of it */
    bool farewell; /* it asked to disconnect: bye answers */
    bool refused;  /* by a room: the lobby takes it back as if it never had been away */
    bool outside;  /* it was not let in: it is only told so */
    bool resume;   /* it asked for a chat's records from `cursor` on */
    bool shut;     /* bye has said its last word */
    bool counted;  /* among its desk's due ones */
    bool asked;    /* the request at hand has been put to the desk once and must be put again */
    uint8_t list;  /* enum list_state */
    uint8_t want;  /* WANT_*, computed by desk_finish alone */
    uint8_t armed; /* what the runner's epoll set waits for; the runner's own */
    bool watched;  /* it is in the runner's epoll set; the runner's own */
    struct desk *desk;
    struct go next;     /* goes there as soon as nothing is due */
    struct name *name;  /* NULL before it has one */
    struct buf out;     /* direct answers, each behind a struct answer_head */
    uint32_t out_gone;  /* bytes of the first of them that have gone */
    uint32_t own;       /* answers in `out` to requests of its own */
    uint32_t skip;      /* bytes gone of the frame of the record (lobby: of the list) it stands at */
    uint64_t cursor;    /* the record it stands at: an offset in the chat's file. Stale while it is in front */
    uint64_t stop;      /* leaving a room: owed up to here; NO_STOP while it stays */
    uint32_t listed;    /* chats in the list it was sent last */
    uint32_t unsettled; /* messages of its own gathered in this turn */
    uint32_t refusals;  /* messages of its own that could not be stored and have not been answered yet */
    uint32_t seat;      /* its index in desk->people */
    uint32_t tokens;    /* messages it may still send in the second that began at `tokens_at` */
    int64_t tokens_at;
    int64_t since;                             /* its timer at this desk runs since then */
    int64_t sent_at;                           /* when it was put on a belt; the runner's own */
    struct list changed, again, hungry, timer; /* links in its desk's lists; `changed` also in a belt's backlog */
#ifdef CONVEYOR_DEBUG
    const void *owner; /* owner.h: the thread it belongs to */
#endif
};

/* What precedes each answer in session.out: where it has its place among the records of a room. */
struct answer_head {
    uint64_t after; /* due once the cursor has come here */
    uint32_t n;     /* bytes of its frame */
    bool own;       /* an answer to a request of its own: nothing further is served until it has gone */
};

/* A new session for an open socket, or NULL. The socket stays the caller's until then. */
struct session *session_new(int fd, const struct door *door);
/* Frees it; its socket must be closed, its name given back and no list hold it any more. */
void session_free(struct session *session);

/* Bytes a client can cost at most, kernel buffers apart, whatever it does. */
size_t session_bytes_most(const struct limits *limits);

/* Reads once. `scratch` belongs to the runner; bytes may lie in it until session_keep. False when the connection is broken. */
bool session_read(struct session *session, char *scratch, size_t n);
/* Ends the loan of the scratch: what has not been served moves to memory of the session's own. False without memory. */
bool session_keep(struct session *session);
/* The request just served is done with. */
void session_consume(struct session *session);

static inline struct span session_unread(const struct session *session)
{
    return (struct span){session->in.at + session->in_at, session->in.n - session->in_at};
}

/* Puts an answer to its own request behind those that are due already. False without memory. */
bool session_answer(struct session *session, uint64_t after, int32_t request, int32_t response, struct span text);
/* The same for what somebody else caused, a private message: it keeps nobody from being served. */
bool session_tell(struct session *session, uint64_t after, int32_t request, int32_t response, struct span text);
/* The head of the first answer; there must be one. */
struct answer_head session_answer_head(const struct session *session);
/* What is left to send of the first answer; empty when there is none. */
struct span session_answer_rest(const struct session *session);
/* So many bytes of the first answer have gone. */
void session_answer_sent(struct session *session, size_t n);

#endif
