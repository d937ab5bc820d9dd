/* The floor of passages: one loop that knows no names and no rooms and gives the answers a visit needs, one send() a read. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/bots.h"
#include "tests/bench/floor.h"
#include "tests/bench/floor_internal.h"

enum { EVENTS = 256, VISITORS_MOST = 4096, READ_BYTES = 4096, OUT_MOST = 8 * FLOOR_ANSWER_MOST };

/* What has come of a request that is not whole, by socket. */
struct rest {
    char bytes[READ_BYTES];
    size_t n;
};

/* Answers the whole requests of what was read; how many bytes they were. *last: one of them was the goodbye. */
static size_t answer_all(int fd, const char *bytes, size_t n, struct span list, bool *last)
{
    char out[OUT_MOST];
    struct request request;
    size_t done = 0, due = 0;
    for (size_t more; (more = floor_request(bytes + done, n - done, &request)) > 0; done += more) {
        if (due + FLOOR_ANSWER_MOST > sizeof out)
            floor_give_up("more requests than a visitor sends");
        due += floor_answer(out + due, &request, list);
        *last = request.kind == DISCONNECT;
    }
    if (due && send(fd, out, due, MSG_DONTWAIT | MSG_NOSIGNAL | (*last ? MSG_MORE : 0)) != (ssize_t)due)
        floor_give_up("send");
    return done;
}

static void read_visitor(int fd, struct rest *rest, struct span list)
{
    bool last = false;
    ssize_t n = recv(fd, rest->bytes + rest->n, sizeof rest->bytes - rest->n, MSG_DONTWAIT);
    if (n <= 0) {
        close(fd);
        return;
    }
    rest->n += (size_t)n;
    size_t done = answer_all(fd, rest->bytes, rest->n, list, &last);
    rest->n -= done;
    memmove(rest->bytes, rest->bytes + done, rest->n);
    if (last)
        shutdown(fd, SHUT_WR);
}

static void let_in(int listener, int epoll, struct rest *rests)
{
    for (int fd; (fd = floor_accept(listener)) >= 0;) {
        struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
        if (fd >= VISITORS_MOST || epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
            floor_give_up("a visitor too many");
        rests[fd].n = 0;
    }
}

static _Noreturn void run(int listener)
{
    struct rest *rests = floor_take(VISITORS_MOST, sizeof *rests);
    struct epoll_event events[EVENTS], event = {.events = EPOLLIN, .data.fd = listener};
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    char list[64 + 1], chat[64];
    bots_chat(0, chat);
    int length = snprintf(list, sizeof list, "%s\n", chat);
    floor_prepare(listener);
    if (length < 0 || epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event) < 0)
        floor_give_up("its start");
    for (;;) {
        int n = epoll_wait(epoll, events, EVENTS, -1);
        for (int i = 0; i < n; i++) {
            int fd = events[i].data.fd;
            if (fd == listener)
                let_in(listener, epoll, rests);
            else
                read_visitor(fd, &rests[fd], (struct span){list, (size_t)length});
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
