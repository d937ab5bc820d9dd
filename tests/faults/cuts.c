/* Resets and half-closes at every desk and on every belt. */
#include "tests/faults/scenarios.h"

const struct scenario cuts_faults[] = {
    {0},
};
