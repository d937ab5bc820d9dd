/* What the command line of conveyor-load says. */
#ifndef LOAD_OPTIONS_H
#define LOAD_OPTIONS_H

#include "client/load/load.h"
#include "client/load/threshold.h"
#include "common/args.h"

enum { FIND_STEPS = 48 /* rates that --find-max tries at most */ };
enum { THRESHOLDS_MOST = 32, RATE_MOST = 9999999 /* messages a second */ };

struct options {
    struct load_config config; /* all of it but `phases` is settled by options_read */
    struct load_phase phases[LOAD_PHASES];
    size_t n_phases;
    int64_t duration; /* 0: until it is stopped */
    int64_t warmup;
    double rate;
    int64_t seed; /* -1: one of its own */
    bool no_verify, find_max;
    struct threshold thresholds[THRESHOLDS_MOST];
    size_t n_thresholds;
    char *json, *csv, *hgrm, *chats; /* NULL: not asked for */
    int connect_source;              /* where the addresses were said */
};

/* Fills *options; RUN only when everything fits together. One thread, at start. */
enum args_result options_read(struct options *options, int argc, char **argv);
void options_free(struct options *options);

#endif
