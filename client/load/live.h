/* What a run does while it lasts: a line each second, on standard error and, when wanted, in a file of comma-separated values. */
#ifndef LOAD_LIVE_H
#define LOAD_LIVE_H

#include <stdio.h>

#include "client/load/load.h"
#include "client/load/options.h"

struct live {
    const struct options *options;
    const struct load *load; /* NULL: there is none yet */
    FILE *csv;
    int csv_error; /* why it could not be begun */
    bool tty;
    int seconds;                                /* that have been told of the present load_run */
    double told;                                /* seconds of all before */
    uint64_t sent, delivered, replayed, errors; /* until a second ago */
    struct hist times, before;                  /* of the profile's main kind: until now, and a second ago */
    int stop;                                   /* not 0: the run is to end */
};

/* False without memory. */
bool live_open(struct live *live, const struct options *options);
/* A load_run begins; another one may have ended. */
void live_begin(struct live *live, const struct load *load);
/* The watch of a load (load_watch): true when a signal has asked for the end. */
bool live_watch(void *live);
/* A load_run has ended: tells what is left to be told, and leaves the terminal's line. */
void live_end(struct live *live);
/* False when the CSV file could not be written: errno says why. */
bool live_close(struct live *live);

#endif
