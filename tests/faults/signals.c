/* Signals under load, and a log whose reader has stopped. */
#include "tests/faults/scenarios.h"

const struct scenario signals_faults[] = {
    {0},
};
