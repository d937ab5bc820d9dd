/* Clients that come, take a name, enter a chat, leave it and go, again and again. */
#include "tests/bench/visitors.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS = VISITORS, AHEAD_BYTES = 256 };

/* What a visitor waits for, and what it asks for when that has come, unless it has asked ahead. */
static const struct step {
    int32_t due;
    int32_t then; /* -1: nothing */
    const char *text;
} steps[] = {
    {SET_NAME, -1, NULL},           {GET_CHATS, CONNECT_CHAT, "room-0000"},
    {CONNECT_CHAT, LEAVE_CHAT, ""}, {GET_CHATS, DISCONNECT, ""},
    {DISCONNECT, -1, NULL},
};
enum { STEPS = sizeof steps / sizeof *steps };

/* A visitor's name is the same each time: it must be free when its last visit is over. */
static void enter(struct visitors *visitors, uint32_t id)
{
    char name[16], bytes[AHEAD_BYTES];
    struct visitor *visitor = &visitors->people[id];
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = visitor};
    load_connect(&visitor->client, id, visitors->server);
    visitor->step = 0;
    snprintf(name, sizeof name, "v%05u", id);
    size_t n = load_put(bytes, SET_NAME, name);
    for (size_t i = 0; visitors->ahead && i < STEPS; i++)
        if (steps[i].then >= 0)
            n += load_put(bytes + n, steps[i].then, steps[i].text);
    load_send_bytes(&visitor->client, bytes, n);
    if (epoll_ctl(visitors->epoll, EPOLL_CTL_ADD, visitor->client.fd, &event) < 0)
        bench_fail("epoll_ctl: %s", strerror(errno));
}

void visitors_open(struct visitors *visitors, const struct process *server, bool ahead)
{
    *visitors = (struct visitors){.server = server, .ahead = ahead, .epoll = epoll_create1(EPOLL_CLOEXEC)};
    for (uint32_t id = 0; id < VISITORS; id++)
        enter(visitors, id);
}

static void take(struct visitor *visitor, const struct frame *frame, bool ahead)
{
    char due[32];
    const struct step *step = &steps[visitor->step];
    if (visitor->step == STEPS)
        load_wrong(&visitor->client, frame, "the end of the connection");
    if (frame->request != step->due || frame->response != SUCCESS) {
        snprintf(due, sizeof due, "{%d,%d}", step->due, SUCCESS);
        load_wrong(&visitor->client, frame, due);
    }
    visitor->step++;
    if (!ahead && step->then >= 0)
        load_send(&visitor->client, step->then, step->text);
}

/* True when the visit is over. */
static bool look_at(struct visitor *visitor, bool ahead)
{
    struct reader reader;
    struct frame frame;
    ssize_t n;
    do {
        n = load_read(&visitor->client, &reader);
        while (load_frame(&reader, &frame))
            take(visitor, &frame, ahead);
        load_keep(&visitor->client, &reader);
    } while (n > 0 && visitor->step == STEPS);
    if (n == 0 && visitor->step < STEPS)
        bench_fail("client %u: the server closed where {%d,%d} was due", visitor->client.id, steps[visitor->step].due,
                   SUCCESS);
    return n == 0;
}

/* Waits for answers; how many visits are over. Their visitors begin anew, or do not. */
static uint64_t receive(struct visitors *visitors, bool anew)
{
    struct epoll_event events[EVENTS];
    uint64_t done = 0;
    int n = epoll_wait(visitors->epoll, events, EVENTS, (int)(PATIENCE / 1000000));
    bench_check();
    if (n == 0)
        bench_fail("none of %d visitors was answered for %d s", VISITORS, (int)(PATIENCE / SECOND_NS));
    for (int i = 0; i < n; i++) {
        struct visitor *visitor = events[i].data.ptr;
        if (!look_at(visitor, visitors->ahead))
            continue;
        done++;
        load_close(&visitor->client);
        if (anew)
            enter(visitors, (uint32_t)(visitor - visitors->people));
    }
    return done;
}

uint64_t visitors_pass(struct visitors *visitors, int64_t until)
{
    uint64_t done = 0;
    while (bench_now() < until)
        done += receive(visitors, true);
    return done;
}

uint64_t visitors_close(struct visitors *visitors)
{
    uint64_t done = 0;
    while (done < VISITORS)
        done += receive(visitors, false);
    close(visitors->epoll);
    return done;
}
