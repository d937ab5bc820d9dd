/* The counters that allocations.so keeps in the file named by the environment's ALLOCATIONS. */
#ifndef BENCH_ALLOCATIONS_H
#define BENCH_ALLOCATIONS_H

#include <stdatomic.h>
#include <stdint.h>

struct allocations {
    _Atomic uint64_t mallocs, callocs, reallocs, aligned; /* calls */
    _Atomic uint64_t frees;                               /* of what was no NULL */
};

#endif
