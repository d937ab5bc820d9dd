/* The results as JSON. */
#include "client/load/json.h"

#include <cjson/cJSON.h>
#include <errno.h>
#include <stdio.h>

#include "client/load/profile.h"
#include "client/load/violation.h"
#include "common/clock.h"

/* Members are added without looking whether there was memory: what is missing then is noticed once, at the end, by a text
 * that can't be printed or by the schema. */
static void add(cJSON *to, const char *name, double value)
{
    cJSON_AddNumberToObject(to, name, value);
}

static void add_times(cJSON *to, const char *name, const struct hist *times, double rate)
{
    static const struct {
        const char *name;
        double quantile;
    } quantiles[] = {{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}};
    cJSON *object = cJSON_AddObjectToObject(to, name);
    add(object, "count", (double)hist_count(times));
    add(object, "rate", rate);
    add(object, "min", (double)hist_min(times));
    add(object, "mean", hist_mean(times));
    for (size_t i = 0; i < sizeof quantiles / sizeof *quantiles; i++)
        add(object, quantiles[i].name, (double)hist_quantile(times, quantiles[i].quantile));
    add(object, "max", (double)hist_max(times));
}

static void add_tally(cJSON *to, const struct tally *tally, const double *rates)
{
    cJSON *times = cJSON_AddObjectToObject(to, "times_us");
    for (enum kind kind = 0; kind < KINDS; kind++)
        if (kind != KIND_LAG && hist_count(&tally->times[kind]))
            add_times(times, kind_names[kind], &tally->times[kind], rates[kind]);
    cJSON *counts = cJSON_AddObjectToObject(to, "counts");
    for (enum count i = 0; i < COUNTS; i++)
        add(counts, count_names[i], (double)tally_count(tally, i));
    cJSON *errors = cJSON_AddObjectToObject(to, "errors");
    for (enum error i = 0; i < ERRORS; i++)
        add(errors, error_names[i], (double)tally_error(tally, i));
}

static void add_plan(cJSON *to, const struct options *options)
{
    const struct load_config *config = &options->config;
    cJSON *plan = cJSON_AddObjectToObject(to, "plan");
    cJSON_AddStringToObject(plan, "profile", config->profile->name);
    cJSON *connect = cJSON_AddArrayToObject(plan, "connect");
    for (size_t i = 0; i < config->n_connect; i++) {
        char text[NET_TEXT];
        net_text(&config->connect[i], text);
        cJSON_AddItemToArray(connect, cJSON_CreateString(text));
    }
    char seed[24];
    snprintf(seed, sizeof seed, "%llu", (unsigned long long)config->seed);
    cJSON_AddRawToObject(plan, "seed", seed);
    add(plan, "threads", config->threads);
    cJSON_AddBoolToObject(plan, "closed", config->closed);
    if (!config->profile->rooms) {
        add(plan, "clients", config->clients);
        return;
    }
    add(plan, "rooms", config->rooms);
    add(plan, "members", config->members);
    add(plan, "senders", config->senders);
    add(plan, "slow", config->slow);
    add(plan, "size", config->size);
    if (config->closed)
        add(plan, "window", config->window);
}

static void add_stages(cJSON *to, const struct results *results)
{
    cJSON *stages = cJSON_AddArrayToObject(to, "stages");
    for (size_t i = 0; i < results->n_stages; i++) {
        const struct stage_result *stage = &results->stages[i];
        cJSON *object = cJSON_CreateObject();
        cJSON_AddItemToArray(stages, object);
        add(object, "seconds", stage->seconds);
        add(object, "value", stage->value);
        add_tally(object, &stage->tally, stage->rates);
    }
}

static void add_delivery(cJSON *to, const struct results *results)
{
    cJSON *delivery = cJSON_AddObjectToObject(to, "delivery");
    cJSON_AddBoolToObject(delivery, "verified", results->options->config.verify);
    cJSON_AddBoolToObject(delivery, "drained", results->drained);
    add(delivery, "overtime_seconds", results->effort.overtime);
    add(delivery, "violations", (double)violation_sum());
    for (enum violation i = 0; i < VIOLATIONS; i++)
        add(delivery, violation_names[i], (double)violation_count(i));
    if (violation_sum())
        cJSON_AddStringToObject(delivery, "first", violation_first());
    if (*violation_first_of_protocol())
        cJSON_AddStringToObject(delivery, "first_protocol_error", violation_first_of_protocol());
}

static void add_generator(cJSON *to, const struct results *results)
{
    const struct load_effort *effort = &results->effort;
    cJSON *generator = cJSON_AddObjectToObject(to, "generator");
    add(generator, "seconds", effort->seconds);
    add(generator, "cpu_seconds", effort->ran);
    add(generator, "cpu_wanted_seconds", effort->wanted);
    add(generator, "busiest_thread", effort->busiest);
    add(generator, "late_us", (double)effort->late);
    add_times(generator, "lag_us", &results->total.times[KIND_LAG], results->rates[KIND_LAG]);
    cJSON_AddBoolToObject(generator, "valid", !*results->invalid);
    if (*results->invalid)
        cJSON_AddStringToObject(generator, "why", results->invalid);
}

static void add_judgement(cJSON *to, const struct results *results)
{
    const struct options *options = results->options;
    cJSON *thresholds = cJSON_AddArrayToObject(to, "thresholds");
    for (size_t i = 0; i < options->n_thresholds; i++) {
        cJSON *object = cJSON_CreateObject();
        cJSON_AddItemToArray(thresholds, object);
        cJSON_AddStringToObject(object, "threshold", options->thresholds[i].text);
        add(object, "measured", results->measured[i]);
        cJSON_AddBoolToObject(object, "held", results->held[i]);
    }
    if (!options->find_max)
        return;
    cJSON *find = cJSON_AddObjectToObject(to, "find_max");
    add(find, "rate", results->max);
    cJSON *steps = cJSON_AddArrayToObject(find, "steps");
    for (size_t i = 0; i < results->n_steps; i++) {
        cJSON *object = cJSON_CreateObject();
        cJSON_AddItemToArray(steps, object);
        add(object, "rate", results->steps[i].rate);
        add(object, "deliver_p99_us", results->steps[i].p99);
        cJSON_AddBoolToObject(object, "held", results->steps[i].held);
        cJSON_AddBoolToObject(object, "valid", results->steps[i].valid);
    }
}

bool json_write(const struct results *results, int code, const char *path)
{
    cJSON *root = cJSON_CreateObject();
    cJSON_AddStringToObject(root, "program", "conveyor-load");
    cJSON_AddStringToObject(root, "version", CONVEYOR_VERSION);
    cJSON_AddStringToObject(root, "started", results->started);
    add_plan(root, results->options);
    add(root, "seconds", results->seconds);
    cJSON_AddBoolToObject(root, "stopped", results->stopped);
    add_tally(root, &results->total, results->rates);
    add_stages(root, results);
    add_delivery(root, results);
    add_generator(root, results);
    add_judgement(root, results);
    add(root, "exit", code);
    char *text = cJSON_Print(root);
    cJSON_Delete(root);
    FILE *file = text ? fopen(path, "we") : NULL;
    if (!text)
        errno = ENOMEM;
    bool fine = file && fprintf(file, "%s\n", text) > 0;
    if (file && fclose(file) != 0)
        fine = false;
    cJSON_free(text);
    return fine;
}
