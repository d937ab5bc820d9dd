/* No descriptors, no memory, no threads. */
#include "tests/faults/scenarios.h"

const struct scenario scarce_faults[] = {
    {0},
};

const struct scenario scarce_traced[] = {
    {0},
};
