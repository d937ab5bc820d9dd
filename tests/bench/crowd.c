/* A crowd: rooms full of members, some of whom send as fast as they see their own messages come back. */
#include "tests/bench/crowd.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/bench/floor.h"

enum { EVENTS = 1024, WINDOW_MOST = 64 };

/* A text is `room sender sequence xxx...`, in digits: a room's four, a sender's six, a sequence's ten. */
enum {
    ROOM_AT = 0,
    SENDER_AT = 5,
    SEQUENCE_AT = 12,
    SEQUENCE_DIGITS = 10,
    FILL_AT = SEQUENCE_AT + SEQUENCE_DIGITS + 1
};

struct member {
    struct client client;
    uint32_t room;
    bool sends, due;
    uint64_t sent, seen; /* of its own messages */
    uint64_t got;
    char request[REQUEST_BYTES]; /* what it sends, but for the sequence */
};

static void make_request(struct member *member)
{
    char *text = member->request + CLIENT_HEADER;
    char numbers[64];
    protocol_client_header(member->request, SEND_MESSAGE, TEXT_BYTES);
    snprintf(numbers, sizeof numbers, "%04u %06u %010u ", member->room, member->client.id, 0U);
    memset(text, 'x', TEXT_BYTES);
    memcpy(text, numbers, FILL_AT);
}

static void put_sequence(char *to, uint64_t sequence)
{
    for (int i = SEQUENCE_DIGITS - 1; i >= 0; i--, sequence /= 10)
        to[i] = (char)('0' + sequence % 10);
}

static uint64_t get_sequence(const char *from)
{
    uint64_t sequence = 0;
    for (int i = 0; i < SEQUENCE_DIGITS; i++)
        sequence = 10 * sequence + (uint64_t)(from[i] - '0');
    return sequence;
}

static void send_due(struct crowd *crowd, struct member *member)
{
    char bytes[WINDOW_MOST * REQUEST_BYTES];
    size_t n = 0;
    uint64_t messages = crowd->shape.window - (member->sent - member->seen);
    for (uint64_t i = 0; i < messages; i++, n += REQUEST_BYTES) {
        memcpy(bytes + n, member->request, REQUEST_BYTES);
        put_sequence(bytes + n + CLIENT_HEADER + SEQUENCE_AT, member->sent++);
    }
    load_send_bytes(&member->client, bytes, n);
    crowd->said[member->room] += messages;
    crowd->sent += messages;
    crowd->owed += messages * crowd->shape.members;
}

static void send_all_due(struct crowd *crowd)
{
    for (uint32_t i = 0; i < crowd->n_due; i++) {
        send_due(crowd, crowd->due[i]);
        crowd->due[i]->due = false;
    }
    crowd->n_due = 0;
}

static void make_due(struct crowd *crowd, struct member *member)
{
    if (!member->due)
        crowd->due[crowd->n_due++] = member;
    member->due = true;
}

static void take_record(struct crowd *crowd, struct member *member, const struct frame *frame)
{
    const char *text = frame->text + LEAD_BYTES;
    const char *own = member->request + CLIENT_HEADER;
    if (memcmp(frame->header, crowd->header, SERVER_HEADER) != 0)
        load_wrong(&member->client, frame, "a record of the usual length");
    if (memcmp(text, own, SENDER_AT) != 0)
        load_wrong(&member->client, frame, "a record of its own room");
    member->got++;
    if (memcmp(text + SENDER_AT, own + SENDER_AT, SEQUENCE_AT - SENDER_AT) != 0)
        return;
    if (member->seen == member->sent || get_sequence(text + SEQUENCE_AT) != member->seen)
        load_wrong(&member->client, frame, "its next own message");
    member->seen++;
    make_due(crowd, member);
}

static void read_member(struct crowd *crowd, struct member *member)
{
    struct reader reader;
    struct frame frame;
    uint64_t before = member->got;
    ssize_t n = load_read(&member->client, &reader);
    if (n == 0)
        bench_fail("client %u: the server closed", member->client.id);
    while (load_frame(&reader, &frame))
        take_record(crowd, member, &frame);
    load_keep(&member->client, &reader);
    if (member->got > crowd->said[member->room])
        bench_fail("client %u got %" PRIu64 " records of %" PRIu64, member->client.id, member->got,
                   crowd->said[member->room]);
    crowd->got += member->got - before;
}

static void receive(struct crowd *crowd)
{
    struct epoll_event events[EVENTS];
    int n = epoll_wait(crowd->epoll, events, EVENTS, (int)(PATIENCE / 1000000));
    bench_check();
    if (n == 0)
        bench_fail("nothing came for %d s: %" PRIu64 " of %" PRIu64 " records are there", (int)(PATIENCE / SECOND_NS),
                   crowd->got, crowd->owed);
    for (int i = 0; i < n; i++)
        read_member(crowd, events[i].data.ptr);
}

void crowd_run(struct crowd *crowd, int64_t until, uint64_t most)
{
    while (crowd->sent < most && bench_now() < until) {
        send_all_due(crowd);
        receive(crowd);
    }
}

void crowd_drain(struct crowd *crowd)
{
    uint32_t n = crowd->shape.rooms * crowd->shape.members;
    while (crowd->got < crowd->owed)
        receive(crowd);
    for (uint32_t i = 0; i < n; i++) {
        const struct member *member = &crowd->members[i];
        if (member->got != crowd->said[member->room] || member->seen != member->sent)
            bench_fail("client %u got %" PRIu64 " records of %" PRIu64 ", %" PRIu64 " of its own %" PRIu64,
                       member->client.id, member->got, crowd->said[member->room], member->seen, member->sent);
    }
}

/* A single sender stands in the middle: who is served first, or last, makes another pace. */
static bool is_sender(const struct shape *shape, uint32_t seat)
{
    return (seat + shape->members / 2) % shape->members < shape->senders;
}

/* From here on the members are watched, and the senders may begin. */
static void watch_all(struct crowd *crowd, const struct client *clients)
{
    uint32_t n = crowd->shape.rooms * crowd->shape.members;
    crowd->epoll = epoll_create1(EPOLL_CLOEXEC);
    for (uint32_t i = 0; i < n; i++) {
        struct member *member = &crowd->members[i];
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = member};
        *member = (struct member){.client = clients[i], .room = i / crowd->shape.members};
        make_request(member);
        if (is_sender(&crowd->shape, i % crowd->shape.members))
            make_due(crowd, member);
        if (epoll_ctl(crowd->epoll, EPOLL_CTL_ADD, member->client.fd, &event) < 0)
            bench_fail("epoll_ctl: %s", strerror(errno));
    }
}

uint64_t crowd_segments(const struct crowd *crowd)
{
    uint64_t segments = 0;
    for (uint32_t i = 0; i < crowd->shape.rooms * crowd->shape.members; i++) {
        struct tcp_info info = {0};
        socklen_t n = sizeof info;
        if (getsockopt(crowd->members[i].client.fd, IPPROTO_TCP, TCP_INFO, &info, &n) < 0)
            bench_fail("TCP_INFO: %s", strerror(errno));
        segments += info.tcpi_data_segs_in;
    }
    return segments;
}

static void prepare(struct crowd *crowd, const struct shape *shape)
{
    uint32_t n = shape->rooms * shape->members;
    if (shape->window > WINDOW_MOST)
        bench_fail("a window of %u", shape->window);
    *crowd = (struct crowd){.shape = *shape};
    crowd->members = bench_alloc(n * sizeof *crowd->members);
    crowd->due = bench_alloc(n * sizeof *crowd->due);
    crowd->said = bench_alloc(shape->rooms * sizeof *crowd->said);
    protocol_server_header(crowd->header, RECEIVE_MESSAGE, SUCCESS, RECORD_BYTES);
}

void crowd_join(struct crowd *crowd, const struct shape *shape, const struct process *process)
{
    uint32_t n = shape->rooms * shape->members;
    struct client *clients = bench_alloc(n * sizeof *clients);
    prepare(crowd, shape);
    load_enter(clients, n, shape->members, process);
    watch_all(crowd, clients);
    free(clients);
}

void crowd_leave(struct crowd *crowd)
{
    uint32_t n = crowd->shape.rooms * crowd->shape.members;
    for (uint32_t i = 0; i < n; i++)
        load_close(&crowd->members[i].client);
    close(crowd->epoll);
    free(crowd->members);
    free(crowd->due);
    free(crowd->said);
}
