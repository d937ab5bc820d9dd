/* Running scenarios: what the system tests, the fault tests and those of the clients have in common as programs. */
#ifndef HARNESS_SUITE_H
#define HARNESS_SUITE_H

#include "tests/harness/trial.h"

/* Runs the scenarios the command line and the environment ask for, once for every architecture. `themes`: tables that end with a
 * row without a name; the list ends with NULL. The program's exit status. */
int suite_run(const char *suite, const struct scenario *const themes[], int argc, char **argv);

/* Some themes, and the architectures each of their scenarios runs against; both lists end with NULL. */
struct suite_part {
    const char *const *archs;
    const struct scenario *const *themes;
};
/* The same for several parts; they end with one without architectures. */
int suite_run_parts(const char *suite, const struct suite_part *parts, int argc, char **argv);
/* The same as suite_run, but each scenario once: for programs that have no architecture. Where one is needed it is the first, or the one that
 * was asked for. */
int suite_run_once(const char *suite, const struct scenario *const themes[], int argc, char **argv);

#endif
