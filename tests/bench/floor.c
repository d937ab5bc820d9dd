/* The floor of delivery: reads frames of one length, puts their author before them, and sends them to the room. */
#include "tests/bench/floor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/bots.h"
#include "tests/bench/floor_internal.h"

enum {
    EVENTS = 256,
    READ_BYTES = 64 * 1024,
    ROUND_BYTES = 256 * 1024,
    HEAD_BYTES = FRAME_BYTES - TEXT_BYTES, /* of a record's frame: all that stands before its text */
    HOLD_MOST = 2                          /* milliseconds without a message before those that are held go out */
};

struct member {
    int fd;
    bool inside; /* in its room: nothing but messages comes from it, and at last a goodbye */
    uint32_t room;
    uint32_t kept;
    char rest[REQUEST_BYTES];
    char head[HEAD_BYTES]; /* of the frames of its records */
};

struct room {
    uint32_t n; /* bytes gathered in this round */
    uint32_t n_members;
    bool due;
    int *members; /* their sockets */
    char bytes[ROUND_BYTES];
};

struct floor {
    int epoll;
    uint32_t n_rooms, members; /* so many are to come into each room */
    uint32_t hold, held;       /* messages that are waited for, and that have come */
    uint32_t n_people, n_due;
    struct member *people; /* the founder is one of them */
    struct room *rooms;
    uint32_t *due; /* rooms that got something in this round */
    char scratch[REQUEST_BYTES + READ_BYTES];
};

/* ---- Delivering ---- */

static void flush_room(struct room *room)
{
    for (uint32_t i = 0; i < room->n_members; i++)
        floor_send_all(room->members[i], room->bytes, room->n);
    room->n = 0;
}

static void flush_due(struct floor *floor)
{
    for (uint32_t i = 0; i < floor->n_due; i++) {
        floor->rooms[floor->due[i]].due = false;
        flush_room(&floor->rooms[floor->due[i]]);
    }
    floor->n_due = floor->held = 0;
}

static void gather(struct floor *floor, const struct member *member, const char *text)
{
    struct room *room = &floor->rooms[member->room];
    if (room->n + FRAME_BYTES > ROUND_BYTES)
        flush_room(room);
    char *frame = room->bytes + room->n;
    memcpy(frame, member->head, HEAD_BYTES);
    memcpy(frame + HEAD_BYTES, text, TEXT_BYTES);
    room->n += FRAME_BYTES;
    floor->held++;
    if (!room->due)
        floor->due[floor->n_due++] = member->room;
    room->due = true;
}

/* ---- Coming and going ---- */

static void take_name(struct member *member, struct span name)
{
    static const char stamp[] = "\t12:34:56 01/02/34\n";
    if (name.n != AUTHOR_BYTES)
        floor_give_up("a name that is no bot's");
    protocol_server_header(member->head, RECEIVE_MESSAGE, SUCCESS, RECORD_BYTES);
    memcpy(member->head + SERVER_HEADER, name.at, AUTHOR_BYTES);
    memcpy(member->head + SERVER_HEADER + AUTHOR_BYTES, stamp, LEAD_BYTES - AUTHOR_BYTES);
}

/* The name of a chat ends with its number. */
static void enter_room(struct floor *floor, struct member *member, struct span chat)
{
    uint32_t number = 0, place = 1;
    for (size_t i = chat.n; i > 0 && chat.at[i - 1] >= '0' && chat.at[i - 1] <= '9'; i--, place *= 10)
        number += place * (uint32_t)(chat.at[i - 1] - '0');
    if (number >= floor->n_rooms || floor->rooms[number].n_members == floor->members)
        floor_give_up("a room that was not to be, or is full");
    struct room *room = &floor->rooms[number];
    room->members[room->n_members++] = member->fd;
    member->room = number;
    member->inside = true;
}

/* Answers the requests of somebody who is in no room; how many bytes they were. */
static size_t receive(struct floor *floor, struct member *member, const char *bytes, size_t n)
{
    char answer[FLOOR_ANSWER_MOST];
    struct request request;
    size_t done = 0;
    for (size_t more; !member->inside && (more = floor_request(bytes + done, n - done, &request)) > 0; done += more) {
        if (request.kind == SET_NAME)
            take_name(member, request.text);
        if (request.kind == CONNECT_CHAT)
            enter_room(floor, member, request.text);
        floor_send_all(member->fd, answer, floor_answer(answer, &request, (struct span){0}));
        if (request.kind == DISCONNECT)
            shutdown(member->fd, SHUT_WR);
    }
    return done;
}

static void let_in(struct floor *floor, int listener)
{
    for (int fd; (fd = floor_accept(listener)) >= 0;) {
        if (floor->n_people > floor->n_rooms * floor->members)
            floor_give_up("a client too many");
        struct member *member = &floor->people[floor->n_people++];
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = member};
        member->fd = fd;
        if (epoll_ctl(floor->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
            floor_give_up("epoll_ctl");
    }
}

/* ---- The loop ---- */

/* A goodbye is shorter than a message and nothing follows it. Nobody says anything to the room any more, as all are of one load. */
static bool is_goodbye(const char *bytes, size_t n)
{
    return n == CLIENT_HEADER && protocol_get32(bytes) == DISCONNECT;
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
    if (member->inside) {
        for (; n >= REQUEST_BYTES; at += REQUEST_BYTES, n -= REQUEST_BYTES)
            gather(floor, member, at + CLIENT_HEADER);
        member->inside = !is_goodbye(at, n);
    }
    if (!member->inside) {
        size_t done = receive(floor, member, at, n);
        at += done;
        n -= done;
    }
    if (n > sizeof member->rest)
        floor_give_up("a request that no bot sends");
    memcpy(member->rest, at, n);
    member->kept = (uint32_t)n;
    return true;
}

static _Noreturn void serve(struct floor *floor, int listener)
{
    struct epoll_event events[EVENTS];
    for (;;) {
        int n = epoll_wait(floor->epoll, events, EVENTS, floor->held ? HOLD_MOST : -1);
        for (int i = 0; i < n; i++) {
            struct member *member = events[i].data.ptr;
            if (!member)
                let_in(floor, listener);
            else if (!read_member(floor, member))
                close(member->fd);
        }
        if (floor->held >= floor->hold || n == 0)
            flush_due(floor);
    }
}

static _Noreturn void run(int listener, uint32_t rooms, uint32_t members, uint32_t hold)
{
    struct epoll_event event = {.events = EPOLLIN};
    struct floor *floor = floor_take(1, sizeof *floor);
    floor->n_rooms = rooms;
    floor->members = members;
    floor->hold = hold;
    floor->people = floor_take((size_t)rooms * members + 1, sizeof *floor->people);
    floor->rooms = floor_take(rooms, sizeof *floor->rooms);
    floor->due = floor_take(rooms, sizeof *floor->due);
    for (uint32_t i = 0; i < rooms; i++)
        floor->rooms[i].members = floor_take(members, sizeof(int));
    floor->epoll = epoll_create1(EPOLL_CLOEXEC);
    floor_prepare(listener);
    if (epoll_ctl(floor->epoll, EPOLL_CTL_ADD, listener, &event) < 0)
        floor_give_up("epoll_ctl");
    serve(floor, listener);
}

void floor_start_chat(struct process *process, uint32_t rooms, uint32_t members, uint32_t hold)
{
    int listener = process_listen(process, "floor");
    if (process_fork(process))
        run(listener, rooms, members, hold);
    close(listener);
}
