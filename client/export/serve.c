/* The exporter's counts over HTTP. */
#include "client/export/serve.h"

#include <limits.h>
#include <microhttpd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "client/export/metrics.h"

enum { IDLE_SECONDS = 150 /* Prometheus's next question, at its usual pace of a minute, finds the connection open */ };

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, struct MHD_Response *response)
{
    if (!response)
        return MHD_NO;
    enum MHD_Result result = MHD_queue_response(connection, status, response);
    MHD_destroy_response(response);
    return result;
}

static struct MHD_Response *with_header(struct MHD_Response *response, const char *name, const char *value)
{
    if (response)
        MHD_add_response_header(response, name, value);
    return response;
}

static struct MHD_Response *sentence(const char *text)
{
    struct MHD_Response *response =
        MHD_create_response_from_buffer(strlen(text), (void *)(uintptr_t)text, MHD_RESPMEM_PERSISTENT);
    return with_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/plain; charset=utf-8");
}

static struct MHD_Response *metrics(const struct events *events)
{
    size_t n;
    char *text = metrics_text(events, &n);
    struct MHD_Response *response = text ? MHD_create_response_from_buffer(n, text, MHD_RESPMEM_MUST_FREE) : NULL;
    if (!response)
        free(text);
    return with_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, METRICS_TYPE);
}

/* Called once when the head of a request is there, and again for its body and its end. What has a body is answered behind it:
 * an answer that comes before may be lost with the connection. */
static enum MHD_Result handle(void *events, struct MHD_Connection *connection, const char *path, const char *method,
                              const char *version, const char *body, size_t *body_n, void **seen)
{
    static char once;
    (void)version;
    (void)body;
    if (!*seen || *body_n) {
        *seen = &once;
        *body_n = 0;
        return MHD_YES;
    }
    if (strcmp(path, "/") != 0 && strcmp(path, "/metrics") != 0)
        return answer(connection, MHD_HTTP_NOT_FOUND, sentence("The metrics are at /metrics\n"));
    if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0)
        return answer(connection, MHD_HTTP_METHOD_NOT_ALLOWED,
                      with_header(sentence("There is GET and HEAD\n"), MHD_HTTP_HEADER_ALLOW, "GET, HEAD"));
    return answer(connection, MHD_HTTP_OK, metrics(events));
}

struct MHD_Daemon *serve_open(int listener, const struct events *events)
{
    return MHD_start_daemon(MHD_USE_EPOLL, 0, NULL, NULL, handle, (void *)(uintptr_t)events, MHD_OPTION_LISTEN_SOCKET,
                            listener, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_SECONDS, MHD_OPTION_END);
}

void serve_close(struct MHD_Daemon *daemon)
{
    MHD_stop_daemon(daemon);
}

int serve_fd(struct MHD_Daemon *daemon)
{
    return MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD)->epoll_fd;
}

int serve_wait(struct MHD_Daemon *daemon)
{
    MHD_UNSIGNED_LONG_LONG ms;
    if (MHD_get_timeout(daemon, &ms) != MHD_YES)
        return -1;
    return ms > INT_MAX ? INT_MAX : (int)ms;
}

void serve_run(struct MHD_Daemon *daemon)
{
    MHD_run(daemon);
}
