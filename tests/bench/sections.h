/* What is looked at, one function each. */
#ifndef BENCH_SECTIONS_H
#define BENCH_SECTIONS_H

#include "tests/bench/bench.h"

void section_deliver(const struct look *look);
void section_memory(const struct look *look);
void section_start(const struct look *look);
void section_passages(const struct look *look);
void section_replay(const struct look *look);
void section_quiet(const struct look *look);

#endif
