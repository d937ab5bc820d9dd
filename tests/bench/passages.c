/* What a whole visit costs: connect, name, join, leave, disconnect; many at once. */
#include <stdio.h>
#include <string.h>

#include "common/clock.h"
#include "tests/bench/beside.h"
#include "tests/bench/figure.h"
#include "tests/bench/sections.h"
#include "tests/bench/stages.h"
#include "tests/bench/visits.h"

#define WARM_UP (250 * MILLISECOND)
#define MEASURED (1500 * MILLISECOND)

enum { VISITORS = 64 };

static const char *const ways[] = {"in lock step: each request when the last is answered", "all requests at once"};
enum { WAYS = sizeof ways / sizeof *ways };

/* Figures of one passage, but for the first and the last two. */
struct result {
    struct figure rate; /* passages a second */
    struct figure cpu, user, system;
    struct figure switches, preempted;
    struct share share;                 /* CPUs the bots took */
    struct figure threads[USAGE_NAMES]; /* CPU by the threads' names */
    char names[USAGE_NAMES][16];
    struct stage_counts stages[STAGES_MOST]; /* of the last run, from its start to its end */
    size_t n_stages;
    double passages; /* of all that run */
};

/* The threads of a server are the same in every run, and come in the same order. */
static void add_usage(const struct usage *usage, double done, struct result *result)
{
    figure_add(&result->user, 1e6 * usage->user / done);
    figure_add(&result->system, 1e6 * usage->system / done);
    figure_add(&result->switches, usage->switches / done);
    figure_add(&result->preempted, usage->preempted / done);
    for (size_t i = 0; i < usage->n; i++) {
        size_t at = 0;
        while (at < USAGE_NAMES - 1 && *result->names[at] && strcmp(result->names[at], usage->threads[i].name) != 0)
            at++;
        snprintf(result->names[at], sizeof result->names[at], "%s", usage->threads[i].name);
        if (result->threads[at].n < result->user.n)
            figure_add(&result->threads[at], 1e6 * usage->threads[i].cpu / done);
    }
}

static void measure_target(const struct target *target, size_t way, struct result *result)
{
    struct guests guests = {
        .profile = &profile_churn, .clients = VISITORS, .ahead = way == 1, .warm_up = WARM_UP, .length = MEASURED};
    struct visits visits;
    visits_measure(target, &guests, &visits);
    double done = (double)hist_count(&visits.passed.times[KIND_VISIT]);
    figure_add(&result->rate, done / visits.seconds);
    figure_add(&result->cpu, 1e6 * visits.cpu / done);
    share_add(&result->share, &visits.effort);
    add_usage(&visits.used, done, result);
    result->passages = visits_all(&visits, KIND_VISIT);
    result->n_stages = *target->arch ? stages_read(&visits.server, result->stages) : 0;
    visits_close(&visits);
}

static void print_figures(const struct plan *plan, const struct result *results)
{
    printf("    %-13s", "");
    figure_print_head("passages a second");
    figure_print_brief_ratio_head("/ floor");
    beside_print_head(plan);
    figure_print_head("server CPU, us each");
    figure_print_brief_ratio_head("/ floor");
    beside_print_head(plan);
    share_print_head();
    putchar('\n');
    for (size_t a = 0; a < plan->n; a++) {
        const struct result *result = &results[a];
        printf("    %-13s", plan->targets[a].label);
        figure_print(&result->rate, 0);
        figure_print_brief_ratio(&result->rate, &results->rate);
        beside_print(plan, a, &results->rate, sizeof *results);
        figure_print(&result->cpu, 1);
        figure_print_brief_ratio(&result->cpu, &results->cpu);
        beside_print(plan, a, &results->cpu, sizeof *results);
        share_print(&result->share);
        putchar('\n');
    }
}

static void print_threads(const struct target *target, const struct result *result)
{
    printf("    %-13s a passage: user %.1f us, system %.1f us; %.2f context switches, %.2f of them suffered\n",
           target->label, figure_median(&result->user), figure_median(&result->system),
           figure_median(&result->switches), figure_median(&result->preempted));
    printf("    %-13s by thread, us of CPU:", "");
    for (size_t i = 0; i < USAGE_NAMES && *result->names[i]; i++)
        printf(" %s %.1f", result->names[i], figure_median(&result->threads[i]));
    putchar('\n');
}

/* Turns and what they do are counted by the server, which sees the bots' pace, not the bench's clock. */
static void print_stages(const struct result *result)
{
    if (result->n_stages == 0)
        return;
    printf("    %-13s the server's counters, last run:", "");
    for (size_t i = 0; i < result->n_stages; i++) {
        const struct stage_counts *stage = &result->stages[i];
        if (stage->turns == 0)
            continue;
        printf("%s %s %.2f turns, batch %.1f, busy %.1f us", i ? ";" : "", stage->name, stage->turns / result->passages,
               stage->batch_mean, stage->busy_us / result->passages);
        if (stage->belt_us > 0)
            printf(", %.0f us on its belt", stage->belt_us / stage->arrivals);
    }
    putchar('\n');
}

void section_passages(const struct plan *plan)
{
    static struct result results[WAYS][TARGETS_MOST];
    const struct plan all = plan_with_floor(plan);
    for (int r = 0; r < figure_rounds; r++)
        for (size_t w = 0; w < WAYS; w++)
            for (size_t i = 0; i < all.n; i++) {
                size_t t = plan_turn(&all, r, i);
                measure_target(&all.targets[t], w, &results[w][t]);
            }
    printf("\npassages: connect, name, join, leave, disconnect, closed; %d visitors at a time, one chat; "
           "%.2f s after %.2f s of warm-up\n",
           VISITORS, (double)MEASURED / SECOND, (double)WARM_UP / SECOND);
    for (size_t w = 0; w < WAYS; w++) {
        printf("  %s\n", ways[w]);
        print_figures(&all, results[w]);
        for (size_t t = 0; t < all.n; t++) {
            print_threads(&all.targets[t], &results[w][t]);
            print_stages(&results[w][t]);
        }
    }
}
