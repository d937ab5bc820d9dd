/* The floor of replays: whoever enters the chat is sent the same bytes out of memory. */
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/protocol.h"
#include "tests/bench/floor.h"
#include "tests/bench/floor_internal.h"

enum { READ_BYTES = 4096, STEP = 256 * 1024 };

struct history {
    const char *bytes;
    size_t n;
};

/* Answers whole requests; how many bytes they were. *last: one of them was the goodbye. */
static size_t answer_all(int fd, const char *bytes, size_t n, const struct history *history, bool *last)
{
    char answer[FLOOR_ANSWER_MOST];
    struct request request;
    size_t done = 0;
    for (size_t more; (more = floor_request(bytes + done, n - done, &request)) > 0; done += more) {
        floor_send_all(fd, answer, floor_answer(answer, &request, (struct span){0}));
        for (size_t at = 0; request.kind == CONNECT_CHAT && at < history->n; at += STEP)
            floor_send_all(fd, history->bytes + at, history->n - at < STEP ? history->n - at : STEP);
        *last = request.kind == DISCONNECT;
    }
    return done;
}

/* One client, until it goes. */
static void serve(int fd, const struct history *history)
{
    char bytes[READ_BYTES];
    size_t n = 0;
    bool last = false;
    for (;;) {
        poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1);
        ssize_t got = recv(fd, bytes + n, sizeof bytes - n, MSG_DONTWAIT);
        if (got <= 0)
            break;
        n += (size_t)got;
        size_t done = answer_all(fd, bytes, n, history, &last);
        n -= done;
        memmove(bytes, bytes + done, n);
        if (last)
            shutdown(fd, SHUT_WR);
    }
    close(fd);
}

static _Noreturn void run(int listener, const struct history *history)
{
    floor_prepare(listener);
    for (;;) {
        poll(&(struct pollfd){.fd = listener, .events = POLLIN}, 1, -1);
        int fd = floor_accept(listener);
        if (fd >= 0)
            serve(fd, history);
    }
}

void floor_start_replay(struct process *process, const char *bytes, size_t n)
{
    int listener = process_listen(process, "floor");
    struct history history = {bytes, n};
    if (process_fork(process))
        run(listener, &history);
    close(listener);
}
