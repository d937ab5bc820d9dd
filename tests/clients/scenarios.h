/* Every theme's table of scenarios; each ends with a row without a name. */
#ifndef CLIENTS_SCENARIOS_H
#define CLIENTS_SCENARIOS_H

#include "tests/harness/trial.h"

#define THEMES(theme)                                                                                     \
    theme(export) theme(load) theme(load_output) theme(load_ends) theme(load_faults) theme(load_protocol) \
        theme(load_life) theme(load_edges)

#define DECLARE_THEME(theme) extern const struct scenario theme##_scenarios[];
THEMES(DECLARE_THEME)

#endif
