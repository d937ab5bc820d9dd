/* The counters of stages, and the census: where every client that was ever let in is now. */
#ifndef ARCH_CENSUS_H
#define ARCH_CENSUS_H

#include <stdbool.h>
#include <stdint.h>

#include "server/desk/counters.h"

enum census_desk { AT_GATE, AT_NAME, AT_LOBBY, AT_ROOM, AT_BYE, CENSUS_DESKS };
extern const char *const census_desk_names[CENSUS_DESKS];

/* One row per kind of desk: what its counters add up to. Turns and the time in them count where a thread has them: bye's, in the
 * conveyor, at the gate; everything, with one thread, at the gate too. */
struct census_row {
    uint64_t arrivals;   /* clients it took; at the gate: those it closed */
    uint64_t departures; /* clients it sent on; at the gate: those that came */
    uint64_t requests;   /* requests it served */
    uint64_t turns;      /* rounds of its loop */
    uint64_t batch;      /* events and arrivals of all turns: batch / turns is the mean batch */
    uint64_t batch_most;
    uint64_t belt_time; /* microseconds its arrivals spent on the belt, all together */
    uint64_t busy_time; /* microseconds in turns */
    uint64_t people;    /* clients at its desks now */
    uint64_t due;       /* of these: with a servable request, an unsent byte or an unsettled message */
};

struct census {
    uint64_t accepted, closed, refused;
    struct census_row at[CENSUS_DESKS];
    uint64_t on_belts; /* clients between two stages */
    uint64_t stages;   /* stage threads running */
};

/* Adds one stage's counters to a row; counters are read relaxed, from any thread. */
void census_add(struct census_row *row, const struct counters *counters);
/* Clients between two stages: sent on, and not taken yet. */
void census_count_belts(struct census *census);
/* accepted = at desks + on belts + closed. */
bool census_adds_up(const struct census *census);
/* It adds up, nothing is due and the belts are empty. */
bool census_at_rest(const struct census *census);

#endif
