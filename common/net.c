/* Sockets: addresses as people write them, and the few calls a server makes on them. */
#include "common/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

enum {
    HOST_MAX = 255,
    UNSENT_LOW = 65536,   /* the kernel asks for more only when less than this is unsent */
    KEEPALIVE_IDLE = 60,  /* seconds of silence before the first probe */
    KEEPALIVE_EVERY = 15, /* seconds between probes */
    KEEPALIVE_PROBES = 4, /* unanswered ones that end a connection */
    ACCEPT_TRIES = 16
};

/* ---- Addresses ---- */

static const char *parse_port(const char *text, in_port_t *port)
{
    unsigned long value = 0;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 5 || text[digits])
        return "the port is no number from 0 to 65535";
    for (; *text; text++)
        value = value * 10 + (unsigned long)(*text - '0');
    if (value > UINT16_MAX)
        return "the port is no number from 0 to 65535";
    *port = htons((uint16_t)value);
    return NULL;
}

static bool parse_v4(const char *host, struct net_address *address)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)&address->at;
    if (inet_pton(AF_INET, host, &v4->sin_addr) != 1)
        return false;
    v4->sin_family = AF_INET;
    address->n = sizeof *v4;
    return true;
}

/* With or without %interface at the end. */
static bool parse_v6(char *host, struct net_address *address)
{
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address->at;
    char *scope = strchr(host, '%');
    if (scope) {
        *scope++ = '\0';
        v6->sin6_scope_id = if_nametoindex(scope);
        if (v6->sin6_scope_id == 0)
            return false;
    }
    if (inet_pton(AF_INET6, host, &v6->sin6_addr) != 1)
        return false;
    v6->sin6_family = AF_INET6;
    address->n = sizeof *v6;
    return true;
}

static const char *look_up(const char *host, struct net_address *address)
{
    struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM}, *found;
    int error = getaddrinfo(host, NULL, &hints, &found);
    if (error)
        return gai_strerror(error);
    memcpy(&address->at, found->ai_addr, found->ai_addrlen);
    address->n = found->ai_addrlen;
    freeaddrinfo(found);
    return NULL;
}

/* Takes HOST, or what stands in the brackets of [HOST], out of HOST:PORT; *port_text is what follows. */
static const char *split(const char *text, char host[HOST_MAX + 1], bool *brackets, const char **port_text)
{
    *brackets = text[0] == '[';
    const char *end = strrchr(text, *brackets ? ']' : ':');
    if (!end || (*brackets && end[1] != ':'))
        return "expected HOST:PORT";
    const char *begin = text + *brackets;
    size_t n = (size_t)(end - begin);
    if (n == 0)
        return "the host is missing";
    if (n > HOST_MAX)
        return "the host is too long";
    memcpy(host, begin, n);
    host[n] = '\0';
    *port_text = end + 1 + *brackets;
    return NULL;
}

const char *net_parse(const char *text, struct net_address *address)
{
    char host[HOST_MAX + 1];
    bool brackets;
    const char *port_text;
    in_port_t port;
    const char *wrong = split(text, host, &brackets, &port_text);
    if (!wrong)
        wrong = parse_port(port_text, &port);
    if (wrong)
        return wrong;

    *address = (struct net_address){0};
    if (brackets) {
        if (!parse_v6(host, address))
            return "there is no IPv6 address in the brackets";
    } else if (strchr(host, ':')) {
        return "an IPv6 address goes into brackets: [::1]:5000";
    } else if (!parse_v4(host, address)) {
        wrong = look_up(host, address);
        if (wrong)
            return wrong;
    }
    if (address->at.ss_family == AF_INET6)
        ((struct sockaddr_in6 *)&address->at)->sin6_port = port;
    else
        ((struct sockaddr_in *)&address->at)->sin_port = port;
    return NULL;
}

void net_text(const struct net_address *address, char text[NET_TEXT])
{
    char host[INET6_ADDRSTRLEN], scope[1 + IF_NAMESIZE] = "";
    if (address->at.ss_family == AF_INET) {
        const struct sockaddr_in *v4 = (const struct sockaddr_in *)&address->at;
        inet_ntop(AF_INET, &v4->sin_addr, host, sizeof host);
        snprintf(text, NET_TEXT, "%s:%u", host, (unsigned)ntohs(v4->sin_port));
    } else if (address->at.ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)&address->at;
        inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof host);
        if (v6->sin6_scope_id && if_indextoname(v6->sin6_scope_id, scope + 1))
            scope[0] = '%';
        snprintf(text, NET_TEXT, "[%s%s]:%u", host, scope, (unsigned)ntohs(v6->sin6_port));
    } else {
        snprintf(text, NET_TEXT, "local");
    }
}

void net_origin(const struct net_address *address, unsigned char origin[16])
{
    memset(origin, 0, 16);
    if (address->at.ss_family == AF_INET) {
        origin[10] = origin[11] = 0xff;
        memcpy(origin + 12, &((const struct sockaddr_in *)&address->at)->sin_addr, 4);
    } else if (address->at.ss_family == AF_INET6) {
        memcpy(origin, &((const struct sockaddr_in6 *)&address->at)->sin6_addr, 16);
    }
}

/* ---- Making connections ---- */

static int set(int fd, int level, int option, int value)
{
    return setsockopt(fd, level, option, &value, sizeof value);
}

/* Closes what a function that fails had opened; the errno that tells why stays. */
static int give_up(int fd)
{
    net_close(fd);
    return -1;
}

static int set_listener_options(int fd, int family, int send_buffer)
{
    if (set(fd, SOL_SOCKET, SO_REUSEADDR, 1) || (family == AF_INET6 && set(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1)))
        return -1;
    if (send_buffer && set(fd, SOL_SOCKET, SO_SNDBUF, send_buffer))
        return -1;
    if (set(fd, IPPROTO_TCP, TCP_NODELAY, 1) || set(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, UNSENT_LOW))
        return -1;
    if (set(fd, SOL_SOCKET, SO_KEEPALIVE, 1) || set(fd, IPPROTO_TCP, TCP_KEEPIDLE, KEEPALIVE_IDLE) ||
        set(fd, IPPROTO_TCP, TCP_KEEPINTVL, KEEPALIVE_EVERY) || set(fd, IPPROTO_TCP, TCP_KEEPCNT, KEEPALIVE_PROBES))
        return -1;
    return 0;
}

int net_listen(struct net_address *address, int backlog, int send_buffer)
{
    int family = address->at.ss_family;
    int fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (set_listener_options(fd, family, send_buffer) || bind(fd, (struct sockaddr *)&address->at, address->n) ||
        listen(fd, backlog))
        return give_up(fd);
    socklen_t n = sizeof address->at;
    if (getsockname(fd, (struct sockaddr *)&address->at, &n))
        return give_up(fd);
    address->n = n;
    return fd;
}

/* What accept says of the one connection it was about to hand out, which nobody will ever see. */
static bool is_lost_connection(int error)
{
    switch (error) {
    case EINTR:
    case ECONNABORTED:
    case EPROTO:
    case EPERM:
    case ETIMEDOUT:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
    case ENONET:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
        return true;
    default:
        return false;
    }
}

int net_accept(int listener, struct net_address *from)
{
    for (int i = 0; i < ACCEPT_TRIES; i++) {
        from->n = sizeof from->at;
        int fd = accept4(listener, (struct sockaddr *)&from->at, &from->n, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0 || !is_lost_connection(errno))
            return fd;
    }
    errno = EAGAIN;
    return -1;
}

/* A connect that a signal has interrupted goes on by itself: this waits for its end. */
static int await_connection(int fd)
{
    struct pollfd wait = {.fd = fd, .events = POLLOUT};
    while (poll(&wait, 1, -1) < 0) {
        if (errno != EINTR)
            return -1;
    }
    int error;
    socklen_t n = sizeof error;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &n))
        return -1;
    errno = error;
    return error ? -1 : 0;
}

int net_connect(const struct net_address *address)
{
    int fd = socket(address->at.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    if (set(fd, IPPROTO_TCP, TCP_NODELAY, 1))
        return give_up(fd);
    if (connect(fd, (const struct sockaddr *)&address->at, address->n) && (errno != EINTR || await_connection(fd)))
        return give_up(fd);
    return fd;
}

/* ---- Using them ---- */

ssize_t net_read(int fd, void *to, size_t n)
{
    ssize_t got;
    do
        got = recv(fd, to, n, 0);
    while (got < 0 && errno == EINTR);
    return got;
}

/* A socket, or a kernel, without room now is no broken connection. */
static ssize_t taken(ssize_t sent)
{
    return sent < 0 && (errno == EAGAIN || errno == ENOBUFS || errno == ENOMEM) ? 0 : sent;
}

static ssize_t send_with(int fd, struct span bytes, int flags)
{
    ssize_t sent;
    do
        sent = send(fd, bytes.at, bytes.n, MSG_NOSIGNAL | MSG_DONTWAIT | flags);
    while (sent < 0 && errno == EINTR);
    return taken(sent);
}

ssize_t net_send(int fd, struct span bytes)
{
    return send_with(fd, bytes, 0);
}

ssize_t net_send_last(int fd, struct span bytes)
{
    return send_with(fd, bytes, MSG_MORE);
}

ssize_t net_send_two(int fd, struct span first, struct span second)
{
    struct iovec parts[] = {{(void *)(uintptr_t)first.at, first.n}, {(void *)(uintptr_t)second.at, second.n}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    ssize_t sent;
    do
        sent = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    while (sent < 0 && errno == EINTR);
    return taken(sent);
}

void net_finish_sending(int fd)
{
    shutdown(fd, SHUT_WR);
}

void net_close(int fd)
{
    int error = errno;
    if (fd >= 0)
        close(fd);
    errno = error;
}

int net_spare(void)
{
    return socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
}
