/* The protocol of sd_notify: one datagram to a local socket, named by the environment. */
#include "server/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

/* A path, or a name behind '@' in the abstract space, where the '@' stands for a NUL. 0 when it is neither. */
static socklen_t address_of(const char *text, struct sockaddr_un *address)
{
    size_t n = strlen(text);
    *address = (struct sockaddr_un){.sun_family = AF_UNIX};
    if ((*text != '/' && *text != '@') || n < 2 || n >= sizeof address->sun_path)
        return 0;
    memcpy(address->sun_path, text, n);
    if (*text == '@')
        address->sun_path[0] = '\0';
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
}

bool notify_send(const char *state)
{
    const char *text = getenv("NOTIFY_SOCKET");
    struct sockaddr_un address;
    socklen_t n = text ? address_of(text, &address) : 0;
    if (n == 0)
        return false;
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return false;
    struct timeval patience = {.tv_sec = 1};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    size_t length = strlen(state);
    ssize_t sent = sendto(fd, state, length, MSG_NOSIGNAL, (struct sockaddr *)&address, n);
    close(fd);
    return sent == (ssize_t)length;
}
