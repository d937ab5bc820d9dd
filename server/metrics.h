/* What the server tells about itself: the census and the stages' counters, as log records. Main's alone. */
#ifndef SERVER_METRICS_H
#define SERVER_METRICS_H

#include "server/arch/census.h"
#include "server/arch/server.h"

/* Takes the census until it stands still and adds up, so that at rest it is exact; under load, for want of that, the
 * last one of a few. Waits some milliseconds. The architecture must be running. */
void metrics_read(struct server *server, struct census *census);
/* One record "Census", whatever the log's level: the operator asked for it. */
void metrics_print_census(const struct census *census);
/* One record "Stage" for each kind of desk. */
void metrics_print_stages(const struct census *census);

#endif
