/* What a run is to be judged by: METRIC < VALUE, like deliver_p99<20ms, errors<=0, deliver_rate>100000. */
#ifndef LOAD_THRESHOLD_H
#define LOAD_THRESHOLD_H

#include <stdbool.h>

#include "client/load/tally.h"

enum threshold_of {
    OF_QUANTILE, /* KIND_p50, KIND_p99.9: microseconds */
    OF_MAX,      /* KIND_max */
    OF_MEAN,     /* KIND_mean */
    OF_RATE,     /* KIND_rate: so many a second */
    OF_COUNT,    /* KIND_count */
    OF_ERRORS,   /* errors, of all kinds */
    OF_ERROR     /* errors_KIND */
};

struct threshold {
    const char *text; /* as it was said */
    enum threshold_of of;
    int which; /* kind of time or of error */
    double quantile;
    bool below, equal_is_fine;
    double value; /* microseconds or a number */
};

/* NULL when fine, else what is wrong. The text must last as long as the threshold. */
const char *threshold_parse(const char *text, struct threshold *threshold);
/* It is about how long something took, in microseconds. */
bool threshold_is_time(const struct threshold *threshold);
/* What the tally and the rates, a second, have for it, in the unit of its value; NAN for a time that never was. */
double threshold_measure(const struct threshold *threshold, const struct tally *tally, const double rates[KINDS]);
/* What was never measured holds nothing. */
bool threshold_holds(const struct threshold *threshold, double measured);

#endif
