/* The server as a whole: what main prepares and every architecture finds ready. */
#ifndef ARCH_SERVER_H
#define ARCH_SERVER_H

#include <stddef.h>

#include "server/chat/catalog.h"
#include "server/options.h"

struct server {
    const struct options *options;
    struct catalog catalog;
    int listeners[LISTEN_MAX]; /* bound and listening; main owns them */
    size_t n_listeners;
    int empty;  /* an eventfd: readable when the last client is out after drain */
    void *arch; /* the architecture's own */
};

#endif
