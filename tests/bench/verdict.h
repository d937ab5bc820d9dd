/* The architectures against each other: what is measured of whom, and where it is kept. */
#ifndef BENCH_VERDICT_H
#define BENCH_VERDICT_H

#include "tests/bench/figure.h"
#include "tests/bench/target.h"
#include "tests/bench/trial.h"

/* The runs of a case with one target: as fast as it goes; at shares of what the slowest can do; at what the baseline can do. */
enum verdict_run { RUN_SATURATED, RUN_LOW, RUN_HALF, RUN_HIGH, RUN_BASELINES, VERDICT_RUNS };
extern const int verdict_percent[VERDICT_RUNS]; /* 0 for the first and the last */

/* What one run gives. A turn is what is due at a moment of its own in an open loop: a message in rooms, a passage in churn, a
 * visit or a creation of a chat in the thesis's load. */
enum verdict_reading {
    READ_CPU,       /* microseconds of server CPU a delivered record; churn: a passage */
    READ_TURNS,     /* a second; churn: passages */
    READ_ANSWERED,  /* thesis: requests answered a second */
    READ_DELIVERED, /* millions of records a second */
    READ_SWITCHES,  /* context switches a message; churn: a passage */
    READ_MEMORY,    /* Private_Dirty, KiB */
    READ_WANTED,    /* CPUs the bots could have used */
    READ_P50,       /* milliseconds; with a schedule only, all of these */
    READ_P99,
    READ_LATE, /* p99 of how late the bots began what was due */
    VERDICT_READINGS
};

enum verdict_load { LOAD_THESIS, LOAD_ROOMS, LOAD_CHURN };

struct verdict_case {
    const char *name;
    enum verdict_load load;
    uint32_t rooms,
        clients; /* chats that there are from the beginning on; clients of the load rooms: in each of them */
};

struct verdict_task {
    const struct verdict_case *of;
    const struct target *target;
    enum verdict_run run;
    double rate; /* turns a second; 0 when saturated */
};

/* Seconds that count in a run, and those before them. */
struct verdict_lengths {
    double warm_up, measured;
};
struct verdict_lengths verdict_lengths(const struct verdict_task *task);
/* One run; a trial_work: from a verdict_task to an array of VERDICT_READINGS doubles. */
trial_work verdict_measure;

struct verdict_cell {
    struct figure at[VERDICT_RUNS][VERDICT_READINGS];
    char failed[VERDICT_RUNS][TRIAL_COMPLAINT]; /* why it was not measured any more; empty: it was */
};

enum { VERDICT_CASES = 6 };
struct verdict {
    const struct plan *plan;
    const struct verdict_case *cases; /* VERDICT_CASES of them */
    struct verdict_cell cells[VERDICT_CASES][TARGETS_MOST];
    double capacity[VERDICT_CASES]
                   [TARGETS_MOST]; /* turns a second, of which a target is asked for shares; 0: nobody knows */
    size_t baseline;               /* the plan's n: it is not among the targets */
};

void verdict_print_case(const struct verdict *verdict, size_t of);
/* The thesis's result: the baseline beside the others at its own pace. */
void verdict_print_baseline(const struct verdict *verdict, size_t of);
void verdict_print_score(const struct verdict *verdict);

#endif
