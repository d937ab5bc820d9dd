/* Questions to a web server. */
#define HARNESS
#include "tests/clients/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int http_connect(int port)
{
    struct sockaddr_in to = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || connect(fd, (struct sockaddr *)&to, sizeof to) < 0)
        trial_fail("port %d can't be reached: %s", port, strerror(errno));
    return fd;
}

void http_send(int fd, const void *bytes, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t sent = send(fd, (const char *)bytes + at, n - at, MSG_NOSIGNAL);
        if (sent <= 0)
            trial_fail("a request can't be sent: %s", strerror(errno));
        at += (size_t)sent;
    }
}

struct http http_read(int fd)
{
    struct http http = {0};
    struct bytes all = {0};
    int64_t until = time_limit();
    for (;;) {
        char step[65536];
        if (poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, time_left(until)) == 0)
            trial_fail("no whole answer came, but: %s", shown(all.at, all.n));
        ssize_t got = recv(fd, step, sizeof step, 0);
        if (got < 0)
            trial_fail("the connection broke: %s", strerror(errno));
        if (got == 0)
            break;
        bytes_add(&all, step, (size_t)got);
    }
    char *blank = all.n ? strstr(all.at, "\r\n\r\n") : NULL;
    if (!blank || strncmp(all.at, "HTTP/1.1 ", strlen("HTTP/1.1 ")) != 0)
        trial_fail("this is no answer: %s", shown(all.at, all.n));
    http.code = atoi(all.at + strlen("HTTP/1.1 "));
    http.head = trial_text("%.*s", (int)(blank + 2 - all.at), all.at);
    bytes_add(&http.body, blank + 4, all.n - (size_t)(blank + 4 - all.at));
    trial_free(all.at);
    return http;
}

struct http http_ask(int port, const char *line, const char *rest)
{
    int fd = http_connect(port);
    const char *request = trial_text("%s HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n%s", line, rest);
    http_send(fd, request, strlen(request));
    struct http http = http_read(fd);
    close(fd);
    return http;
}

char *http_get(int port, const char *path)
{
    struct http http = http_ask(port, trial_text("GET %s", path), "\r\n");
    if (http.code != 200)
        trial_fail("GET %s is answered with %d", path, http.code);
    return http.body.at;
}
