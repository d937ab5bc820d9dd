/* Columns of ratios to the architectures with which all others are compared, a narrow one for each that is measured. */
#ifndef BENCH_BESIDE_H
#define BENCH_BESIDE_H

#include "tests/bench/figure.h"
#include "tests/bench/target.h"

void beside_print_head(const struct plan *plan);
/* Of the target's figure. `first` is the one of the plan's first target; the others' follow, so many bytes from one to the next. */
void beside_print(const struct plan *plan, size_t target, const struct figure *first, size_t step);

#endif
