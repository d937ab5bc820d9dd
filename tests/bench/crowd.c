/* A crowd: rooms full of members, some of whom send: as fast as they see their own come back, or by a schedule. */
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
#include <time.h>
#include <unistd.h>

#include "tests/bench/message.h"

#define HEAD_START (SECOND_NS / 1000) /* of a schedule, before its first message */

enum { EVENTS = 1024, WINDOW_MOST = 64 };

struct member {
    struct client client;
    uint32_t room;
    bool sends, due;
    uint64_t sent, seen; /* of its own messages */
    uint64_t got;
    char request[REQUEST_BYTES]; /* what it sends, but for the numbers of each message */
};

static void send_messages(struct crowd *crowd, struct member *member, uint64_t messages, int64_t due)
{
    char bytes[WINDOW_MOST * REQUEST_BYTES];
    for (uint64_t i = 0; i < messages; i++) {
        message_number(member->request, member->sent++, due);
        memcpy(bytes + i * REQUEST_BYTES, member->request, REQUEST_BYTES);
    }
    load_send_bytes(&member->client, bytes, messages * REQUEST_BYTES);
    crowd->said[member->room] += messages;
    crowd->sent += messages;
    crowd->owed += messages * crowd->shape.members;
}

static void send_all_due(struct crowd *crowd)
{
    for (uint32_t i = 0; i < crowd->n_due; i++) {
        struct member *member = crowd->due[i];
        send_messages(crowd, member, crowd->shape.window - (member->sent - member->seen), 0);
        member->due = false;
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
    if (memcmp(frame->header, crowd->header, SERVER_HEADER) != 0)
        load_wrong(&member->client, frame, "a record of the usual length");
    if (!message_of_room(text, member->request))
        load_wrong(&member->client, frame, "a record of its own room");
    member->got++;
    if (crowd->times)
        samples_add(&crowd->times->delivered, crowd->read_at - message_due(text));
    if (!message_of_sender(text, member->request))
        return;
    if (member->seen == member->sent || message_sequence(text) != member->seen)
        load_wrong(&member->client, frame, "its next own message");
    member->seen++;
    if (!crowd->paced)
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
    crowd->read_at = crowd->times ? bench_now() : 0;
    while (load_frame(&reader, &frame))
        take_record(crowd, member, &frame);
    load_keep(&member->client, &reader);
    if (member->got > crowd->said[member->room])
        bench_fail("client %u got %" PRIu64 " records of %" PRIu64, member->client.id, member->got,
                   crowd->said[member->room]);
    crowd->got += member->got - before;
}

/* Waits for so long at most, and reads what has come. False when nothing has. */
static bool receive_for(struct crowd *crowd, int64_t wait)
{
    struct epoll_event events[EVENTS];
    struct timespec timeout = {.tv_sec = wait / SECOND_NS, .tv_nsec = wait % SECOND_NS};
    int n = epoll_pwait2(crowd->epoll, events, EVENTS, &timeout, NULL);
    bench_check();
    if (n < 0 && errno != EINTR)
        bench_fail("epoll_pwait2: %s", strerror(errno));
    for (int i = 0; i < n; i++)
        read_member(crowd, events[i].data.ptr);
    return n > 0;
}

static void receive(struct crowd *crowd)
{
    if (!receive_for(crowd, PATIENCE))
        bench_fail("nothing came for %d s: %" PRIu64 " of %" PRIu64 " records are there", (int)(PATIENCE / SECOND_NS),
                   crowd->got, crowd->owed);
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

void crowd_pace(struct crowd *crowd, const struct schedule *schedule, struct times *times)
{
    uint32_t senders = crowd->shape.rooms * crowd->shape.senders;
    int64_t due = bench_now() + HEAD_START;
    crowd->paced = true;
    crowd->times = times;
    for (uint64_t k = 0; k < schedule->n;) {
        int64_t now = bench_now();
        if (now < due) {
            receive_for(crowd, due - now);
            continue;
        }
        send_messages(crowd, crowd->senders[k % senders], 1, due);
        if (times)
            samples_add(&times->sent_late, now - due);
        due += schedule->interval;
        k++;
    }
    crowd_drain(crowd);
    crowd->times = NULL;
}

/* A single sender stands in the middle: who is served first, or last, makes another pace. */
static bool is_sender(const struct shape *shape, uint32_t seat)
{
    return (seat + shape->members / 2) % shape->members < shape->senders;
}

/* The how manyeth of its room it is says when it is its turn. */
static void make_sender(struct crowd *crowd, struct member *member, uint32_t seat)
{
    crowd->senders[seat * crowd->shape.rooms + member->room] = member;
    make_due(crowd, member);
}

/* From here on the members are watched, and the senders may begin. */
static void watch_all(struct crowd *crowd, const struct client *clients)
{
    uint32_t n = crowd->shape.rooms * crowd->shape.members;
    uint32_t *seats = bench_alloc(crowd->shape.rooms * sizeof *seats);
    crowd->epoll = epoll_create1(EPOLL_CLOEXEC);
    for (uint32_t i = 0; i < n; i++) {
        struct member *member = &crowd->members[i];
        struct epoll_event event = {.events = EPOLLIN, .data.ptr = member};
        *member = (struct member){.client = clients[i], .room = i / crowd->shape.members};
        message_make(member->request, member->room, member->client.id);
        if (is_sender(&crowd->shape, i % crowd->shape.members))
            make_sender(crowd, member, seats[member->room]++);
        if (epoll_ctl(crowd->epoll, EPOLL_CTL_ADD, member->client.fd, &event) < 0)
            bench_fail("epoll_ctl: %s", strerror(errno));
    }
    free(seats);
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
    crowd->senders = bench_alloc(n * sizeof *crowd->senders);
    crowd->said = bench_alloc(shape->rooms * sizeof *crowd->said);
    protocol_server_header(crowd->header, RECEIVE_MESSAGE, SUCCESS, RECORD_BYTES);
}

void crowd_join(struct crowd *crowd, const struct shape *shape, const struct process *process)
{
    uint32_t n = shape->rooms * shape->members;
    struct client *clients = bench_alloc(n * sizeof *clients);
    prepare(crowd, shape);
    load_name(clients, 0, n, process);
    load_join(clients, n, shape->members);
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
    free(crowd->senders);
    free(crowd->said);
}
