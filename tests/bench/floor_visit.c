/* What the floors have in common: connections, and the answers of a visit. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/protocol.h"
#include "tests/bench/floor_internal.h"

void floor_give_up(const char *why)
{
    dprintf(STDERR_FILENO, "bench: the floor: %s%s%s\n", why, errno ? ": " : "", errno ? strerror(errno) : "");
    _exit(1);
}

void *floor_take(size_t n, size_t size)
{
    void *memory = calloc(n, size);
    if (!memory)
        floor_give_up("memory");
    return memory;
}

void floor_prepare(int listener)
{
    int on = 1;
    if (fcntl(listener, F_SETFL, O_NONBLOCK) < 0 || setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) < 0)
        floor_give_up("its listener");
}

int floor_accept(int listener)
{
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0 && errno != EAGAIN)
        floor_give_up("accept");
    return fd;
}

void floor_send_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN)
            floor_give_up("send");
        if (sent < 0) {
            poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
            continue;
        }
        bytes += sent;
        n -= (size_t)sent;
    }
}

size_t floor_request(const char *bytes, size_t n, struct request *request)
{
    uint64_t length = n < CLIENT_HEADER ? 0 : protocol_get64(bytes + 4);
    if (n < CLIENT_HEADER || n - CLIENT_HEADER < length)
        return 0;
    *request = (struct request){protocol_get32(bytes), {bytes + CLIENT_HEADER, (size_t)length}};
    return CLIENT_HEADER + (size_t)length;
}

static size_t put(char *to, int32_t kind, struct span text)
{
    if (SERVER_HEADER + text.n > FLOOR_ANSWER_MOST / 2)
        floor_give_up("a text that no visitor sends");
    protocol_server_header(to, kind, SUCCESS, text.n);
    if (text.n)
        memcpy(to + SERVER_HEADER, text.at, text.n);
    return SERVER_HEADER + text.n;
}

static size_t show_chat(char *to, struct span chat)
{
    char line[FLOOR_ANSWER_MOST];
    if (chat.n >= sizeof line)
        floor_give_up("a chat's name that no visitor sends");
    memcpy(line, chat.at, chat.n);
    line[chat.n] = '\n';
    return put(to, GET_CHATS, (struct span){line, chat.n + 1});
}

size_t floor_answer(char to[FLOOR_ANSWER_MOST], const struct request *request, struct span list)
{
    size_t n;
    switch (request->kind) {
    case SET_NAME:
        n = put(to, SET_NAME, (struct span){0});
        return n + put(to + n, GET_CHATS, list);
    case CREATE_CHAT:
        return show_chat(to, request->text);
    case CONNECT_CHAT:
        return put(to, CONNECT_CHAT, request->text);
    case LEAVE_CHAT:
        return put(to, GET_CHATS, list);
    case DISCONNECT:
        return put(to, DISCONNECT, (struct span){0});
    default:
        floor_give_up("a request that no visitor sends");
    }
}
