/* Bytes that no client would send, too slow, too long or at random. */
#include "tests/faults/scenarios.h"

const struct scenario floods_faults[] = {
    {0},
};
