/* Columns of ratios to the architectures with which all others are compared, a narrow one for each that is measured. */
#include "tests/bench/beside.h"

#include <stdio.h>

void beside_print_head(const struct plan *plan)
{
    struct rivals rivals = plan_rivals(plan);
    for (size_t i = 0; i < rivals.n; i++) {
        char text[40];
        snprintf(text, sizeof text, "/ %s", plan->targets[rivals.at[i]].label);
        figure_print_brief_ratio_head(text);
    }
}

static const struct figure *figure_of(size_t target, const struct figure *first, size_t step)
{
    return (const struct figure *)(const void *)((const char *)first + target * step);
}

void beside_print(const struct plan *plan, size_t target, const struct figure *first, size_t step)
{
    struct rivals rivals = plan_rivals(plan);
    for (size_t i = 0; i < rivals.n; i++) {
        bool itself = rivals.at[i] == target || !*plan->targets[target].arch;
        figure_print_brief_ratio(figure_of(target, first, step), itself ? NULL : figure_of(rivals.at[i], first, step));
    }
}
