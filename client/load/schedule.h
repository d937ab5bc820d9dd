/* When things are due: phases that follow each other, and messages at even distances in each. */
#ifndef LOAD_SCHEDULE_H
#define LOAD_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/load/load.h"

struct schedule {
    size_t n;
    struct slot {
        int64_t begin, end; /* on clock_now's clock */
        double value;
        uint64_t first, n; /* messages due in it, counted over all slots; without a rate none */
    } slots[LOAD_PHASES];
};

/* The first phase begins then. When paced, the phases' values are turns a second, each for a message or a visit. */
void schedule_make(struct schedule *schedule, const struct load_phase *phases, size_t n, int64_t begin, bool paced);
/* When the message of this number is due; NEVER when there is none. */
int64_t schedule_due(const struct schedule *schedule, uint64_t number);
/* The slot of a moment: -1 before the first, n after the last. */
int schedule_slot(const struct schedule *schedule, int64_t at);
/* Time is over at that moment, if it was to last longer: what would have been due later is not. */
void schedule_cut(struct schedule *schedule, int64_t at);
/* Both 0 without phases. */
int64_t schedule_begin(const struct schedule *schedule);
int64_t schedule_end(const struct schedule *schedule);

#endif
