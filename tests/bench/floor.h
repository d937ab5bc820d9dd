/* The floor: the least any server could do with the same bytes. It stores nothing, checks nothing, knows nobody. */
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

#include <stddef.h>
#include <stdint.h>

#include "tests/bench/load.h"

/* What a message is: a client's frame with a text of this length, and the record's frame with an author of six
 * characters in front of it. */
enum {
    TEXT_BYTES = 64,
    AUTHOR_BYTES = USER_NAME_BYTES,
    LEAD_BYTES = AUTHOR_BYTES + 1 + 17 + 1, /* author TAB stamp NL */
    REQUEST_BYTES = 12 + TEXT_BYTES,
    RECORD_BYTES = LEAD_BYTES + TEXT_BYTES,
    FRAME_BYTES = 16 + RECORD_BYTES
};

/* A child that lets the clients of load_enter in, `members` a room, and from then on is one thread with an epoll loop
 * that reads fixed frames and gives every member of the room one send() a round. */
void floor_start_chat(struct process *process, uint32_t rooms, uint32_t members);
/* A child that answers every request of its only client by the same bytes. */
void floor_start_replay(struct process *process, const char *bytes, size_t n);

#endif
