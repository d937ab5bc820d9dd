/* What every program of ours does in the same way: how it begins, how it says that something failed, how it ends. For main alone. */
#ifndef COMMON_PROGRAM_H
#define COMMON_PROGRAM_H

#include "common/args.h"

/* What a program ends with; its own codes are others. */
enum { EXIT_FINE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

/* First of all. The name must last; it stands before each complaint. */
void program_begin(const char *name);
/* One line on standard error, "name: ..."; gives the status back. */
int program_fail(int status, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The status for options that were not ARGS_RUN, about which all has been said. */
int program_status(enum args_result result);

#endif
