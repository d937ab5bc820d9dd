/* Every theme's table of faults; each ends with a row without a name. */
#ifndef FAULTS_SCENARIOS_H
#define FAULTS_SCENARIOS_H

#include "tests/harness/trial.h"

#define FAULTS(theme)                                                                                          \
    theme(readers) theme(starts) theme(power) theme(disk) theme(scarce) theme(floods) theme(noise) theme(cuts) \
        theme(storm) theme(signals)

/* Faults for which the server runs under strace, or with a library loaded into it: with TEST_SANITIZED set they are left out. */
#define TRACED(theme) theme(kills) theme(disk) theme(sweeps) theme(failing) theme(storm) theme(steady)

#define DECLARE_FAULTS(theme) extern const struct scenario theme##_faults[];
#define DECLARE_TRACED(theme) extern const struct scenario theme##_traced[];
FAULTS(DECLARE_FAULTS)
TRACED(DECLARE_TRACED)

/* Faults that a slow baseline can rightly pass as well. */
extern const struct scenario kills_everywhere[];

#endif
