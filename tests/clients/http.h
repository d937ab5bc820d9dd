/* Questions to a web server on this machine, as bare as possible. */
#ifndef CLIENTS_HTTP_H
#define CLIENTS_HTTP_H

#include "tests/harness/trial.h"

struct http {
    int code;
    char *head; /* all of it, with the first line */
    struct bytes body;
};

/* A connection to a port of 127.0.0.1, closed by the caller. */
int http_connect(int port);
void http_send(int fd, const void *bytes, size_t n);
/* What comes until the server closes. */
struct http http_read(int fd);
/* Sends the request line, headers that let the server close, and further bytes: headers, an empty line, a body. */
struct http http_ask(int port, const char *line, const char *rest);
/* GET, which must be answered with 200: the body. */
char *http_get(int port, const char *path);

#ifndef HARNESS
#define http_connect(...) (HERE, (http_connect)(__VA_ARGS__))
#define http_read(...) (HERE, (http_read)(__VA_ARGS__))
#define http_ask(...) (HERE, (http_ask)(__VA_ARGS__))
#define http_get(...) (HERE, (http_get)(__VA_ARGS__))
#endif

#endif
