/* The verdict's tables, and who wins: a difference counts only when it is the same in every round. */
#include <stdio.h>
#include <string.h>

#include "tests/bench/verdict.h"

#define GOAL_BASELINE 50 /* times the conveyor's p99, at least */

/* ---- Who wins ---- */

/* What is compared with the rivals. */
static const struct contest {
    const char *name;
    enum verdict_run run;
    enum verdict_reading reading; /* of the thesis's load the rate is that of requests answered */
    bool more;                    /* is better */
} contests[] = {
    {"CPU", RUN_SATURATED, READ_CPU, false},       {"rate", RUN_SATURATED, READ_TURNS, true},
    {"p99 at 50 %", RUN_HALF, READ_P99, false},    {"p99 at 80 %", RUN_HIGH, READ_P99, false},
    {"memory", RUN_SATURATED, READ_MEMORY, false},
};
enum { CONTESTS = sizeof contests / sizeof *contests };

static enum verdict_reading reading_of(const struct contest *contest, const struct verdict_case *of)
{
    return contest->reading == READ_TURNS && of->load == LOAD_THESIS ? READ_ANSWERED : contest->reading;
}

static struct figure ratio_of(const struct verdict *verdict, size_t of, size_t rival, const struct contest *contest)
{
    enum verdict_reading reading = reading_of(contest, &verdict->cases[of]);
    const struct verdict_cell *cells = verdict->cells[of];
    return figure_ratio(&cells[plan_find(verdict->plan, "conveyor")].at[contest->run][reading],
                        &cells[rival].at[contest->run][reading]);
}

enum outcome { WINS, TIES, LOSES, UNKNOWN, OUTCOMES };
static const char *const outcome_names[OUTCOMES] = {"wins", "ties", "loses", "not measured"};

/* Unless all rounds are there nothing is won. */
static enum outcome decide(const struct figure *ratio, bool more)
{
    if (ratio->n < figure_rounds)
        return UNKNOWN;
    if (figure_least(ratio) > 1)
        return more ? WINS : LOSES;
    if (figure_most(ratio) < 1)
        return more ? LOSES : WINS;
    return TIES;
}

static void print_contests(const struct verdict *verdict, size_t of, size_t rival)
{
    printf("    conveyor / %s\n", verdict->plan->targets[rival].label);
    for (size_t i = 0; i < CONTESTS; i++) {
        struct figure ratio = ratio_of(verdict, of, rival, &contests[i]);
        printf("      %-13s", contests[i].name);
        figure_print(&ratio, 2);
        printf(" %s\n", outcome_names[decide(&ratio, contests[i].more)]);
    }
}

static bool has_conveyor(const struct verdict *verdict)
{
    return plan_find(verdict->plan, "conveyor") < verdict->plan->n;
}

static void print_score(const struct verdict *verdict, size_t rival)
{
    int sums[OUTCOMES] = {0};
    printf("    conveyor against %s\n      %-13s", verdict->plan->targets[rival].label, "");
    for (enum outcome outcome = 0; outcome < OUTCOMES; outcome++)
        printf(" %6s", outcome_names[outcome]);
    putchar('\n');
    for (size_t i = 0; i < CONTESTS; i++) {
        int counts[OUTCOMES] = {0};
        for (size_t of = 0; of < VERDICT_CASES; of++) {
            struct figure ratio = ratio_of(verdict, of, rival, &contests[i]);
            enum outcome outcome = decide(&ratio, contests[i].more);
            counts[outcome]++;
            sums[outcome]++;
        }
        printf("      %-13s %6d %6d %6d %6d\n", contests[i].name, counts[WINS], counts[TIES], counts[LOSES],
               counts[UNKNOWN]);
    }
    printf("      %-13s %6d %6d %6d %6d\n", "all", sums[WINS], sums[TIES], sums[LOSES], sums[UNKNOWN]);
}

void verdict_print_score(const struct verdict *verdict)
{
    struct rivals rivals = plan_rivals(verdict->plan);
    printf("  over all cases; a difference counts when it is the same in all of %d rounds\n", figure_rounds);
    if (!has_conveyor(verdict) || rivals.n == 0)
        printf("    the conveyor, or whom to compare it with, is not among the targets\n");
    for (size_t i = 0; has_conveyor(verdict) && i < rivals.n; i++)
        print_score(verdict, rivals.at[i]);
}

/* ---- Tables ---- */

static const struct {
    const char *cpu, *rate, *turns, *switches;
    enum verdict_reading reading;
} words[] = {
    [LOAD_THESIS] = {"server CPU, us a record", "requests answered a s", "turns", "switches a message", READ_ANSWERED},
    [LOAD_ROOMS] = {"server CPU, us a record", "messages a s", "messages", "switches a message", READ_TURNS},
    [LOAD_CHURN] = {"server CPU, us a passage", "passages a s", "passages", "switches a passage", READ_TURNS},
};

static void print_label(const struct verdict *verdict, size_t t)
{
    const struct target *target = &verdict->plan->targets[t];
    char label[sizeof target->label + 1];
    snprintf(label, sizeof label, "%s%s", target->label, target_is_baseline(target) ? "*" : "");
    printf("    %-13s", label);
}

static void print_failure(const char *complaint, enum verdict_run run)
{
    if (*complaint && verdict_percent[run])
        printf("  FAILED at %d %%: %s", verdict_percent[run], complaint);
    else if (*complaint)
        printf("  FAILED: %s", complaint);
}

static void print_saturated(const struct verdict *verdict, size_t of, size_t t)
{
    const struct verdict_cell *cell = &verdict->cells[of][t];
    const struct figure *at = cell->at[RUN_SATURATED];
    enum verdict_load load = verdict->cases[of].load;
    print_label(verdict, t);
    figure_print(&at[READ_CPU], 3);
    figure_print(&at[words[load].reading], 0);
    if (load != LOAD_CHURN)
        figure_print(&at[READ_DELIVERED], 3);
    figure_print(&at[READ_SWITCHES], 3);
    figure_print(&at[READ_MEMORY], 0);
    printf(" %10.2f", figure_median(&at[READ_WANTED]));
    print_failure(cell->failed[RUN_SATURATED], RUN_SATURATED);
    putchar('\n');
}

static void print_paced(const struct verdict *verdict, size_t of, size_t t)
{
    const struct verdict_cell *cell = &verdict->cells[of][t];
    print_label(verdict, t);
    for (enum verdict_run run = RUN_LOW; run <= RUN_HIGH; run++) {
        figure_print(&cell->at[run][READ_P50], 2);
        figure_print(&cell->at[run][READ_P99], 2);
    }
    printf(" %10.2f", figure_median(&cell->at[RUN_HIGH][READ_LATE]));
    enum verdict_run run = RUN_LOW;
    while (run < RUN_HIGH && !*cell->failed[run])
        run++;
    print_failure(cell->failed[run], run);
    putchar('\n');
}

static void print_saturated_head(enum verdict_load load)
{
    printf("    %-13s", "saturated");
    figure_print_head(words[load].cpu);
    figure_print_head(words[load].rate);
    if (load != LOAD_CHURN)
        figure_print_head("millions delivered a s");
    figure_print_head(words[load].switches);
    figure_print_head("Private_Dirty, KiB");
    printf(" %10s\n", "bots' CPUs");
}

/* How much everybody is asked for, and the baseline. */
static void print_paced_head(const struct verdict *verdict, size_t of)
{
    const char *turns = words[verdict->cases[of].load].turns;
    double common = 0;
    for (size_t t = 0; t < verdict->plan->n; t++)
        if (t != verdict->baseline)
            common = verdict->capacity[of][t];
    printf("    %-13s", "open loop, ms");
    for (enum verdict_run run = RUN_LOW; run <= RUN_HIGH; run++) {
        char text[40];
        snprintf(text, sizeof text, "p50 at %d %%", verdict_percent[run]);
        figure_print_head(text);
        snprintf(text, sizeof text, "p99 at %d %%", verdict_percent[run]);
        figure_print_head(text);
    }
    printf(" %10s\n", "late, 80 %");
    printf("    (of %.0f %s a second, the least of the targets", common, turns);
    if (verdict->baseline < verdict->plan->n)
        printf("; * of its own %.1f, not to be compared", verdict->capacity[of][verdict->baseline]);
    printf(")\n");
}

void verdict_print_case(const struct verdict *verdict, size_t of)
{
    struct rivals rivals = plan_rivals(verdict->plan);
    printf("  %s\n", verdict->cases[of].name);
    print_saturated_head(verdict->cases[of].load);
    for (size_t t = 0; t < verdict->plan->n; t++)
        print_saturated(verdict, of, t);
    print_paced_head(verdict, of);
    for (size_t t = 0; t < verdict->plan->n; t++)
        print_paced(verdict, of, t);
    for (size_t i = 0; has_conveyor(verdict) && i < rivals.n; i++)
        print_contests(verdict, of, rivals.at[i]);
}

/* ---- The thesis's result ---- */

void verdict_print_baseline(const struct verdict *verdict, size_t of)
{
    const struct plan *plan = verdict->plan;
    const struct verdict_cell *cells = verdict->cells[of], *baseline = &cells[verdict->baseline];
    printf("  the thesis's result: %s at the pace of blocking\n", verdict->cases[of].name);
    if (verdict->baseline == plan->n) {
        printf("    left out: blocking is not among the targets\n");
        return;
    }
    printf("    %.1f turns a second, %.1f requests answered in the closed loop\n",
           verdict->capacity[of][verdict->baseline], figure_median(&baseline->at[RUN_SATURATED][READ_ANSWERED]));
    printf("    %-13s", "open loop, ms");
    figure_print_head("p50");
    figure_print_head("p99");
    figure_print_head("blocking's p99 / its");
    putchar('\n');
    for (size_t t = 0; t < plan->n; t++) {
        const struct figure *at = cells[t].at[RUN_BASELINES];
        struct figure ratio = figure_ratio(&baseline->at[RUN_BASELINES][READ_P99], &at[READ_P99]);
        printf("    %-13s", plan->targets[t].label);
        figure_print(&at[READ_P50], 2);
        figure_print(&at[READ_P99], 2);
        if (t != verdict->baseline)
            figure_print(&ratio, 1);
        if (strcmp(plan->targets[t].arch, "conveyor") == 0 && ratio.n == figure_rounds)
            printf(" %s", figure_least(&ratio) >= GOAL_BASELINE ? "goal met" : "goal missed");
        print_failure(cells[t].failed[RUN_BASELINES], RUN_BASELINES);
        putchar('\n');
    }
    printf("    (goal: blocking's p99 is at least %d times the conveyor's, in every round)\n", GOAL_BASELINE);
}
