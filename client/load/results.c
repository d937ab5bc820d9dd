/* What came of a run. */
#include "client/load/results.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "client/load/profile.h"
#include "client/load/violation.h"
#include "common/clock.h"

/* How late the generator may be with 99 in 100 messages. It hears of what comes by the same loop: it is as late with that.
 * A thread that is never idle has no time left to make up for anything, so less is borne of it. */
#define LAG_MOST (10 * MILLISECOND)
#define LAG_MOST_BUSY MILLISECOND
#define BUSY 0.95 /* of the time */

bool results_open(struct results *results, const struct options *options)
{
    time_t now = time(NULL);
    struct tm parts;
    *results = (struct results){.options = options, .drained = true};
    strftime(results->started, sizeof results->started, "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&now, &parts));
    return tally_open(&results->total) && tally_open(&results->after);
}

static void close_stages(struct results *results)
{
    while (results->n_stages)
        tally_close(&results->stages[--results->n_stages].tally);
}

void results_close(struct results *results)
{
    close_stages(results);
    tally_close(&results->total);
    tally_close(&results->after);
}

/* So much of the phase as has passed, when somebody stopped it. */
static double length_of(const struct load_phase *phase, double passed)
{
    double length = (double)phase->length / SECOND;
    return passed < length ? passed : length;
}

static bool take_stage(struct results *results, const struct load *load, size_t phase, double seconds)
{
    struct stage_result *stage = &results->stages[results->n_stages];
    if (!tally_open(&stage->tally))
        return false;
    results->n_stages++;
    stage->seconds = seconds;
    stage->value = results->options->phases[phase].value;
    load_tally(load, (int)phase, &stage->tally);
    for (enum kind kind = 0; kind < KINDS; kind++)
        stage->rates[kind] = tally_rate(&stage->tally, kind, seconds);
    results->seconds += seconds;
    tally_add(&results->total, &stage->tally);
    return true;
}

bool results_full(const struct results *results)
{
    return results->effort.busiest > BUSY;
}

/* Only a schedule can be kept or not; who waits for answers makes no promise. Each stage for itself: a long one would hide
 * what a short one was. */
static void judge_generator(struct results *results)
{
    const struct load_effort *effort = &results->effort;
    int64_t lag = effort->late;
    for (size_t i = 0; i < results->n_stages; i++) {
        int64_t sent_late = hist_quantile(&results->stages[i].tally.times[KIND_LAG], 0.99);
        lag = sent_late > lag ? sent_late : lag;
    }
    *results->invalid = '\0';
    if (!load_paced(&results->options->config))
        return;
    if (lag > LAG_MOST || (results_full(results) && lag > LAG_MOST_BUSY))
        snprintf(results->invalid, sizeof results->invalid,
                 "the generator was late: by more than %.1f ms, one time in a hundred, with what it sent or with what "
                 "it had to look at; its busiest thread ran %.0f %% of the time",
                 (double)lag / MILLISECOND, 100 * effort->busiest);
}

static uint32_t wanted_at_the_end(const struct options *options)
{
    const struct load_config *config = &options->config;
    return config->staged ? (uint32_t)options->phases[options->n_phases - 1].value : load_bots(config);
}

static void add_errors(struct tally *to, const struct load *load, int phase)
{
    for (enum error i = 0; i < ERRORS; i++)
        counter_add(&to->errors[i], load_error_in(load, phase, i));
}

static void measure(struct results *results)
{
    const struct options *options = results->options;
    for (size_t i = 0; i < options->n_thresholds; i++) {
        results->measured[i] = threshold_measure(&options->thresholds[i], &results->total, results->rates);
        results->held[i] = threshold_holds(&options->thresholds[i], results->measured[i]);
    }
}

/* Errors count whenever they happened, rates are of the measured phases alone. */
static void take_the_rest(struct results *results, const struct load *load)
{
    for (size_t i = 0; i < results->options->n_phases; i++)
        if (!results->options->phases[i].measured)
            add_errors(&results->total, load, (int)i);
    tally_clear(&results->after);
    load_tally(load, load_after(load), &results->after);
    tally_add(&results->total, &results->after);
    results->anybody = load_had_anybody(load);
    results->deserted = load_missing(load) > 0 && 2 * load_missing(load) >= wanted_at_the_end(results->options) &&
                        load_present(load) == 0 && load_parted(load) == 0;
}

bool results_take(struct results *results, const struct load *load)
{
    const struct options *options = results->options;
    close_stages(results);
    tally_clear(&results->total);
    results->effort = load_effort(load);
    results->seconds = 0;
    double passed = results->effort.seconds;
    for (size_t i = 0; i < options->n_phases && passed > 0; i++) {
        double seconds = length_of(&options->phases[i], passed);
        passed -= seconds;
        if (options->phases[i].measured && !take_stage(results, load, i, seconds))
            return false;
    }
    for (enum kind kind = 0; kind < KINDS; kind++)
        results->rates[kind] = tally_rate(&results->total, kind, results->seconds);
    judge_generator(results);
    take_the_rest(results, load);
    measure(results);
    return true;
}

void results_keep(const struct results *results, struct results_kept *kept)
{
    tally_copy(&kept->total, &results->total);
    kept->seconds = results->seconds;
    kept->effort = results->effort;
    memcpy(kept->rates, results->rates, sizeof kept->rates);
    memcpy(kept->measured, results->measured, sizeof kept->measured);
}

void results_go_back(struct results *results, const struct results_kept *kept)
{
    close_stages(results);
    tally_copy(&results->total, &kept->total);
    results->seconds = kept->seconds;
    results->effort = kept->effort;
    memcpy(results->rates, kept->rates, sizeof kept->rates);
    memcpy(results->measured, kept->measured, sizeof kept->measured);
    for (size_t i = 0; i < results->options->n_thresholds; i++)
        results->held[i] = true;
    *results->invalid = '\0';
}

/* With all that the bots' goodbyes added to what has been taken, and how they came in. */
bool results_end(struct results *results, const struct load *load)
{
    struct tally goodbyes;
    if (!tally_open(&goodbyes))
        return false;
    load_tally(load, load_after(load), &goodbyes);
    tally_subtract(&goodbyes, &results->after);
    tally_add(&results->total, &goodbyes);
    tally_close(&goodbyes);
    load_tally(load, LOAD_BEFORE, &results->total);
    if (!results->options->find_max)
        measure(results);
    return true;
}

bool results_held(const struct results *results)
{
    for (size_t i = 0; i < results->options->n_thresholds; i++)
        if (!results->held[i])
            return false;
    return true;
}

int results_exit(const struct results *results)
{
    if (!results->anybody || results->deserted)
        return EXIT_FAILED;
    if (violation_sum() || *violation_first_of_protocol())
        return EXIT_DELIVERY;
    if (!results->drained)
        return EXIT_FAILED;
    if (results->options->find_max && results->n_steps == 0)
        return EXIT_FAILED;
    if (*results->invalid)
        return EXIT_INVALID;
    if (results->options->find_max)
        return results->max > 0 ? EXIT_FINE : EXIT_THRESHOLD;
    return results_held(results) ? EXIT_FINE : EXIT_THRESHOLD;
}
