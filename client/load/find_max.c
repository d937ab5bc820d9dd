/* Looks for the highest rate at which all thresholds hold: doubles until one breaks, then halves the distance. */
#include "client/load/find_max.h"

#include "client/load/report.h"

#define CLOSE_ENOUGH 1.05 /* the lowest rate that broke by the highest that held */
#define RATE_MOST 9e6

static void set_rate(struct options *options, double rate)
{
    for (size_t i = 0; i < options->n_phases; i++)
        options->phases[i].value = rate;
}

/* One rate. */
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
                               .held = drained && results_held(results),
                               .valid = !*results->invalid};
    return true;
}

static double next_rate(double held, double broken, double first)
{
    if (broken <= 0)
        return held > 0 ? 2 * held : first;
    return held > 0 ? (held + broken) / 2 : 0;
}

bool find_max(struct load *load, struct options *options, struct live *live, struct results *results, FILE *to)
{
    double held = 0, broken = 0, rate = options->rate;
    bool generator = false; /* it was the generator that could do no more */
    while (rate > 0 && rate <= RATE_MOST && results->n_steps < FIND_STEPS &&
           (broken <= 0 || broken > held * CLOSE_ENOUGH)) {
        struct find_step *step = &results->steps[results->n_steps];
        if (!try_rate(load, options, live, results, rate, step))
            return false;
        if (live->stop)
            break;
        results->n_steps++;
        live_end(live);
        report_step(to, step);
        if (step->held && step->valid)
            held = rate;
        else {
            broken = rate;
            generator = !step->valid;
        }
        rate = next_rate(held, broken, options->rate);
    }
    results->max = held;
    if (!generator)
        *results->invalid = '\0';
    return true;
}
