/* The system tests: every scenario against the real server, once for every architecture; some against baselines too. */
#include "tests/harness/suite.h"
#include "tests/system/scenarios.h"

#define ROW(theme) theme##_scenarios,
#define ROW_EVERYWHERE(theme) theme##_everywhere,

int main(int argc, char **argv)
{
    static const struct scenario *const all[] = {EVERYWHERE(ROW_EVERYWHERE) THEMES(ROW) NULL};
    static const struct scenario *const everywhere[] = {EVERYWHERE(ROW_EVERYWHERE) NULL};
    static const struct scenario *const null[] = {swallows_null, NULL};
    const struct suite_part parts[] = {
        {trial_archs, all}, {trial_slow_archs, everywhere}, {trial_null_archs, null}, {0}};
    return suite_run_parts("system", parts, argc, argv);
}
