/* The system calls of a process, counted by strace. */
#ifndef BENCH_TRACE_H
#define BENCH_TRACE_H

#include "tests/bench/process.h"

/* Attaches strace to all threads of the process; its table will be written to `table`. False, and the reason printed,
 * where there is no strace or it may not. */
bool trace_begin(struct process *strace, const struct process *traced, const char *table);
/* Detaches and waits for the table. */
void trace_end(struct process *strace);
/* Prints the calls, those a message needs first, all others behind. */
void trace_print(const char *table, unsigned messages);

#endif
