/* The asynchronous pool's row of the table. */
#ifndef ASYNC_ASYNC_H
#define ASYNC_ASYNC_H

#include "server/arch/arch.h"

extern const struct arch arch_async;

#endif
