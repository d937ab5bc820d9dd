/* What the exporter counts, and how a line of the load generator's log is counted. No thread, no file: whoever holds the counts
 * may call. */
#ifndef EXPORT_EVENTS_H
#define EXPORT_EVENTS_H

#include <stddef.h>
#include <stdint.h>

#include "common/span.h"

enum {
    EVENTS_BUCKETS = 10, /* of response times; the last one has no bound */
    EVENTS_SERIES_MOST = 64,
    EVENTS_LABEL_ROOM = 64 /* bytes of a label's value, with its NUL */
};

/* The greatest seconds that belong to each bucket but the last. */
extern const double events_bounds[EVENTS_BUCKETS - 1];

/* The response times of one kind of request that got one kind of answer. */
struct series {
    char request[EVENTS_LABEL_ROOM], response[EVENTS_LABEL_ROOM];
    uint64_t buckets[EVENTS_BUCKETS]; /* each without those below it */
    double sum;                       /* seconds */
};

/* All zero: nothing came yet. Every line counts as good or as wrong, never as both. */
struct events {
    uint64_t good, wrong, read_errors;
    struct series series[EVENTS_SERIES_MOST];
    size_t n_series;
};

/* Counts a line, without its line feed. It is wrong when it is not one JSON object in valid UTF-8, or tells a response time that
 * can't be used: no number, below 0 or infinite, labels that are no strings or too long, or one pair of labels too many. */
void events_line(struct events *events, struct span line);

#endif
