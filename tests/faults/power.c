/* A power cut, played on a loop-mounted ext4 image. */
#include "tests/faults/scenarios.h"

const struct scenario power_faults[] = {
    {0},
};
