/* What came of a run, for everybody who writes it down. */
#ifndef LOAD_RESULTS_H
#define LOAD_RESULTS_H

#include "client/load/options.h"
#include "common/program.h"

/* How the program ends beside 0, 1 and 2. */
enum { EXIT_DELIVERY = 3, EXIT_INVALID = 4, EXIT_THRESHOLD = 99 };

struct stage_result {
    double seconds, value;
    double rates[KINDS]; /* so many a second came while it lasted */
    struct tally tally;
};

/* One rate that --find-max tried. */
struct find_step {
    double rate, p99; /* of delivery, microseconds */
    bool held, valid;
};

struct results {
    const struct options *options;
    char started[40];    /* ISO 8601, UTC */
    struct tally total;  /* what counts: the measured phases, and requests made before and after them */
    struct tally after;  /* the part of it that came after them, as long as the bots were there */
    double seconds;      /* of the measured phases */
    double rates[KINDS]; /* so many a second came while they lasted */
    struct stage_result stages[LOAD_PHASES];
    size_t n_stages;
    struct load_effort effort;
    double measured[THRESHOLDS_MOST]; /* by the thresholds */
    bool held[THRESHOLDS_MOST];
    struct find_step steps[FIND_STEPS];
    size_t n_steps;
    double max;        /* the last rate that held; 0: none did */
    bool anybody;      /* was ever given a name */
    bool deserted;     /* at the end nobody was there, and they tried in vain to come back */
    bool stopped;      /* by a signal */
    bool drained;      /* all that was due has come */
    char invalid[200]; /* why the generator does not believe its own figures; empty: it does */
};

/* What the rate that held came to, kept while others are tried. */
struct results_kept {
    struct tally total;
    double seconds;
    double rates[KINDS];
    struct load_effort effort;
    double measured[THRESHOLDS_MOST];
};

/* False without memory. */
bool results_open(struct results *results, const struct options *options);
void results_close(struct results *results);
/* Takes what the last load_run counted. */
bool results_take(struct results *results, const struct load *load);
/* Keeps what was taken last; takes it back, in place of what was taken since. */
void results_keep(const struct results *results, struct results_kept *kept);
void results_go_back(struct results *results, const struct results_kept *kept);
/* Adds how the bots came and went, when they have gone. False without memory. */
bool results_end(struct results *results, const struct load *load);
bool results_held(const struct results *results);
/* A thread of bots hardly ever waited: it may be what limits the rates. */
bool results_full(const struct results *results);
/* What the program ends with, when there are results. */
int results_exit(const struct results *results);

#endif
