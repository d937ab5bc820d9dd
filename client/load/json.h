/* The results as JSON; results.schema.json beside this file describes it. */
#ifndef LOAD_JSON_H
#define LOAD_JSON_H

#include "client/load/results.h"

/* False: errno says why. */
bool json_write(const struct results *results, const char *path);

#endif
