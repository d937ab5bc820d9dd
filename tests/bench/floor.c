/* The floor: the least any server could do with the same bytes. It stores nothing, checks nothing, knows nobody. */
#include "tests/bench/floor.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/load.h"

enum { EVENTS = 256, READ_BYTES = 64 * 1024, ROUND_BYTES = 256 * 1024, REPLAY_STEP = 256 * 1024 };

struct member {
    int fd;
    uint32_t room;
    uint32_t kept;
    char rest[REQUEST_BYTES];
};

struct room {
    uint32_t n; /* bytes gathered in this round */
    bool due;
    char bytes[ROUND_BYTES];
};

struct floor {
    int epoll;
    uint32_t members, n_due;
    struct member *people;
    struct room *rooms;
    uint32_t *due; /* rooms that got something in this round */
    char frame[FRAME_BYTES];
    char scratch[REQUEST_BYTES + READ_BYTES];
};

static _Noreturn void give_up(const char *why)
{
    dprintf(STDERR_FILENO, "bench: the floor: %s: %s\n", why, strerror(errno));
    _exit(1);
}

static void *take(size_t n, size_t size)
{
    void *memory = calloc(n, size);
    if (!memory)
        give_up("memory");
    return memory;
}

/* Sends all; a socket that is full is waited for, as nothing else is known here. */
static void send_all(int fd, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (sent < 0 && errno != EAGAIN)
            give_up("send");
        if (sent < 0) {
            poll(&(struct pollfd){.fd = fd, .events = POLLOUT}, 1, -1);
            continue;
        }
        bytes += sent;
        n -= (size_t)sent;
    }
}

static int take_connection(int listener)
{
    int on = 1;
    int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        give_up("accept");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

static void flush_room(struct floor *floor, uint32_t at)
{
    struct room *room = &floor->rooms[at];
    for (uint32_t i = 0; i < floor->members; i++)
        send_all(floor->people[at * floor->members + i].fd, room->bytes, room->n);
    room->n = 0;
}

static void gather(struct floor *floor, uint32_t at, const char *text)
{
    struct room *room = &floor->rooms[at];
    if (room->n + FRAME_BYTES > ROUND_BYTES)
        flush_room(floor, at);
    char *frame = room->bytes + room->n;
    memcpy(frame, floor->frame, FRAME_BYTES - TEXT_BYTES);
    memcpy(frame + FRAME_BYTES - TEXT_BYTES, text, TEXT_BYTES);
    room->n += FRAME_BYTES;
    if (!room->due)
        floor->due[floor->n_due++] = at;
    room->due = true;
}

/* False when the member has gone. */
static bool read_member(struct floor *floor, struct member *member)
{
    const char *at = floor->scratch;
    memcpy(floor->scratch, member->rest, member->kept);
    ssize_t got = recv(member->fd, floor->scratch + member->kept, READ_BYTES, MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN))
        return false;
    size_t n = member->kept + (got > 0 ? (size_t)got : 0);
    for (; n >= REQUEST_BYTES; at += REQUEST_BYTES, n -= REQUEST_BYTES)
        gather(floor, member->room, at + CLIENT_HEADER);
    memcpy(member->rest, at, n);
    member->kept = (uint32_t)n;
    return true;
}

/* Until somebody goes: the clients are all of one crowd. */
static void serve(struct floor *floor)
{
    struct epoll_event events[EVENTS];
    for (;;) {
        int n = epoll_wait(floor->epoll, events, EVENTS, -1);
        for (int i = 0; i < n; i++)
            if (!read_member(floor, events[i].data.ptr))
                return;
        for (uint32_t i = 0; i < floor->n_due; i++) {
            floor->rooms[floor->due[i]].due = false;
            flush_room(floor, floor->due[i]);
        }
        floor->n_due = 0;
    }
}

/* Waits for a request of this length and answers it. */
static void answer(int fd, size_t request, const int32_t *kinds, size_t n)
{
    char bytes[128], header[SERVER_HEADER];
    for (size_t got = 0; got < request;) {
        poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1);
        ssize_t more = recv(fd, bytes, request - got, 0);
        if (more <= 0)
            give_up("a client that does not enter");
        got += (size_t)more;
    }
    for (size_t i = 0; i < n; i++) {
        protocol_server_header(header, kinds[i], SUCCESS, 0);
        send_all(fd, header, sizeof header);
    }
}

/* The clients come in as they do to a server, answered step by step: how TCP acknowledges depends on it. */
static void let_in(struct floor *floor, int listener, uint32_t n)
{
    static const int32_t named[] = {SET_NAME, GET_CHATS}, joined[] = {CONNECT_CHAT};
    for (uint32_t i = 0; i < n; i++) {
        floor->people[i] = (struct member){.fd = take_connection(listener), .room = i / floor->members};
        answer(floor->people[i].fd, CLIENT_HEADER + USER_NAME_BYTES, named, 2);
    }
    for (uint32_t i = 0; i < n; i++) {
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = &floor->people[i]};
        answer(floor->people[i].fd, CLIENT_HEADER + CHAT_NAME_BYTES, joined, 1);
        if (epoll_ctl(floor->epoll, EPOLL_CTL_ADD, floor->people[i].fd, &event) < 0)
            give_up("epoll_ctl");
    }
}

static void run_chat(int listener, uint32_t rooms, uint32_t members)
{
    static const char lead[] = "author\t12:34:56 01/02/34\n";
    struct floor *floor = take(1, sizeof *floor);
    floor->members = members;
    floor->people = take((size_t)rooms * members, sizeof *floor->people);
    floor->rooms = take(rooms, sizeof *floor->rooms);
    floor->due = take(rooms, sizeof *floor->due);
    protocol_server_header(floor->frame, RECEIVE_MESSAGE, SUCCESS, RECORD_BYTES);
    memcpy(floor->frame + SERVER_HEADER, lead, LEAD_BYTES);
    floor->epoll = epoll_create1(EPOLL_CLOEXEC);
    let_in(floor, listener, rooms * members);
    serve(floor);
}

void floor_start_chat(struct process *process, uint32_t rooms, uint32_t members)
{
    int listener = process_listen(process, "floor");
    if (process_fork(process)) {
        run_chat(listener, rooms, members);
        pause();
        _exit(0);
    }
    close(listener);
}

static void run_replay(int listener, const char *bytes, size_t n)
{
    char request[READ_BYTES];
    int fd = take_connection(listener);
    for (;;) {
        poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, -1);
        if (recv(fd, request, sizeof request, 0) <= 0)
            return;
        for (size_t at = 0; at < n; at += REPLAY_STEP)
            send_all(fd, bytes + at, n - at < REPLAY_STEP ? n - at : REPLAY_STEP);
    }
}

void floor_start_replay(struct process *process, const char *bytes, size_t n)
{
    int listener = process_listen(process, "floor");
    if (process_fork(process)) {
        run_replay(listener, bytes, n);
        pause();
        _exit(0);
    }
    close(listener);
}
