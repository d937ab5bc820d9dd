/* The bench's clients: connections, requests out, frames in. They share no code with the server but the protocol. */
#include "tests/bench/load.h"

#include <arpa/inet.h>
#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    READ_MOST = 256 * 1024,
    PER_ADDRESS = 10000, /* connections from one source address before the next one is used */
    ADDRESSES = 200,
    TEXT_MOST = 256,
    NAMED_AT_ONCE = 256,
    RESERVE = 256 /* open files that are no clients */
};

static char buffer[2 * READ_MOST];

void load_connect(struct client *client, uint32_t id, const struct process *to)
{
    static uint32_t made;
    uint32_t host = INADDR_LOOPBACK + made++ / PER_ADDRESS % ADDRESSES;
    struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(host)};
    struct sockaddr_in address = {
        .sin_family = AF_INET, .sin_port = htons(to->port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int on = 1;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        bench_fail("client %u: no socket: %s", id, strerror(errno));
    setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    if (bind(fd, (struct sockaddr *)&from, sizeof from) < 0)
        bench_fail("client %u: no address: %s", id, strerror(errno));
    if (connect(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        bench_check();
        bench_fail("client %u: can't connect: %s", id, strerror(errno));
    }
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    *client = (struct client){.fd = fd, .id = id};
}

void load_close(struct client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    free(client->rest);
    *client = (struct client){.fd = -1};
}

void load_send_bytes(const struct client *client, const char *bytes, size_t n)
{
    ssize_t sent = send(client->fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0)
        bench_fail("client %u: can't send: %s", client->id, strerror(errno));
    if ((size_t)sent < n)
        bench_fail("client %u: the server does not read: %zd of %zu bytes sent", client->id, sent, n);
}

size_t load_put(char *to, int32_t request, const char *text)
{
    size_t n = strlen(text);
    protocol_client_header(to, request, n);
    memcpy(to + CLIENT_HEADER, text, n);
    return CLIENT_HEADER + n;
}

void load_send(const struct client *client, int32_t request, const char *text)
{
    char bytes[CLIENT_HEADER + TEXT_MOST];
    if (strlen(text) > TEXT_MOST)
        bench_fail("client %u: a request of %zu bytes", client->id, strlen(text));
    load_send_bytes(client, bytes, load_put(bytes, request, text));
}

ssize_t load_read(struct client *client, struct reader *reader)
{
    size_t kept = client->kept;
    if (kept) {
        memcpy(buffer, client->rest, kept);
        free(client->rest);
        client->rest = NULL;
        client->kept = 0;
    }
    *reader = (struct reader){.bytes = buffer, .n = kept};
    ssize_t got = recv(client->fd, buffer + kept, READ_MOST, MSG_DONTWAIT);
    if (got < 0 && errno != EAGAIN && errno != EINTR)
        bench_fail("client %u: the connection broke: %s", client->id, strerror(errno));
    if (got > 0)
        reader->n += (size_t)got;
    return got;
}

bool load_frame(struct reader *reader, struct frame *frame)
{
    const char *at = reader->bytes + reader->at;
    size_t n = reader->n - reader->at;
    if (n < SERVER_HEADER)
        return false;
    uint64_t length = protocol_get64(at + 8);
    if (length > READ_MOST - SERVER_HEADER)
        bench_fail("a frame of %" PRIu64 " bytes came", length);
    if (n - SERVER_HEADER < length)
        return false;
    *frame = (struct frame){.request = protocol_get32(at),
                            .response = protocol_get32(at + 4),
                            .text = at + SERVER_HEADER,
                            .n = length,
                            .header = at};
    reader->at += SERVER_HEADER + (size_t)length;
    return true;
}

void load_keep(struct client *client, const struct reader *reader)
{
    size_t n = reader->n - reader->at;
    if (n == 0)
        return;
    client->rest = bench_alloc(n);
    memcpy(client->rest, reader->bytes + reader->at, n);
    client->kept = (uint32_t)n;
}

void load_wrong(const struct client *client, const struct frame *frame, const char *due)
{
    bench_fail("client %u got {%d,%d,\"%.*s\"} (%" PRIu64 " bytes) where %s was due", client->id, frame->request,
               frame->response, frame->n > 100 ? 100 : (int)frame->n, frame->text, frame->n, due);
}

void load_wait(const struct client *client, const char *what)
{
    int64_t until = bench_now() + PATIENCE;
    while (poll(&(struct pollfd){.fd = client->fd, .events = POLLIN}, 1, 100) <= 0) {
        bench_check();
        if (bench_now() > until)
            bench_fail("client %u waited in vain for %s", client->id, what);
    }
}

/* A whole frame out of what is there, or more of it. */
static void await_frame(struct client *client, struct reader *reader, struct frame *frame, const char *due)
{
    for (;;) {
        ssize_t got = load_read(client, reader);
        if (load_frame(reader, frame))
            return;
        load_keep(client, reader);
        if (got == 0)
            bench_fail("client %u: the server closed where %s was due", client->id, due);
        load_wait(client, due);
    }
}

void load_expect(struct client *client, int32_t request, int32_t response)
{
    struct reader reader;
    struct frame frame;
    char due[32];
    snprintf(due, sizeof due, "{%d,%d}", request, response);
    await_frame(client, &reader, &frame, due);
    if (frame.request != request || frame.response != response)
        load_wrong(client, &frame, due);
    load_keep(client, &reader);
}

uint32_t load_clients_most(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        bench_fail("getrlimit: %s", strerror(errno));
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur <= RESERVE)
        bench_fail("only %llu open files are allowed", (unsigned long long)limit.rlim_cur);
    return limit.rlim_cur - RESERVE > 1000000 ? 1000000 : (uint32_t)(limit.rlim_cur - RESERVE);
}

void load_create_chats(uint32_t n, const struct process *server)
{
    struct client client;
    char name[32];
    load_connect(&client, 0, server);
    load_send(&client, SET_NAME, "creator");
    load_expect(&client, SET_NAME, SUCCESS);
    load_expect(&client, GET_CHATS, SUCCESS);
    for (uint32_t i = 0; i < n; i++) {
        snprintf(name, sizeof name, "room-%04u", i);
        load_send(&client, CREATE_CHAT, name);
        load_expect(&client, GET_CHATS, SUCCESS);
    }
    load_send(&client, DISCONNECT, "");
    load_expect(&client, DISCONNECT, SUCCESS);
    load_close(&client);
}

/* A part at a time: the queue of connections that wait to be accepted is no longer than that. */
void load_name(struct client *clients, uint32_t first, uint32_t n, const struct process *server)
{
    char name[32];
    for (uint32_t done = 0, part; done < n; done += part) {
        part = n - done < NAMED_AT_ONCE ? n - done : NAMED_AT_ONCE;
        for (uint32_t i = done; i < done + part; i++) {
            load_connect(&clients[i], first + i, server);
            snprintf(name, sizeof name, "m%05u", first + i);
            load_send(&clients[i], SET_NAME, name);
        }
        for (uint32_t i = done; i < done + part; i++) {
            load_expect(&clients[i], SET_NAME, SUCCESS);
            load_expect(&clients[i], GET_CHATS, SUCCESS);
        }
    }
}

void load_join(struct client *clients, uint32_t n, uint32_t per_room)
{
    char name[32];
    for (uint32_t i = 0; i < n; i++) {
        snprintf(name, sizeof name, "room-%04u", i / per_room);
        load_send(&clients[i], CONNECT_CHAT, name);
    }
    for (uint32_t i = 0; i < n; i++)
        load_expect(&clients[i], CONNECT_CHAT, SUCCESS);
}
