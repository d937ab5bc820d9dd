/* The architecture `blocking`: the thesis's threaded server, as a baseline for the lab. */
#ifndef BLOCKING_BLOCKING_H
#define BLOCKING_BLOCKING_H

struct arch;
extern const struct arch arch_blocking;

#endif
