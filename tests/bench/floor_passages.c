/* The floor of passages: one loop that knows no names and no rooms and gives the answers a visit needs, one send() a read. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/floor.h"

enum { EVENTS = 256, VISITORS_MOST = 4096, READ_BYTES = 4096, ANSWER_BYTES = 256, KINDS = GET_CHATS + 1 };

/* What is answered to each kind of request; empty: nothing. */
struct answers {
    struct {
        char bytes[ANSWER_BYTES];
        size_t n;
    } of[KINDS];
};

/* What has come of a request that is not whole, by socket. */
struct rest {
    char bytes[READ_BYTES];
    size_t n;
};

static _Noreturn void give_up(const char *why)
{
    dprintf(STDERR_FILENO, "bench: the floor: %s: %s\n", why, strerror(errno));
    _exit(1);
}

static void add_answer(struct answers *answers, int32_t to, int32_t kind, const char *text)
{
    char *at = answers->of[to].bytes + answers->of[to].n;
    size_t n = strlen(text);
    protocol_server_header(at, kind, SUCCESS, n);
    memcpy(at + SERVER_HEADER, text, n);
    answers->of[to].n += SERVER_HEADER + n;
}

static void make_answers(struct answers *answers)
{
    add_answer(answers, SET_NAME, SET_NAME, "");
    add_answer(answers, SET_NAME, GET_CHATS, "room-0000\n");
    add_answer(answers, CONNECT_CHAT, CONNECT_CHAT, "room-0000");
    add_answer(answers, LEAVE_CHAT, GET_CHATS, "room-0000\n");
    add_answer(answers, DISCONNECT, DISCONNECT, "");
}

/* Answers the whole requests of what was read; how many bytes they were. *last: one of them was the goodbye. */
static size_t answer_all(int fd, const char *bytes, size_t n, const struct answers *answers, bool *last)
{
    char out[KINDS * ANSWER_BYTES];
    size_t done = 0, due = 0;
    while (n - done >= CLIENT_HEADER) {
        uint64_t length = protocol_get64(bytes + done + 4);
        int32_t kind = protocol_get32(bytes + done);
        if (length > n - done - CLIENT_HEADER)
            break;
        if (kind < 0 || kind >= KINDS || due + ANSWER_BYTES > sizeof out)
            give_up("a request that no visitor sends");
        memcpy(out + due, answers->of[kind].bytes, answers->of[kind].n);
        due += answers->of[kind].n;
        done += CLIENT_HEADER + (size_t)length;
        *last = kind == DISCONNECT;
    }
    if (due && send(fd, out, due, MSG_DONTWAIT | MSG_NOSIGNAL | (*last ? MSG_MORE : 0)) != (ssize_t)due)
        give_up("send");
    return done;
}

static void read_visitor(int fd, struct rest *rest, const struct answers *answers)
{
    bool last = false;
    ssize_t n = recv(fd, rest->bytes + rest->n, sizeof rest->bytes - rest->n, MSG_DONTWAIT);
    if (n <= 0) {
        close(fd);
        return;
    }
    rest->n += (size_t)n;
    size_t done = answer_all(fd, rest->bytes, rest->n, answers, &last);
    rest->n -= done;
    memmove(rest->bytes, rest->bytes + done, rest->n);
    if (last)
        shutdown(fd, SHUT_WR);
}

static void let_in(int listener, int epoll, struct rest *rests)
{
    int fd;
    while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        if (fd >= VISITORS_MOST || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
            give_up("a visitor too many");
        rests[fd].n = 0;
    }
}

static _Noreturn void run(int listener)
{
    struct answers answers = {0};
    struct rest *rests = calloc(VISITORS_MOST, sizeof *rests);
    struct epoll_event events[EVENTS], event = {.events = EPOLLIN, .data.fd = listener};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    int on = 1;
    make_answers(&answers);
    fcntl(listener, F_SETFL, O_NONBLOCK);
    setsockopt(listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (!rests || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) < 0)
        give_up("its start");
    for (;;) {
        int n = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == listener)
                let_in(listener, epoll, rests);
            else
                read_visitor(fd, &rests[fd], &answers);
        }
    }
}

void floor_start_passages(struct process *process)
{
    int listener = process_listen(process, "floor");
    if (process_fork(process))
        run(listener);
    close(listener);
}
