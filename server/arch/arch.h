/* What an architecture is: who runs the desks' turns. One row in the table of arch.c, one folder. */
#ifndef ARCH_ARCH_H
#define ARCH_ARCH_H

#include <stdbool.h>
#include <stddef.h>

#include "server/arch/census.h"
#include "server/arch/server.h"

struct arch {
    const char *name, *about;
    bool baseline;       /* for the lab alone: it says itself what it does not promise */
    size_t client_bytes; /* what it keeps of its own for each client */
    /* Has every thread running and the listeners accepting when it returns true; else a reason is logged and everything undone. */
    bool (*start)(struct server *);
    /* Begins the stop: serve no more, send what is due, send everybody home. Returns at once;
     * server->empty becomes readable when the last client is out. */
    void (*drain)(struct server *);
    /* Ends and joins every thread and closes whoever is left. The listeners and the catalog stay the caller's. */
    void (*end)(struct server *);
    /* The sums of all counters; any time between start and end, from main's thread. */
    void (*census)(struct server *, struct census *);
};

extern const struct arch *const arch_table[];               /* ends with NULL; the first is the default */
#define ARCH_BASELINE "baseline for the lab, do not deploy" /* what people are told of one */
const struct arch *arch_find(const char *name);             /* NULL when there is none */

#endif
