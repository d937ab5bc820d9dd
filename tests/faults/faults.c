/* The fault tests: what the machine, the disk and hostile clients can do to the server, on every architecture. */
#include <stdlib.h>
#include <string.h>

#include "tests/faults/scenarios.h"
#include "tests/harness/suite.h"

#define ROW(theme) theme##_faults,
#define TRACED_ROW(theme) theme##_traced,

int main(int argc, char **argv)
{
    static const struct scenario *const all[] = {FAULTS(ROW) TRACED(TRACED_ROW) NULL};
    static const struct scenario *const untraced[] = {FAULTS(ROW) NULL};
    const char *sanitized = getenv("TEST_SANITIZED");
    return suite_run("faults", sanitized && *sanitized ? untraced : all, argc, argv);
}
