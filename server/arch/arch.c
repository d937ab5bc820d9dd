/* The table of architectures: one row each. */
#include "server/arch/arch.h"

#include <string.h>

#include "server/arch/async/async.h"
#include "server/arch/blocking/blocking.h"
#include "server/arch/conveyor/conveyor.h"
#include "server/arch/epoll/epoll.h"
#include "server/arch/null/null.h"

const struct arch *const arch_table[] = {
    &arch_conveyor, &arch_async, &arch_epoll, &arch_blocking, &arch_null, NULL,
};

const struct arch *arch_find(const char *name)
{
    for (const struct arch *const *row = arch_table; *row; row++)
        if (strcmp((*row)->name, name) == 0)
            return *row;
    return NULL;
}
