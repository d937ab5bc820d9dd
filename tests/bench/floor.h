/* The floor: the least any server could do with the same bytes. It stores nothing, checks nothing, knows nobody. */
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

#include <stddef.h>
#include <stdint.h>

#include "tests/bench/load.h"
#include "tests/bench/message.h"

/* A child that lets the clients of load_name and load_join in, `members` a room, and from then on is one thread with an epoll loop
 * that reads fixed frames and gives every member of the room one send() a round. */
void floor_start_chat(struct process *process, uint32_t rooms, uint32_t members);
/* A child that gives any number of visitors the answers of a visit: to one chat, "room-0000". */
void floor_start_passages(struct process *process);
/* A child that answers every request of its only client by the same bytes. */
void floor_start_replay(struct process *process, const char *bytes, size_t n);

#endif
