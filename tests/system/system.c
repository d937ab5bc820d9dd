/* The system tests: every scenario against the real server, once for every architecture. */
#include "tests/harness/suite.h"
#include "tests/system/scenarios.h"

#define ROW(theme) theme##_scenarios,

int main(int argc, char **argv)
{
    static const struct scenario *const themes[] = {THEMES(ROW) NULL};
    return suite_run("system", themes, argc, argv);
}
