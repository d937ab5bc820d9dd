/* Hand-overs, starts and stops of rooms, and claims of names, by the hundred thousand. */
#include "tests/faults/scenarios.h"

const struct scenario storm_faults[] = {
    {0},
};

const struct scenario storm_traced[] = {
    {0},
};
