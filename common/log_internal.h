/* What the two ends of the log share: the ring of records, and the bell that wakes its writer. */
#ifndef COMMON_LOG_INTERNAL_H
#define COMMON_LOG_INTERNAL_H

#include "common/log.h"

/* A record as it lies in the ring. */
struct log_record {
    int64_t wall; /* when it was written into the ring, as clock_wall tells it */
    const char *stage, *message;
    uint8_t level;
    bool announced, cut;
    uint16_t n;         /* fields, packed one behind the other at `packed` */
    const char *packed; /* in the record's own slot, or in `own` */
    char *own;          /* memory of an announcement, which may be longer than a slot; else NULL */
};

/* Makes the ring and the bell, once a process: they stay, so that a thread that logs too late hits nothing that is
 * gone. From here on records are taken. False with errno when that fails. */
bool log_ring_open(void);
/* From here on records are refused, without being counted. */
void log_ring_close(void);

/* As log_write at level info, but whatever the level, and nothing is cut while there is memory. False: no place. */
bool log_ring_announce(const char *stage, const char *message, size_t n, const struct log_field *fields);

/* The writer's end; one thread at a time. The oldest record, or NULL when none is ready, and the end of its stay. */
const struct log_record *log_ring_front(void);
void log_ring_pop(void);
/* Records that somebody has begun to put into the ring and that were not taken out. */
uint64_t log_ring_waiting(void);
/* Reads the field at *packed and moves *packed behind it. */
struct log_field log_field_unpack(const char **packed);

/* Readable when the writer has something to do. */
int log_bell(void);
void log_bell_ring(void);
void log_bell_silence(void);
/* The writer says that it is about to wait for the bell: from then on a new record rings it, once.
 * Whatever is in the ring after this call does not ring: the writer has to look. */
void log_bell_wanted(bool wanted);

/* Counts records that nobody will read. */
void log_drop(uint64_t records);
void log_drop_none(void);
uint64_t log_drops(void);

#endif
