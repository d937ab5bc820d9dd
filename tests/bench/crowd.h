/* A crowd: rooms full of members, some of whom send: as fast as they see their own come back, or by a schedule. */
#ifndef BENCH_CROWD_H
#define BENCH_CROWD_H

#include "tests/bench/load.h"
#include "tests/bench/samples.h"

struct shape {
    uint32_t rooms, members;
    uint32_t senders; /* in each room */
    uint32_t window;  /* messages of one sender on their way, when there is no schedule */
};

/* Message k is due k intervals after the first one. The senders take turns, first one of each room. */
struct schedule {
    int64_t interval; /* nanoseconds */
    uint64_t n;
};

/* Lengths of time from when a message was due. */
struct times {
    struct samples sent_late; /* to when it was sent, a message each */
    struct samples delivered; /* to when a member has read it, a record each */
};

struct crowd {
    struct shape shape;
    int epoll;
    struct member *members;
    uint64_t *said;      /* messages sent, a room each */
    uint64_t sent;       /* messages sent */
    uint64_t owed;       /* records that follow from them */
    uint64_t got;        /* records received */
    struct member **due; /* senders who may send again */
    uint32_t n_due;
    struct member **senders; /* in the order of a schedule */
    struct times *times;     /* NULL: nobody asks */
    int64_t read_at;         /* when the records that are looked at had come */
    bool paced;
    char header[SERVER_HEADER]; /* of every record */
};

/* Brings the members into a server's rooms, which must be there, or before the floor. */
void crowd_join(struct crowd *crowd, const struct shape *shape, const struct process *process);
/* Sends and receives until the time has come, or so many messages have been sent. */
void crowd_run(struct crowd *crowd, int64_t until, uint64_t most);
/* Sends by the schedule, whatever comes back, and goes on until everybody has everything. */
void crowd_pace(struct crowd *crowd, const struct schedule *schedule, struct times *times);
/* Sends no more, and goes on until everybody has everything. Ends the bench when somebody gets more or less. */
void crowd_drain(struct crowd *crowd);
/* TCP segments with data that the members have received; on the loopback one for each send() of the server. */
uint64_t crowd_segments(const struct crowd *crowd);
void crowd_leave(struct crowd *crowd);

#endif
