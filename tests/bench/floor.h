/* The floor: the least any server could do with the same bytes. It stores nothing, checks nothing, and knows of nobody more than
 * the name that stands before a text. Bots are let in step by step and told goodbye as a server does it, their founder too. */
#ifndef BENCH_FLOOR_H
#define BENCH_FLOOR_H

#include <stddef.h>
#include <stdint.h>

#include "tests/bench/process.h"

/* A child that lets so many members into each of so many rooms: one thread with an epoll loop that reads fixed frames and
 * gives every member of a room one send() a round for all that came in it. With `hold` it lets rounds pass until so many messages
 * have come, or no more do. */
void floor_start_chat(struct process *process, uint32_t rooms, uint32_t members, uint32_t hold);
/* A child that gives any number of visitors the answers of a visit. */
void floor_start_passages(struct process *process);
/* A child with clients one after the other: whoever enters the chat is sent these bytes. */
void floor_start_replay(struct process *process, const char *bytes, size_t n);

#endif
