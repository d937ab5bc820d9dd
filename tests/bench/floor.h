/* The floor: the least that any server could do with the same bytes. It stores nothing, checks nothing, knows nobody. */
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

#include <stddef.h>
#include <stdint.h>

#include "tests/bench/process.h"

/* What a message is: a client's frame with a text of this length, and the record's frame with an author of six
 * characters in front of it. */
enum {
    TEXT_BYTES = 64,
    AUTHOR_BYTES = 6,
    LEAD_BYTES = AUTHOR_BYTES + 1 + 17 + 1, /* author TAB stamp NL */
    REQUEST_BYTES = 12 + TEXT_BYTES,
    RECORD_BYTES = LEAD_BYTES + TEXT_BYTES,
    FRAME_BYTES = 16 + RECORD_BYTES
};

/* A child that serves `rooms` rooms of `members`: the first `members` connections are room 0, and so on. It is one thread
 * with an epoll loop that reads fixed frames and gives every member of the room one send() a round. */
void floor_start_chat(struct process *process, uint32_t rooms, uint32_t members);
/* A child that answers every request of its only client by the same bytes. */
void floor_start_replay(struct process *process, const char *bytes, size_t n);

#endif
