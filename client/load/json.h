/* The results as JSON; results.schema.json beside this file describes it. */
#ifndef LOAD_JSON_H
#define LOAD_JSON_H

#include "client/load/results.h"

/* With what the program ends with. False: errno says why. */
bool json_write(const struct results *results, int code, const char *path);

#endif
