/* What a run is to be judged by. */
#include "client/load/threshold.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"

enum { METRIC_MOST = 64 };

static const char *const wrong_form = "expected METRIC<VALUE, like deliver_p99<20ms";

static int find(const char *const names[], int n, const char *name)
{
    int i = 0;
    while (i < n && strcmp(names[i], name) != 0)
        i++;
    return i < n ? i : -1;
}

/* p50, p99.9: a percentile of times. */
static bool parse_quantile(const char *text, struct threshold *threshold)
{
    char *end;
    if (*text != 'p' || text[1] < '0' || text[1] > '9')
        return false;
    double percent = strtod(text + 1, &end);
    threshold->of = OF_QUANTILE;
    threshold->quantile = percent / 100;
    return !*end && !strpbrk(text, "xXeEnN") && percent <= 100;
}

static bool parse_aggregate(const char *text, struct threshold *threshold)
{
    static const struct {
        const char *name;
        enum threshold_of of;
    } known[] = {{"max", OF_MAX}, {"mean", OF_MEAN}, {"rate", OF_RATE}, {"count", OF_COUNT}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strcmp(text, known[i].name) == 0) {
            threshold->of = known[i].of;
            return true;
        }
    return parse_quantile(text, threshold);
}

/* The kind is everything before the last '_': deliver_raw_p99. */
static const char *parse_metric(char *metric, struct threshold *threshold)
{
    if (strcmp(metric, "errors") == 0) {
        threshold->of = OF_ERRORS;
        return NULL;
    }
    if (strncmp(metric, "errors_", 7) == 0) {
        threshold->of = OF_ERROR;
        threshold->which = find(error_names, ERRORS, metric + 7);
        return threshold->which < 0 ? "there is no such kind of error" : NULL;
    }
    char *last = strrchr(metric, '_');
    if (!last || !parse_aggregate(last + 1, threshold))
        return "the metric ends with none of _pNN, _max, _mean, _rate and _count";
    *last = '\0';
    threshold->which = find(kind_names, KINDS, metric);
    return threshold->which < 0 ? "there is no such kind of time" : NULL;
}

bool threshold_is_time(const struct threshold *threshold)
{
    return threshold->of == OF_QUANTILE || threshold->of == OF_MAX || threshold->of == OF_MEAN;
}

static const char *parse_value(const char *text, struct threshold *threshold)
{
    static const struct {
        const char *name;
        double us;
    } units[] = {{"us", 1}, {"ms", (double)MILLISECOND}, {"s", (double)SECOND}};
    size_t digits = strspn(text, "0123456789.");
    char *end;
    threshold->value = strtod(text, &end);
    if (digits == 0 || end != text + digits)
        return wrong_form;
    if (!threshold_is_time(threshold))
        return *end ? "the value is a number without a unit" : NULL;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strcmp(end, units[i].name) == 0) {
            threshold->value *= units[i].us;
            return NULL;
        }
    return "a time needs its unit: us, ms or s";
}

const char *threshold_parse(const char *text, struct threshold *threshold)
{
    char metric[METRIC_MOST];
    size_t n = strcspn(text, "<>");
    *threshold = (struct threshold){.text = text};
    if (n == 0 || n >= sizeof metric || !text[n])
        return wrong_form;
    memcpy(metric, text, n);
    metric[n] = '\0';
    threshold->below = text[n] == '<';
    threshold->equal_is_fine = text[n + 1] == '=';
    const char *wrong = parse_metric(metric, threshold);
    return wrong ? wrong : parse_value(text + n + 1 + threshold->equal_is_fine, threshold);
}

double threshold_measure(const struct threshold *threshold, const struct tally *tally, const double rates[KINDS])
{
    const struct hist *times = &tally->times[threshold->which];
    if (threshold_is_time(threshold) && hist_count(times) == 0)
        return NAN;
    switch (threshold->of) {
    case OF_QUANTILE:
        return (double)hist_quantile(times, threshold->quantile);
    case OF_MAX:
        return (double)hist_max(times);
    case OF_MEAN:
        return hist_mean(times);
    case OF_RATE:
        return rates[threshold->which];
    case OF_COUNT:
        return (double)hist_count(times);
    case OF_ERRORS:
        return (double)tally_errors(tally);
    case OF_ERROR:
        return (double)tally_error(tally, (enum error)threshold->which);
    }
    return 0;
}

bool threshold_holds(const struct threshold *threshold, double measured)
{
    if (isnan(measured))
        return false;
    if (threshold->equal_is_fine && !(measured < threshold->value) && !(measured > threshold->value))
        return true;
    return threshold->below ? measured < threshold->value : measured > threshold->value;
}
