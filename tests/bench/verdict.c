/* The architectures against each other, at saturation and at equal rates: the first verdict on the thesis's conjecture. */
#include "tests/bench/verdict.h"

#include <stdio.h>
#include <string.h>

#include "tests/bench/bench.h"
#include "tests/bench/sections.h"

#define DRAIN (25 * SECOND_NS) /* for all of a run besides its time: its start, what is late, goodbyes, its end */

const int verdict_percent[VERDICT_RUNS] = {[RUN_LOW] = 10, [RUN_HALF] = 50, [RUN_HIGH] = 80};

/* The thesis's bots make a chat each when all of them come at once, but not when they come one after the other: that is not left
 * to chance. */
static const struct verdict_case cases[VERDICT_CASES] = {
    {"thesis, 2 bots", LOAD_THESIS, .rooms = 4, .clients = 2},
    {"thesis, 10 bots", LOAD_THESIS, .rooms = 10, .clients = 10},
    {"thesis, 100 bots", LOAD_THESIS, .rooms = 100, .clients = 100},
    {"rooms, 1 x 100, all send", LOAD_ROOMS, .rooms = 1, .clients = 100},
    {"rooms, 100 x 10, all send", LOAD_ROOMS, .rooms = 100, .clients = 10},
    {"churn, 64 visitors in lock step", LOAD_CHURN, .clients = 64},
};
enum { CROWD = 2 /* the thesis's result is that of its largest crowd */ };

/* Who has failed at something once is not asked for it again: its rounds stay those of the others' beginning. */
static void measure(struct verdict *verdict, size_t of, size_t t, enum verdict_run run, double rate)
{
    struct verdict_cell *cell = &verdict->cells[of][t];
    struct verdict_task task = {&verdict->cases[of], &verdict->plan->targets[t], run, rate};
    struct verdict_lengths lengths = verdict_lengths(&task);
    double readings[VERDICT_READINGS];
    int64_t limit = (int64_t)((lengths.warm_up + lengths.measured) * 1e9) + DRAIN;
    if (*cell->failed[run])
        return;
    if (run != RUN_SATURATED && rate <= 0)
        snprintf(cell->failed[run], TRIAL_COMPLAINT, "its rate is not known");
    else if (trial_run(verdict_measure, &task, readings, sizeof readings, limit, cell->failed[run]))
        for (size_t i = 0; i < VERDICT_READINGS; i++)
            figure_add(&cell->at[run][i], readings[i]);
}

static double saturation(const struct verdict *verdict, size_t of, size_t t)
{
    return figure_median(&verdict->cells[of][t].at[RUN_SATURATED][READ_TURNS]);
}

/* All are asked for shares of what the slowest of them can do; the baseline, which would be that, for shares of its own. */
static void find_capacity(struct verdict *verdict, size_t of)
{
    double least = 0;
    for (size_t t = 0; t < verdict->plan->n; t++) {
        double own = saturation(verdict, of, t);
        if (!target_is_baseline(&verdict->plan->targets[t]) && own > 0 && (own < least || least <= 0))
            least = own;
    }
    for (size_t t = 0; t < verdict->plan->n; t++)
        verdict->capacity[of][t] = target_is_baseline(&verdict->plan->targets[t]) ? saturation(verdict, of, t) : least;
}

static void saturate(struct verdict *verdict, int round)
{
    for (size_t of = 0; of < VERDICT_CASES; of++)
        for (size_t i = 0; i < verdict->plan->n; i++)
            measure(verdict, of, plan_turn(verdict->plan, round, i), RUN_SATURATED, 0);
}

static void pace(struct verdict *verdict, int round)
{
    const struct plan *plan = verdict->plan;
    for (size_t of = 0; of < VERDICT_CASES; of++)
        for (enum verdict_run run = RUN_LOW; run <= RUN_HIGH; run++)
            for (size_t i = 0; i < plan->n; i++) {
                size_t t = plan_turn(plan, round, i);
                measure(verdict, of, t, run, verdict->capacity[of][t] * verdict_percent[run] / 100);
            }
    for (size_t i = 0; verdict->baseline < plan->n && i < plan->n; i++)
        measure(verdict, CROWD, plan_turn(plan, round, i), RUN_BASELINES,
                saturation(verdict, CROWD, verdict->baseline));
}

static void say_round(int round, const char *what, int64_t begin)
{
    printf("  round %d of %d, %s: %.0f s\n", round + 1, figure_rounds, what, SECONDS(bench_now() - begin));
    fflush(stdout);
}

void section_verdict(const struct plan *plan)
{
    static struct verdict verdict;
    verdict = (struct verdict){.plan = plan, .cases = cases, .baseline = plan_baseline(plan)};
    printf("\nverdict: each measurement with a new server and a new folder, in a process of its own\n");
    for (int r = 0; r < figure_rounds; r++) {
        int64_t begin = bench_now();
        saturate(&verdict, r);
        say_round(r, "at saturation", begin);
    }
    for (size_t of = 0; of < VERDICT_CASES; of++)
        find_capacity(&verdict, of);
    for (int r = 0; r < figure_rounds; r++) {
        int64_t begin = bench_now();
        pace(&verdict, r);
        say_round(r, "at rates", begin);
    }
    for (size_t of = 0; of < VERDICT_CASES; of++)
        verdict_print_case(&verdict, of);
    verdict_print_baseline(&verdict, CROWD);
    verdict_print_score(&verdict);
}
