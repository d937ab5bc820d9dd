/* Kill -9 under load, at random and at each of the first writes. */
#include "tests/faults/scenarios.h"

const struct scenario kills_faults[] = {
    {0},
};

const struct scenario kills_traced[] = {
    {0},
};
