/* What a server writes to its standard output, record by record. Tests use server_record and its like, of server.h. */
#ifndef HARNESS_RECORDS_H
#define HARNESS_RECORDS_H

#include "tests/harness/server.h"

/* Takes over what lies in the pipe, if its output is one; a file is written by the server itself. */
void records_pump(struct server *server);
/* The next record of any kind; NULL when there is none. The caller deletes it. */
cJSON *records_next(struct server *server);

#endif
