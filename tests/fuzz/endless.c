/* Fuzz target: as load.c, but with a run as long as a record can be in the file: a target of its own, because it is slow. */
#define ENDLESS
#include "tests/fuzz/load.c" /* NOLINT(bugprone-suspicious-include): on purpose */
