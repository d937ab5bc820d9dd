/* A full disk and back again, and calls that fail one after the other. */
#include "tests/faults/scenarios.h"

const struct scenario disk_faults[] = {
    {0},
};

const struct scenario disk_traced[] = {
    {0},
};
