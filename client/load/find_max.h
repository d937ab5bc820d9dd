/* Looks for the highest rate at which all thresholds hold. */
#ifndef LOAD_FIND_MAX_H
#define LOAD_FIND_MAX_H

#include "client/load/live.h"
#include "client/load/results.h"

/* Tries rates, each with a load_run of its own, and tells each. The results hold what the last rate that held came to, or
 * the first one if none did. False without memory. */
bool find_max(struct load *load, struct options *options, struct live *live, struct results *results, FILE *to);

#endif
