/* The thread that turns the ring's records into lines of JSON. One a process. */
#ifndef COMMON_LOG_WRITER_H
#define COMMON_LOG_WRITER_H

#include <stdbool.h>

#include "common/log.h"

/* Starts the ring and the writer. path NULL: standard output, which must be open in any case. NULL when fine, else what
 * went wrong (errno text). Main alone opens, announces and closes. */
const char *log_open(const char *path);
/* As log_write, but written whatever the level, to standard output and to the log file too, and waits for a place in
 * the ring, for a second at most. For main alone: "Server started" and "Server stopped". */
void log_announce(const char *stage, const char *message, size_t n, const struct log_field *fields);
/* Has the writer open its file again (after it was rotated away). Any thread, never waits. */
void log_reopen(void);
/* Records dropped so far. */
unsigned long long log_dropped(void);
/* Gives the writer at most a second to write what is left, then ends it; what it could not write counts as dropped.
 * Afterwards another log may be opened, unless the writer still hangs in a write. */
void log_close(void);

#endif
