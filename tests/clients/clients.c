/* The tests of the client programs: every scenario once. One that needs a server starts it with the trial's architecture. */
#include "tests/clients/scenarios.h"
#include "tests/harness/suite.h"

#define ROW(theme) theme##_scenarios,

int main(int argc, char **argv)
{
    static const struct scenario *const themes[] = {THEMES(ROW) NULL};
    return suite_run_once("clients", themes, argc, argv);
}
