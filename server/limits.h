/* Every limit of the server: what the options set, and the sizes it is built with. */
#ifndef SERVER_LIMITS_H
#define SERVER_LIMITS_H

#include <stdbool.h>
#include <stdint.h>

enum sync_level { SYNC_OS, SYNC_PERIOD, SYNC_ALWAYS };

/* What the options say; written once before any thread starts, read by all. Times in microseconds. */
struct limits {
    uint32_t max_message;
    uint32_t max_clients;
    uint32_t max_per_ip; /* 0: no limit */
    uint32_t max_chats;
    uint32_t rate_limit;   /* messages a second; 0: no limit */
    uint32_t room_threads; /* 0, until main has seen the machine */
    uint32_t workers;      /* likewise */
    int64_t room_linger;
    int64_t name_timeout;
    int64_t drain;
    enum sync_level sync;
    int64_t sync_period; /* with SYNC_PERIOD */
};

/* The tiny build makes everything small, so that what is rare elsewhere happens all the time. */
#ifdef CONVEYOR_TINY
enum {
    GATHER_MAX = 1, /* one message a turn: what does not fit an empty gather is taken alone */
    CHUNK_MAX = 1,  /* a window of history: one record at least */
    FEED_MAX = 2 * 1024,
    FEED_ALL_MAX = 4 * 1024,
    TAIL_MAX = 256,
    TAIL_SHARE = 64,
    EVENTS_MAX = 2,
    GO_MAX = 1,
    ARRIVALS_MAX = 1,
    SCRATCH = 64,
    SERVE_MAX = 1,
    BELT_BYTES = 4096,
    ENDING_SHARE = 0, /* who comes while a room stage ends waits for its place */
    SEND_BUFFER = 4608
};
#else
enum {
    GATHER_MAX = 256 * 1024,        /* bytes of new records a room stores and shows in one turn */
    CHUNK_MAX = 128 * 1024,         /* bytes of history read from a file at once */
    FEED_MAX = 2 * GATHER_MAX,      /* bytes sent in a turn to one who is behind */
    FEED_ALL_MAX = 4 * 1024 * 1024, /* and to all of them together */
    TAIL_MAX = 1024 * 1024,         /* framed records a room keeps while somebody is behind */
    TAIL_SHARE = 32 * 1024,         /* and of these, for each member at most */
    EVENTS_MAX = 256,
    GO_MAX = 256,        /* tasks of a strand that a worker runs in one go */
    ARRIVALS_MAX = 256,  /* records taken off a belt in one turn */
    SCRATCH = 64 * 1024, /* what is read from one socket at once */
    SERVE_MAX = 512,     /* requests of one session in one turn */
    ENDING_SHARE = 1,    /* for each room stage that may run one may be ending */
    SEND_BUFFER = 0      /* 0: the system's own choice */
};
#endif

#define BYE_PATIENCE INT64_C(5000000) /* microseconds a client has for its last answers and for closing */

enum {
    CLIENTS_MOST = 1000000, /* nobody may ask for more */
    OUT_MAX = 64 * 1024,    /* unsent answers beyond which no private message is added */
    LISTEN_BACKLOG = 1000,
    ACCEPTS_MAX = 64,    /* connections accepted in one turn */
    IDLE_ROOMS_MAX = 64, /* empty rooms that a thread, or the pool, lets linger, whatever --room-linger says */
    REFUSED_MAX = 32,    /* refused ones who get time to hear it; further ones are told and closed */
    FD_RESERVE = 128     /* descriptors kept for chats, belts, the log and the refused */
};

#endif
