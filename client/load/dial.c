/* New connections, without waiting for them. */
#include "client/load/dial.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <sys/socket.h>

enum {
    ADDRESSES = 250,     /* 127.0.0.1 to 127.0.0.250 */
    PER_ADDRESS = 10000, /* connections before the next one is taken: looking for a free port among few takes long */
    EVERY_ADDRESS = ADDRESSES * PER_ADDRESS
};

static bool is_loopback(const struct net_address *to)
{
    const struct sockaddr_in *v4 = (const struct sockaddr_in *)&to->at;
    return v4->sin_family == AF_INET && ntohl(v4->sin_addr.s_addr) >> 24 == IN_LOOPBACKNET;
}

static int give_up(int fd)
{
    net_close(fd);
    return -1;
}

static int begin(const struct net_address *to, const struct sockaddr_in *from)
{
    int on = 1;
    int fd = socket(to->at.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on))
        return give_up(fd);
    if (from && (setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on) ||
                 bind(fd, (const struct sockaddr *)from, sizeof *from)))
        return give_up(fd);
    if (connect(fd, (const struct sockaddr *)&to->at, to->n) && errno != EINPROGRESS && errno != EINTR)
        return give_up(fd);
    return fd;
}

int dial(const struct net_address *to, uint32_t *source)
{
    if (!is_loopback(to))
        return begin(to, NULL);
    for (int tries = 0; tries < ADDRESSES; tries++) {
        struct sockaddr_in from = {.sin_family = AF_INET,
                                   .sin_addr.s_addr = htonl(INADDR_LOOPBACK + *source / PER_ADDRESS)};
        int fd = begin(to, &from);
        *source = (*source + (fd < 0 ? PER_ADDRESS : 1)) % EVERY_ADDRESS;
        if (fd >= 0 || (errno != EADDRNOTAVAIL && errno != EADDRINUSE))
            return fd;
    }
    return -1;
}

int dial_result(int fd)
{
    int error;
    socklen_t n = sizeof error;
    return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n) ? errno : error;
}
