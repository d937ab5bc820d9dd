/* Every theme's tables of scenarios; each ends with a row without a name. */
#ifndef SYSTEM_SCENARIOS_H
#define SYSTEM_SCENARIOS_H

#include "tests/harness/trial.h"

/* Scenarios for every architecture, and for the slow baseline, which can rightly pass them too. */
#define EVERYWHERE(theme)                                                                                          \
    theme(names) theme(lobby) theme(room) theme(private) theme(replay) theme(frames) theme(timeouts) theme(limits) \
        theme(order) theme(endings) theme(many) theme(death) theme(signals) theme(log) theme(folder) theme(repair) \
            theme(command) theme(disk) theme(stages) theme(batches)

/* Scenarios for every architecture, but not for a baseline, where one who does not read, or not write on, stops others. */
#define THEMES(theme)                                                                                            \
    theme(lobby) theme(private) theme(frames) theme(endings) theme(many) theme(slow) theme(death) theme(signals) \
        theme(log) theme(stages) theme(batches)

#define DECLARE_THEME(theme) extern const struct scenario theme##_scenarios[];
#define DECLARE_EVERYWHERE(theme) extern const struct scenario theme##_everywhere[];
THEMES(DECLARE_THEME)
EVERYWHERE(DECLARE_EVERYWHERE)

/* And for the one that swallows. */
extern const struct scenario swallows_null[];

#endif
