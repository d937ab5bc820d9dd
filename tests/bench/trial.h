/* A measurement in a process of its own: one that fails, or does not come to its end, costs no other one. */
#ifndef BENCH_TRIAL_H
#define BENCH_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TRIAL_COMPLAINT = 160 };

/* Measures what is asked for; what it finds is copied to whoever waits. It may end by bench_fail. */
typedef void trial_work(const void *task, void *result);

/* Does it within so many nanoseconds, and waits. False when nothing came of it; then the complaint says why, in one line. The
 * server it had started has ended in any case. */
bool trial_run(trial_work *work, const void *task, void *result, size_t size, int64_t limit,
               char complaint[TRIAL_COMPLAINT]);

#endif
