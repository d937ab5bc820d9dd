/* A server that says what no server should, once, and else serves one chat as it ought to. */
#ifndef CLIENTS_PRETENDER_H
#define CLIENTS_PRETENDER_H

#include <stdbool.h>
#include <stddef.h>

struct prank {
    const void *bytes; /* said to one client, */
    size_t n;
    unsigned after;      /* after so many messages, to somebody who did not say the last one; 0: to who comes first */
    bool alters;         /* the last of these messages has another last byte, for everybody */
    bool lets_nobody_in; /* no chat can be entered */
};

/* A process of its own that ends with the trial; gives its port on 127.0.0.1. */
int pretender_start(const struct prank *prank);

#ifndef HARNESS
#define pretender_start(...) (HERE, (pretender_start)(__VA_ARGS__))
#endif

#endif
