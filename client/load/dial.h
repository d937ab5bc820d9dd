/* New connections, without waiting for them. */
#ifndef LOAD_DIAL_H
#define LOAD_DIAL_H

#include <stdint.h>

#include "common/net.h"

/* A socket that is connecting, non-blocking and close-on-exec; -1 with errno. On the loopback it comes from 127.0.0.1 and
 * on: *source counts the caller's connections and chooses the address, and moves on to the next when ports run out. */
int dial(const struct net_address *to, uint32_t *source);
/* What became of it: 0, or the errno. */
int dial_result(int fd);

#endif
