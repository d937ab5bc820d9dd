/* The results as text, for people. */
#include "client/load/report.h"

#include <inttypes.h>
#include <math.h>

#include "client/load/profile.h"
#include "client/load/violation.h"
#include "common/clock.h"

#define OVERTIME_TOLD 0.5 /* seconds */

static double ms(double us)
{
    return us / MILLISECOND;
}

static void print_shape(FILE *to, const struct load_config *config)
{
    if (!config->profile->rooms) {
        fprintf(to, "%u client%s", config->clients, config->clients == 1 ? "" : "s");
        return;
    }
    fprintf(to, "%u room%s x %u members, %u of each send, texts of %u bytes", config->rooms,
            config->rooms == 1 ? "" : "s", config->members, config->senders, config->size);
    if (config->slow)
        fprintf(to, ", %u do not read", config->slow);
    if (config->closed)
        fprintf(to, ", %u in flight", config->window);
}

void report_begin(FILE *to, const struct options *options)
{
    const struct load_config *config = &options->config;
    fprintf(to, "%s: ", config->profile->name);
    print_shape(to, config);
    for (size_t i = 0; i < options->n_phases && !options->find_max; i++) {
        const struct load_phase *phase = &options->phases[i];
        if (config->profile->endless && !options->duration && !options->config.staged && phase->measured)
            fprintf(to, "; until stopped");
        else
            fprintf(to, "; %.10g s", (double)phase->length / SECOND);
        if (!phase->measured)
            fprintf(to, " to warm up");
        else if (load_paced(config))
            fprintf(to, " at %.10g %s a second", phase->value, config->profile->rooms ? "messages" : "turns");
        else if (config->staged)
            fprintf(to, " with %.0f clients", phase->value);
    }
    fprintf(to, "; %u thread%s; seed %" PRIu64 "\n", config->threads, config->threads == 1 ? "" : "s", config->seed);
    fflush(to);
}

void report_step(FILE *to, const struct find_step *step)
{
    fprintf(to, "  %9.0f a second: deliver p99 %.3f ms, %s\n", step->rate, ms(step->p99),
            !step->valid ? "the generator can't do it"
            : step->held ? "held"
                         : "broken");
    fflush(to);
}

/* ---- Times ---- */

/* What came before time began, or after it was over, has no rate. */
static void print_times(FILE *to, const struct tally *tally, const double *rates, enum kind kind, const char *name)
{
    const struct hist *times = &tally->times[kind];
    char rate[32] = "-";
    if (hist_count(times) == 0)
        return;
    if (rates[kind] > 0)
        snprintf(rate, sizeof rate, "%.1f", rates[kind]);
    fprintf(to, "  %-22s %12" PRIu64 " %12s %9.3f %9.3f %9.3f %9.3f %9.3f\n", name, hist_count(times), rate,
            ms((double)hist_quantile(times, 0.5)), ms((double)hist_quantile(times, 0.9)),
            ms((double)hist_quantile(times, 0.99)), ms((double)hist_quantile(times, 0.999)),
            ms((double)hist_max(times)));
}

static void print_table(FILE *to, const struct tally *tally, const double *rates)
{
    static const char *const what[KINDS] = {
        [KIND_CONNECT] = "connect",
        [KIND_NAME] = "name",
        [KIND_CREATE] = "create",
        [KIND_JOIN] = "join",
        [KIND_SEND] = "send, to own echo",
        [KIND_DELIVER] = "deliver, to each",
        [KIND_SEND_RAW] = "send, raw",
        [KIND_DELIVER_RAW] = "deliver, raw",
        [KIND_REPLAY] = "replay",
        [KIND_LEAVE] = "leave",
        [KIND_QUIT] = "quit",
        [KIND_VISIT] = "visit",
    };
    fprintf(to, "\n  %-22s %12s %12s %9s %9s %9s %9s %9s   ms\n", "", "count", "a second", "p50", "p90", "p99", "p99.9",
            "max");
    for (enum kind kind = 0; kind < KINDS; kind++)
        if (what[kind])
            print_times(to, tally, rates, kind, what[kind]);
}

/* From when the times of the table above it count. */
static void print_since(FILE *to, const struct load_config *config)
{
    if (load_paced(config) && config->profile->rooms)
        fprintf(to, "  (send and deliver are measured from when a message was due; raw: from when it was sent)\n");
    else if (load_paced(config))
        fprintf(to, "  (visits, and the first request of a turn, are measured from when they were due)\n");
}

static void print_counts(FILE *to, const struct results *results)
{
    const struct tally *total = &results->total;
    fprintf(to,
            "\n  in %.2f s: %" PRIu64 " messages sent (%.0f a second), %" PRIu64 " records delivered (%.0f a second)",
            results->seconds, tally_count(total, COUNT_SENT), results->rates[KIND_LAG],
            tally_count(total, COUNT_DELIVERED), results->rates[KIND_DELIVER]);
    if (tally_count(total, COUNT_REPLAYED))
        fprintf(to, ", %" PRIu64 " replayed", tally_count(total, COUNT_REPLAYED));
    fprintf(to, "; %.1f MB in, %.1f MB out\n", (double)tally_count(total, COUNT_BYTES_IN) / 1e6,
            (double)tally_count(total, COUNT_BYTES_OUT) / 1e6);
    if (tally_count(total, COUNT_RECONNECTS))
        fprintf(to, "  reconnects: %" PRIu64 "\n", tally_count(total, COUNT_RECONNECTS));
    fprintf(to, "  errors: %" PRIu64, tally_errors(total));
    for (enum error i = 0; i < ERRORS; i++)
        if (tally_error(total, i))
            fprintf(to, ", %s %" PRIu64, error_names[i], tally_error(total, i));
    putc('\n', to);
}

static void print_generator(FILE *to, const struct results *results)
{
    const struct hist *lag = &results->total.times[KIND_LAG];
    fprintf(to, "  the generator: %.0f %% of a CPU, its busiest thread %.0f %%",
            results->effort.seconds > 0 ? 100 * results->effort.ran / results->effort.seconds : 0,
            100 * results->effort.busiest);
    if (hist_count(lag))
        fprintf(to, "; it sent late by p50 %.3f, p99 %.3f, max %.3f ms", ms((double)hist_quantile(lag, 0.5)),
                ms((double)hist_quantile(lag, 0.99)), ms((double)hist_max(lag)));
    putc('\n', to);
    if (*results->invalid)
        fprintf(to, "  INVALID: %s\n", results->invalid);
    else if (results_full(results))
        fprintf(to, "  that thread hardly ever waited: these may be the limits of the bots, not of the server\n");
}

static void print_verdict(FILE *to, const struct results *results)
{
    if (!results->anybody)
        fprintf(to, "  FAILED: no bot was ever given a name\n");
    else if (results->deserted)
        fprintf(to, "  FAILED: at the end nobody was there, and the bots tried in vain to come back\n");
    else if (!results->options->config.verify)
        fprintf(to, "  delivery: not looked at\n");
    else if (violation_sum() == 0)
        fprintf(to, "  delivery: no record lost, doubled or out of order%s\n",
                results->options->chats ? ", and all of them are in the files" : "");
    else
        fprintf(to, "  delivery: VIOLATED %" PRIu64 " times; the first: %s\n", violation_sum(), violation_first());
    if (*violation_first_of_protocol())
        fprintf(to, "  protocol errors; the first: %s\n", violation_first_of_protocol());
    if (!results->drained)
        fprintf(to, "  FAILED: not everything that was asked for was answered, though it was waited for\n");
    else if (results->effort.overtime > OVERTIME_TOLD)
        fprintf(to, "  the last of it came %.1f s after time was over: %s behind\n", results->effort.overtime,
                results_full(results)             ? "server or bots were"
                : results->options->config.events ? "the server or the reader of the log was"
                                                  : "the server was");
}

static void print_thresholds(FILE *to, const struct results *results)
{
    for (size_t i = 0; i < results->options->n_thresholds; i++) {
        const struct threshold *threshold = &results->options->thresholds[i];
        double measured = results->measured[i];
        fprintf(to, "  threshold %s: %s, ", threshold->text, results->held[i] ? "held" : "BROKEN");
        if (isnan(measured))
            fprintf(to, "nothing of the kind was timed\n");
        else if (threshold_is_time(threshold))
            fprintf(to, "it was %.3f ms\n", ms(measured));
        else
            fprintf(to, "it was %.0f\n", measured);
    }
}

void report_end(FILE *to, const struct results *results)
{
    const struct load_config *config = &results->options->config;
    for (size_t i = 0; results->n_stages > 1 && i < results->n_stages; i++) {
        const struct stage_result *stage = &results->stages[i];
        fprintf(to, "\n  stage %zu: %.10g for %.2f s", i + 1, stage->value, stage->seconds);
        print_table(to, &stage->tally, stage->rates);
    }
    print_table(to, &results->total, results->rates);
    print_since(to, config);
    print_counts(to, results);
    print_generator(to, results);
    print_verdict(to, results);
    if (!results->options->find_max)
        print_thresholds(to, results);
    else if (results->max > 0)
        fprintf(to, "  the last rate that held: %.0f messages a second\n", results->max);
    else if (results->n_steps == 0)
        fprintf(to, "  stopped before the first rate could be judged\n");
    else
        fprintf(to, "  not even the first rate held\n");
}

/* ---- The distribution ---- */

static void print_hgrm(FILE *to, const struct hist *times)
{
    struct hist_step step;
    uint64_t below = 0, count = hist_count(times);
    fprintf(to, "%12s %14s %10s %14s\n\n", "Value", "Percentile", "TotalCount", "1/(1-Percentile)");
    for (size_t at = 0; hist_next(times, &at, &step);) {
        below += step.count;
        double share = count ? (double)below / (double)count : 0;
        fprintf(to, "%12.3f %14.12f %10" PRIu64, ms((double)step.value), share, below);
        if (below < count)
            fprintf(to, " %14.2f", 1 / (1 - share));
        putc('\n', to);
    }
    fprintf(to, "#[Mean    = %12.3f]\n#[Max     = %12.3f, Total count    = %12" PRIu64 "]\n", ms(hist_mean(times)),
            ms((double)hist_max(times)), count);
}

bool report_hgrm(const struct results *results, const char *path)
{
    FILE *file = fopen(path, "we");
    if (!file)
        return false;
    print_hgrm(file, &results->total.times[results->options->config.profile->main]);
    bool fine = !ferror(file);
    return fclose(file) == 0 && fine;
}
