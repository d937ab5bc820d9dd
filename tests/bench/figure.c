/* Figures: one number, measured once in every round, its median and spread, and its ratio to another one's. */
#include "tests/bench/figure.h"

#include <stdio.h>

#include "tests/bench/bench.h"

enum { COLUMN = 26, RATIO_COLUMN = 20, BRIEF_COLUMN = 9 };
#define BOTS_FULL 0.95

int figure_rounds = ROUNDS;

void figure_add(struct figure *figure, double value)
{
    if (figure->n >= ROUNDS_MOST)
        bench_fail("a figure was measured more than %d times", ROUNDS_MOST);
    figure->at[figure->n++] = value;
}

static struct figure sorted(const struct figure *figure)
{
    struct figure copy = {.n = figure->n};
    for (int i = 0; i < figure->n; i++) {
        int at = i;
        for (; at > 0 && copy.at[at - 1] > figure->at[i]; at--)
            copy.at[at] = copy.at[at - 1];
        copy.at[at] = figure->at[i];
    }
    return copy;
}

double figure_median(const struct figure *figure)
{
    struct figure in_order = sorted(figure);
    int n = in_order.n;
    return n ? (in_order.at[(n - 1) / 2] + in_order.at[n / 2]) / 2 : 0;
}

double figure_least(const struct figure *figure)
{
    return sorted(figure).at[0];
}

double figure_most(const struct figure *figure)
{
    return figure->n ? sorted(figure).at[figure->n - 1] : 0;
}

struct figure figure_ratio(const struct figure *figure, const struct figure *to)
{
    struct figure ratio = {0};
    for (int i = 0; i < figure->n && i < to->n; i++)
        if (to->at[i] > 0)
            figure_add(&ratio, figure->at[i] / to->at[i]);
    return ratio;
}

void figure_print(const struct figure *figure, int decimals)
{
    char spread[64];
    if (figure->n == 0) {
        printf(" %8s %-*s", "-", COLUMN - 10, "");
        return;
    }
    snprintf(spread, sizeof spread, "(%.*f - %.*f)", decimals, figure_least(figure), decimals, figure_most(figure));
    printf(" %8.*f %-*s", decimals, figure_median(figure), COLUMN - 10, spread);
}

void figure_print_head(const char *what)
{
    printf(" %-*s", COLUMN - 1, what);
}

void figure_print_ratio(const struct figure *figure, const struct figure *to)
{
    char spread[64];
    struct figure ratio = to ? figure_ratio(figure, to) : (struct figure){0};
    if (ratio.n == 0) {
        printf(" %*s", RATIO_COLUMN - 1, "");
        return;
    }
    snprintf(spread, sizeof spread, "(%.2f - %.2f)", figure_least(&ratio), figure_most(&ratio));
    printf(" %5.2f %-*s", figure_median(&ratio), RATIO_COLUMN - 7, spread);
}

void figure_print_ratio_head(const char *what)
{
    printf(" %-*s", RATIO_COLUMN - 1, what);
}

void figure_print_brief_ratio(const struct figure *figure, const struct figure *to)
{
    struct figure ratio = to ? figure_ratio(figure, to) : (struct figure){0};
    if (ratio.n)
        printf(" %5.2f %-*s", figure_median(&ratio), BRIEF_COLUMN - 7, "");
    else
        printf(" %-*s", BRIEF_COLUMN - 1, "");
}

void figure_print_brief_ratio_head(const char *what)
{
    printf(" %-*s", BRIEF_COLUMN - 1, what);
}

void share_add(struct share *share, const struct load_effort *effort)
{
    figure_add(&share->ran, effort->ran / effort->seconds);
    figure_add(&share->wanted, effort->wanted / effort->seconds);
}

void share_print(const struct share *share)
{
    double wanted = figure_median(&share->wanted);
    printf(" %5.2f of %.2f%s", figure_median(&share->ran), wanted, wanted >= BOTS_FULL ? " full!" : "");
}

void share_print_head(void)
{
    printf(" %s", "bots' CPUs");
}
