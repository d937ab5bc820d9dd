/* Sockets: addresses as people write them, and the few calls a server makes on them. */
#ifndef COMMON_NET_H
#define COMMON_NET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "common/span.h"

enum { NET_TEXT = 72 /* room for "[address%scope]:port" and its NUL */ };

struct net_address {
    struct sockaddr_storage at;
    socklen_t n;
};

/* Reads HOST:PORT ("127.0.0.1:5000", "[::1]:0", "localhost:5000"). NULL when fine, else what is wrong with it. */
const char *net_parse(const char *text, struct net_address *address);
void net_text(const struct net_address *address, char text[NET_TEXT]);
/* The 16 bytes by which connections from one address are counted (IPv4 as its mapped form). */
void net_origin(const struct net_address *address, unsigned char origin[16]);

/* A listening, non-blocking socket with all that its connections inherit: TCP_NODELAY, TCP_NOTSENT_LOWAT,
 * keepalive, and SO_SNDBUF when send_buffer is not 0. *address becomes the real one (port 0 is resolved).
 * -1 and errno on failure. */
int net_listen(struct net_address *address, int backlog, int send_buffer);
/* A connection, non-blocking and close-on-exec, or -1 with errno (EAGAIN: nobody is waiting). */
int net_accept(int listener, struct net_address *from);
/* A blocking connection for clients, or -1 with errno. */
int net_connect(const struct net_address *address);

/* Bytes read, 0 at the end of the input, -1 with EAGAIN when there is nothing now, -1 otherwise when it is broken. */
ssize_t net_read(int fd, void *to, size_t n);
/* Bytes taken by the socket, 0 when it takes none now, -1 when the connection is broken. Never SIGPIPE. */
ssize_t net_send(int fd, struct span bytes);
/* The same for the last bytes: net_finish_sending follows at once, and both travel together. */
ssize_t net_send_last(int fd, struct span bytes);
/* The same for two runs with one call. */
ssize_t net_send_two(int fd, struct span first, struct span second);
void net_finish_sending(int fd);
void net_close(int fd);
/* A descriptor that is good for nothing but to be closed when one more is needed; -1 with errno. */
int net_spare(void);

#endif
