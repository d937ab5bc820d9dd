/* What the machine gives this process: descriptors, processors and the way its threads are scheduled. For main, before any
 * other thread runs. */
#ifndef SERVER_MACHINE_H
#define SERVER_MACHINE_H

#include <stdbool.h>
#include <stddef.h>

#include "server/limits.h"

/* Raises the limit on open files and settles max_clients, room_threads and workers, as far as the options left them open. False, with
 * a sentence why: more clients were asked for than there can be. */
bool machine_share(struct limits *limits, char *complaint, size_t room);
/* Has all threads to come gather what comes rather than be quick to begin. */
void machine_serve_in_batches(void);

#endif
