/* Looks for the highest rate at which all thresholds hold: doubles until one breaks, then halves the distance. */
#include "client/load/find_max.h"

#include <string.h>

#include "client/load/report.h"

#define OVERTIME_MOST 1.0 /* seconds */
#define CLOSE_ENOUGH 1.05 /* the lowest rate that broke by the highest that held */

static void set_rate(struct options *options, double rate)
{
    for (size_t i = 0; i < options->n_phases; i++)
        options->phases[i].value = rate;
}

/* One rate. It holds when the server kept up with it, besides the thresholds: nothing went wrong, and nothing was left over. */
static bool try_rate(struct load *load, struct options *options, struct live *live, struct results *results,
                     double rate, struct find_step *step)
{
    set_rate(options, rate);
    live_begin(live, load);
    bool drained = load_run(load, options->phases, options->n_phases, live_watch, live);
    if (!results_take(results, load))
        return false;
    *step = (struct find_step){.rate = rate,
                               .p99 = (double)hist_quantile(&results->total.times[KIND_DELIVER], 0.99),
                               .held = drained && results_held(results) && tally_errors(&results->total) == 0 &&
                                       results->effort.overtime < OVERTIME_MOST,
                               .valid = !*results->invalid};
    return true;
}

/* What is known so far; 0: nothing. */
struct bounds {
    double held, broken;
};

static double next_rate(const struct bounds *bounds, double first)
{
    if (bounds->broken <= 0)
        return bounds->held > 0 ? 2 * bounds->held : first;
    if (bounds->held <= 0 || bounds->broken <= bounds->held * CLOSE_ENOUGH)
        return 0;
    return (bounds->held + bounds->broken) / 2;
}

static bool search(struct load *load, struct options *options, struct live *live, struct results *results,
                   struct results_kept *kept, FILE *to)
{
    struct bounds bounds = {0};
    char why[sizeof results->invalid] = ""; /* it was the generator that could do no more */
    double first = options->rate, rate = first;
    for (; rate > 0 && rate <= RATE_MOST && results->n_steps < FIND_STEPS; rate = next_rate(&bounds, first)) {
        struct find_step *step = &results->steps[results->n_steps];
        if (!try_rate(load, options, live, results, rate, step))
            return false;
        if (live_watch(live)) /* it may have been asked to stop while the step was drained */
            break;
        results->n_steps++;
        live_end(live);
        report_step(to, step);
        if (step->held && step->valid) {
            results->max = bounds.held = rate;
            results_keep(results, kept);
        } else {
            bounds.broken = rate;
            memcpy(why, results->invalid, sizeof why);
        }
    }
    if (results->max > 0)
        results_go_back(results, kept);
    memcpy(results->invalid, why, sizeof why);
    return true;
}

bool find_max(struct load *load, struct options *options, struct live *live, struct results *results, FILE *to)
{
    struct results_kept kept;
    bool fine = tally_open(&kept.total) && search(load, options, live, results, &kept, to);
    tally_close(&kept.total);
    return fine;
}
