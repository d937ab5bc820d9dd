/* The fault tests: what the machine, the disk and hostile clients can do to the server, on every architecture;
 * some of it on a baseline too. */
#include <stdlib.h>
#include <string.h>

#include "tests/faults/scenarios.h"
#include "tests/harness/suite.h"

#define ROW(theme) theme##_faults,
#define TRACED_ROW(theme) theme##_traced,

int main(int argc, char **argv)
{
    static const struct scenario *const all[] = {kills_everywhere, FAULTS(ROW) TRACED(TRACED_ROW) NULL};
    static const struct scenario *const untraced[] = {kills_everywhere, FAULTS(ROW) NULL};
    static const struct scenario *const everywhere[] = {kills_everywhere, NULL};
    const char *sanitized = getenv("TEST_SANITIZED");
    const struct suite_part parts[] = {
        {trial_archs, sanitized && *sanitized ? untraced : all}, {trial_slow_archs, everywhere}, {0}};
    return suite_run_parts("faults", parts, argc, argv);
}
