/* Rows of the protocol's table: a request and its one answer, asked for one after the other. */
#ifndef HARNESS_ROWS_H
#define HARNESS_ROWS_H

#include "tests/harness/client.h"

struct row {
    int32_t request;
    const char *text;
    int32_t kind, response;
    const char *answer; /* NULL: any reason */
};

#define ROWS(rows) rows, sizeof(rows) / sizeof *(rows)

/* A row that is answered with the sentence for requests at the wrong desk. */
#define MISPLACED(request_, text_)                                        \
    {                                                                     \
        (request_), (text_), (request_), FAILURE, say_misplaced[request_] \
    }

/* A server as most scenarios want it. */
struct server *start_plain(const struct trial *trial);
struct server *start_with(const struct trial *trial, const char *option, const char *value);

/* Asks for each row, then for every unknown request number, and finds the connection as it was. */
void rows_ask(struct client *client, const struct row *rows, size_t n);
void rows_ask_unknown(struct client *client);
/* A text of n times these bytes. */
char *repeated(const char *bytes, size_t n);

#ifndef HARNESS
#define start_plain(...) (HERE, (start_plain)(__VA_ARGS__))
#define start_with(...) (HERE, (start_with)(__VA_ARGS__))
#define rows_ask(...) (HERE, (rows_ask)(__VA_ARGS__))
#define rows_ask_unknown(...) (HERE, (rows_ask_unknown)(__VA_ARGS__))
#endif

#endif
