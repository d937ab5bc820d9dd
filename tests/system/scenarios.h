/* Every theme's table of scenarios; each ends with a row without a name. */
#ifndef SYSTEM_SCENARIOS_H
#define SYSTEM_SCENARIOS_H

#include "tests/harness/trial.h"

#define THEMES(theme)                                                                                              \
    theme(names) theme(lobby) theme(room) theme(private) theme(replay) theme(frames) theme(timeouts) theme(limits) \
        theme(order) theme(endings) theme(many) theme(slow) theme(death) theme(signals) theme(log) theme(folder)   \
            theme(repair) theme(command) theme(disk) theme(stages) theme(batches)

#define DECLARE_THEME(theme) extern const struct scenario theme##_scenarios[];
THEMES(DECLARE_THEME)

#endif
