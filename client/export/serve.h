/* The exporter's counts over HTTP. Nothing here has a thread of its own: the one that reads the input serves, too. */
#ifndef EXPORT_SERVE_H
#define EXPORT_SERVE_H

#include "client/export/events.h"

struct MHD_Daemon;

/* Takes over the listening socket and serves these counts, which stay the caller's. NULL when it can't. */
struct MHD_Daemon *serve_open(int listener, const struct events *events);
/* Ends every connection. */
void serve_close(struct MHD_Daemon *daemon);

/* What to poll for reading, and for how many milliseconds at most; -1 when it doesn't matter. */
int serve_fd(struct MHD_Daemon *daemon);
int serve_wait(struct MHD_Daemon *daemon);
/* Then: does what can be done without waiting. */
void serve_run(struct MHD_Daemon *daemon);

#endif
