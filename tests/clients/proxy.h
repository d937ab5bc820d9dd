/* Stands between bots and server, and does one thing that no server should to what one connection is sent, or sends. */
#ifndef CLIENTS_PROXY_H
#define CLIENTS_PROXY_H

#include <stdbool.h>

enum fault {
    FAULT_NONE,
    FAULT_DROP,        /* a record is left out */
    FAULT_DOUBLE,      /* it is sent twice */
    FAULT_SWAP,        /* it comes after the next one */
    FAULT_CHANGE,      /* the last byte of its text is another one */
    FAULT_CHANGE_MARK, /* the first byte of its text is no digit any more */
    FAULT_CUT,         /* it is left out, and all records that follow, until something else comes */
    FAULT_LOSE         /* a message is not passed on to the server */
};

struct proxy_plan {
    int port; /* the server's */
    enum fault fault;
    unsigned connection; /* the how manyeth to be made; the load generator's first one is the founder's */
    unsigned record;     /* the how manyeth record, or message, of this connection; from 1 */
    bool late;           /* what it is sent waits a while, so that others are sent it first; else all others wait */
};

/* A process of its own that ends with the trial; gives its port on 127.0.0.1. */
int proxy_start(const struct proxy_plan *plan);

#ifndef HARNESS
#define proxy_start(...) (HERE, (proxy_start)(__VA_ARGS__))
#endif

#endif
