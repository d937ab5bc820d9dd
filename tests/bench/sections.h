/* What is measured, one function each. */
#ifndef BENCH_SECTIONS_H
#define BENCH_SECTIONS_H

#include "tests/bench/target.h"

void section_deliver(const struct plan *plan);
void section_steady(const struct plan *plan);
void section_growth(const struct plan *plan);
void section_memory(const struct plan *plan);
void section_start(const struct plan *plan);
void section_passages(const struct plan *plan);
void section_replay(const struct plan *plan);
void section_quiet(const struct plan *plan);
void section_record(const struct plan *plan);
void section_generator(const struct plan *plan);
void section_verdict(const struct plan *plan);

#endif
