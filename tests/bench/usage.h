/* What a process has used until now: user and system time, context switches, and the CPU of its threads by their names. */
#ifndef BENCH_USAGE_H
#define BENCH_USAGE_H

#include <stddef.h>

#include "tests/bench/process.h"

enum { USAGE_NAMES = 16 };

struct usage_thread {
    char name[16];
    double cpu; /* seconds, of all threads of this name that run */
};

struct usage {
    double user, system; /* seconds, ended threads too; the kernel shares them out by sampling */
    double switches;     /* of the threads that run: those they asked for and those they suffered */
    double preempted;    /* the latter */
    struct usage_thread threads[USAGE_NAMES];
    size_t n;
};

struct usage usage_read(const struct process *process);
/* What was used from `before` on. Threads of names that are new count from 0. */
struct usage usage_since(const struct usage *now, const struct usage *before);

#endif
