/* The two clocks of the system. Desks never call them: they are handed the time. */
#ifndef COMMON_CLOCK_H
#define COMMON_CLOCK_H

#include <stdint.h>
#include <time.h>

#define SECOND INT64_C(1000000)
#define MILLISECOND INT64_C(1000)
#define NEVER INT64_MAX

/* Microseconds from some fixed moment, never going back. */
int64_t clock_now(void);
/* Microseconds since 1970, UTC; jumps when somebody sets the clock. */
int64_t clock_wall(void);

#endif
