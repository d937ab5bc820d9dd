/* A crowd: many clients driven by one loop, each sending its messages and keeping what it reads, visit by visit. */
#ifndef HARNESS_CROWD_H
#define HARNESS_CROWD_H

#include "tests/harness/checker.h"
#include "tests/harness/client.h"

enum { VISITS_MOST = 64 };

/* One stay in a chat: from the answer to the connect to the LIST after the leave. */
struct visit {
    struct stream stream;
    size_t from; /* the byte it asked to read from */
};

enum phase { ENTERING, INSIDE, LEAVING };

struct member {
    struct client *client;
    char *name, *chat;
    unsigned room; /* the number of its chat */
    enum phase phase;
    unsigned visits;      /* how many stays it makes; the last one lasts until the end */
    unsigned visit;       /* the one it makes now */
    unsigned messages;    /* how many it sends over all visits */
    unsigned said;        /* how many of them were put into `out` */
    unsigned heard;       /* how many of its own came back */
    unsigned refused;     /* how many were refused since it connected */
    unsigned expects;     /* records its chat will have in the end */
    size_t size;          /* about how long a message is */
    bool continues;       /* its later visits begin where the last one stopped */
    bool deaf;            /* it reads nothing for now */
    int buffer;           /* its receive buffer; 0: as large as the kernel likes */
    struct bytes out;     /* requests under way */
    size_t out_at;        /* bytes of them that have gone */
    struct bytes answers; /* on its first visit: 's' or 'r' for each of its messages, shown or refused */
    struct visit stays[VISITS_MOST];
};

struct crowd {
    struct server *server;
    struct member *members;
    size_t n, records; /* records: read by all, together */
    size_t refusals;   /* of all, together */
    unsigned rooms;
    bool may_break;     /* the server may end at any moment */
    bool may_refuse;    /* messages may be refused */
    bool keeps_answers; /* of the first visit, from its beginning on */
    bool endless;       /* messages never run out */
    char reason[256];   /* why the last one was refused */
};

/* Makes the chats "room-0" and so on, and members standing in them in turn, each to send so many messages; nobody has
 * begun yet, so a scenario may change its members first. */
struct crowd crowd_make(struct server *server, size_t members, unsigned rooms, unsigned messages, size_t size);
/* Has everybody connect and ask for its name and its chat. */
void crowd_begin(struct crowd *crowd);
/* Has everybody connect anew, after the server was started again, and go on where it stopped. */
void crowd_resume(struct crowd *crowd);
/* Drives it until every member who is not deaf is content: has said all, heard all of it, and read all of its chat. */
void crowd_finish(struct crowd *crowd);
/* Drives it until all together have read so many records more, or all are content. */
void crowd_run(struct crowd *crowd, size_t records);
/* Drives it until so many messages more were refused, or for so many milliseconds. */
void crowd_run_refused(struct crowd *crowd, size_t refusals);
void crowd_run_for(struct crowd *crowd, int64_t ms);
/* Has everybody say nothing more, and drives it until all that was said is answered. */
void crowd_be_quiet(struct crowd *crowd);
/* Drives it until the server has ended every connection. */
void crowd_run_to_end(struct crowd *crowd);
/* Reads what still comes until every connection has ended; `cleanly`: behind a whole frame and by no reset. */
void crowd_read_out(struct crowd *crowd, bool cleanly);
/* Checks every visit of everybody against the files, which a dying server may have left torn. */
void crowd_check(const struct crowd *crowd, bool may_be_torn);
/* Checks that exactly those messages are stored that were shown to their senders, in the order they were sent. */
void crowd_check_answers(const struct crowd *crowd);
/* Checks that all that was sent is stored exactly once, and nothing else. */
void crowd_check_all_stored(const struct crowd *crowd);

#ifndef HARNESS
#define crowd_begin(...) (HERE, (crowd_begin)(__VA_ARGS__))
#define crowd_resume(...) (HERE, (crowd_resume)(__VA_ARGS__))
#define crowd_finish(...) (HERE, (crowd_finish)(__VA_ARGS__))
#define crowd_run(...) (HERE, (crowd_run)(__VA_ARGS__))
#define crowd_run_to_end(...) (HERE, (crowd_run_to_end)(__VA_ARGS__))
#define crowd_run_refused(...) (HERE, (crowd_run_refused)(__VA_ARGS__))
#define crowd_be_quiet(...) (HERE, (crowd_be_quiet)(__VA_ARGS__))
#define crowd_run_for(...) (HERE, (crowd_run_for)(__VA_ARGS__))
#define crowd_check_answers(...) (HERE, (crowd_check_answers)(__VA_ARGS__))
#define crowd_read_out(...) (HERE, (crowd_read_out)(__VA_ARGS__))
#define crowd_check(...) (HERE, (crowd_check)(__VA_ARGS__))
#define crowd_check_all_stored(...) (HERE, (crowd_check_all_stored)(__VA_ARGS__))
#endif

#endif
