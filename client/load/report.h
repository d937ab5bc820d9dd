/* The results as text, for people. */
#ifndef LOAD_REPORT_H
#define LOAD_REPORT_H

#include <stdio.h>

#include "client/load/results.h"

void report_begin(FILE *to, const struct options *options);
void report_step(FILE *to, const struct find_step *step);
void report_end(FILE *to, const struct results *results);
/* The distribution of the profile's main time, as HdrHistogram's plotters read it. False: errno says why. */
bool report_hgrm(const struct results *results, const char *path);

#endif
