/* Starting on files that are cut, torn, strange or no files at all. */
#include "tests/faults/scenarios.h"

const struct scenario starts_faults[] = {
    {0},
};
