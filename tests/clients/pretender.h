/* A server that says what no server should, once, and else serves one chat as it ought to. */
#ifndef CLIENTS_PRETENDER_H
#define CLIENTS_PRETENDER_H

#include <stddef.h>

struct prank {
    const void *bytes; /* said to one client, */
    size_t n;
    unsigned
        after; /* after so many messages, to the author of the last; 0: to the first who connects, instead of anything */
};

/* A process of its own that ends with the trial; gives its port on 127.0.0.1. */
int pretender_start(const struct prank *prank);

#ifndef HARNESS
#define pretender_start(...) (HERE, (pretender_start)(__VA_ARGS__))
#endif

#endif
