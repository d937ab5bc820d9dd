/* Figures: one number, measured once in every round, its median and spread, and its ratio to another one's. */
#ifndef BENCH_FIGURE_H
#define BENCH_FIGURE_H

#include "client/load/load.h"

enum { ROUNDS = 3, ROUNDS_MOST = 15 };

/* How many rounds every figure gets. Set once, by the program. */
extern int figure_rounds;

struct figure {
    double at[ROUNDS_MOST]; /* a round each, in their order */
    int n;
};
void figure_add(struct figure *figure, double value);
double figure_median(const struct figure *figure);
double figure_least(const struct figure *figure);
double figure_most(const struct figure *figure);
/* Round by round: what was measured side by side was disturbed alike. Empty where one of them is. */
struct figure figure_ratio(const struct figure *figure, const struct figure *to);

/* Median, least and most in one column of fixed width, and its head. */
void figure_print(const struct figure *figure, int decimals);
void figure_print_head(const char *what);
/* A column of ratios: median, least and most again; NULL for `to` leaves it empty. */
void figure_print_ratio(const struct figure *figure, const struct figure *to);
void figure_print_ratio_head(const char *what);
/* The same in a narrow column: the median alone. */
void figure_print_brief_ratio(const struct figure *figure, const struct figure *to);
void figure_print_brief_ratio_head(const char *what);

/* How many CPUs the bots' thread had, and how many it could have used. */
struct share {
    struct figure ran, wanted;
};
void share_add(struct share *share, const struct load_effort *effort);
/* A column of both; says so when the thread was busy all the time. */
void share_print(const struct share *share);
void share_print_head(void);

#endif
