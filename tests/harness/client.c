/* A test client: one socket, its own coding of frames, every wait with a time limit. */
#define HARNESS
#include "tests/harness/client.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TEXT_MOST = 64 << 20 };

static struct client *clients;

static void put_little(struct bytes *to, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++) {
        unsigned char byte = (unsigned char)(value >> (8 * i));
        bytes_add(to, &byte, 1);
    }
}

static uint64_t get_little(const char *from, int bytes)
{
    uint64_t value = 0;
    for (int i = bytes - 1; i >= 0; i--)
        value = value << 8 | (unsigned char)from[i];
    return value;
}

void frame_header(struct bytes *to, int32_t request, uint64_t length)
{
    put_little(to, (uint32_t)request, 4);
    put_little(to, length, 8);
}

void frame_put(struct bytes *to, int32_t request, const char *text, size_t n)
{
    frame_header(to, request, n);
    bytes_add(to, text, n);
}

void frame_say(struct bytes *to, int32_t request, const char *text)
{
    frame_put(to, request, text, strlen(text));
}

static struct client *connect_to(struct server *server, const char *address, int receive_buffer)
{
    struct client *client = trial_alloc(sizeof *client);
    struct sockaddr_in at = {.sin_family = AF_INET};
    int on = 1;
    client->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (client->fd < 0)
        trial_fail("no socket: %s", strerror(errno));
    client->server = server;
    client->start = server->starts;
    client->next = clients;
    clients = client;
    if (receive_buffer)
        setsockopt(client->fd, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    setsockopt(client->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    /* connect() gives ports in their order; bind() would soon give one whose last connection the server still remembers,
     * and such a one can take a second. */
    setsockopt(client->fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof on);
    inet_pton(AF_INET, address, &at.sin_addr);
    if (bind(client->fd, (struct sockaddr *)&at, sizeof at) < 0)
        trial_fail("no connection from %s: %s", address, strerror(errno));
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    at.sin_port = htons((uint16_t)server->port);
    if (connect(client->fd, (struct sockaddr *)&at, sizeof at) < 0)
        trial_fail("no connection to port %d: %s", server->port, strerror(errno));
    return client;
}

struct client *client_open(struct server *server)
{
    return connect_to(server, "127.0.0.1", 0);
}

struct client *client_open_from(struct server *server, const char *address)
{
    return connect_to(server, address, 0);
}

struct client *client_open_small(struct server *server, int receive_buffer)
{
    return connect_to(server, "127.0.0.1", receive_buffer);
}

unsigned client_held(const struct server *server)
{
    unsigned held = 0;
    for (const struct client *client = clients; client; client = client->next)
        held += client->server == server && client->start == server->starts && client->fd >= 0;
    return held;
}

bool client_fill(struct client *client, int64_t until)
{
    static char step[1 << 18];
    if (client->end != NOT_ENDED || client->fd < 0)
        return false;
    if (poll(&(struct pollfd){.fd = client->fd, .events = POLLIN}, 1, time_left(until)) <= 0)
        return false;
    size_t most = client->sip ? client->sip : sizeof step;
    ssize_t got = recv(client->fd, step, most, MSG_DONTWAIT);
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return true;
    if (got <= 0)
        client->end = got == 0 ? ENDED : BROKEN;
    else
        bytes_add(&client->in, step, (size_t)got);
    return got > 0;
}

ssize_t client_push(struct client *client, const void *bytes, size_t n)
{
    ssize_t sent = send(client->fd, bytes, n, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    return sent;
}

void client_write(struct client *client, const void *bytes, size_t n)
{
    int64_t until = time_limit();
    for (size_t at = 0; at < n;) {
        bool reads = !client->stalled && client->end == NOT_ENDED;
        struct pollfd ready = {.fd = client->fd, .events = (short)(POLLOUT | (reads ? POLLIN : 0))};
        if (poll(&ready, 1, time_left(until)) <= 0)
            trial_fail("the server takes no more bytes (%zu of %zu are sent)", at, n);
        if (reads && ready.revents & POLLIN)
            client_fill(client, until);
        ssize_t sent = client_push(client, (const char *)bytes + at, n - at);
        if (sent < 0)
            trial_fail("the connection is broken while sending: %s", strerror(errno));
        at += (size_t)sent;
    }
}

void client_send(struct client *client, int32_t request, const char *text, size_t n)
{
    struct bytes frame = {0};
    frame_put(&frame, request, text, n);
    client_write(client, frame.at, frame.n);
}

void client_say(struct client *client, int32_t request, const char *text)
{
    client_send(client, request, text, strlen(text));
}

/* Bytes that were looked at are dropped once they are many. */
static void forget(struct client *client)
{
    if (client->at < (1 << 16) || client->at < client->in.n / 2)
        return;
    client->in.n -= client->at;
    memmove(client->in.at, client->in.at + client->at, client->in.n);
    client->at = 0;
}

bool client_frame(struct client *client, struct frame *frame)
{
    forget(client);
    size_t have = client->in.n - client->at;
    if (have < SERVER_HEADER)
        return false;
    const char *from = client->in.at + client->at;
    uint64_t n = get_little(from + 8, 8);
    if (n > TEXT_MOST)
        trial_fail("a frame of %llu bytes: %s", (unsigned long long)n, shown(from, have));
    if (have < SERVER_HEADER + n)
        return false;
    *frame = (struct frame){.request = (int32_t)get_little(from, 4), .response = (int32_t)get_little(from + 4, 4)};
    frame->text = from + SERVER_HEADER;
    frame->n = (size_t)n;
    client->at += SERVER_HEADER + frame->n;
    return true;
}

static size_t rest(const struct client *client)
{
    return client->in.n - client->at;
}

bool client_next_or_end(struct client *client, struct frame *frame)
{
    int64_t until = time_limit();
    while (!client_frame(client, frame)) {
        if (client_fill(client, until))
            continue;
        if (client->end == ENDED && rest(client) == 0)
            return false;
        trial_fail("%s (%zu bytes of a frame were there: %s)",
                   client->end == ENDED    ? "the server closed within a frame"
                   : client->end == BROKEN ? "the connection was reset"
                                           : "no whole frame came in time",
                   rest(client), shown(client->in.at ? client->in.at + client->at : "", rest(client)));
    }
    return true;
}

struct frame client_next(struct client *client)
{
    struct frame frame;
    if (!client_next_or_end(client, &frame))
        trial_fail("the server closed instead of sending a frame");
    return frame;
}

void client_expect_bytes(struct client *client, int32_t request, int32_t response, const char *text, size_t n)
{
    struct frame got;
    if (!client_next_or_end(client, &got))
        trial_fail("expected {%d,%d,\"%s\"}, the server closed", request, response, shown(text, n));
    if (got.request != request || got.response != response || got.n != n || (n && memcmp(got.text, text, n) != 0))
        trial_fail("expected {%d,%d,\"%s\"}, got {%d,%d,\"%s\"}", request, response, shown(text, n), got.request,
                   got.response, shown(got.text, got.n));
}

void client_expect(struct client *client, int32_t request, int32_t response, const char *text)
{
    client_expect_bytes(client, request, response, text, strlen(text));
}

void client_expect_list(struct client *client, const char *list)
{
    client_expect(client, GET_CHATS, SUCCESS, list);
}

void client_expect_reason(struct client *client, int32_t request)
{
    struct frame got = client_next(client);
    if (got.request != request || got.response != FAILURE || got.n == 0)
        trial_fail("expected {%d,1,some reason}, got {%d,%d,\"%s\"}", request, got.request, got.response,
                   shown(got.text, got.n));
}

bool is_stamp(const char *text)
{
    static const char form[STAMP_LENGTH + 1] = "00:00:00 00/00/00";
    for (int i = 0; i < STAMP_LENGTH; i++) {
        if (form[i] == '0' ? !isdigit((unsigned char)text[i]) : text[i] != form[i])
            return false;
    }
    return atoi(text) < 24 && atoi(text + 3) < 60 && atoi(text + 6) < 61 && atoi(text + 9) <= 12 &&
           atoi(text + 12) <= 31;
}

void client_expect_record(struct client *client, int32_t kind, const char *author, const char *text)
{
    struct frame got = client_next(client);
    size_t head = strlen(author) + 1, n = strlen(text);
    bool right = got.request == kind && got.response == SUCCESS && got.n == head + STAMP_LENGTH + 1 + n &&
                 memcmp(got.text, author, head - 1) == 0 && got.text[head - 1] == '\t' && is_stamp(got.text + head) &&
                 got.text[head + STAMP_LENGTH] == '\n' && memcmp(got.text + head + STAMP_LENGTH + 1, text, n) == 0;
    if (!right)
        trial_fail("expected {%d,0,\"%s\\x09(stamp)\\x0a%s\"}, got {%d,%d,\"%s\"}", kind, author, shown(text, n),
                   got.request, got.response, shown(got.text, got.n));
}

void client_expect_end(struct client *client)
{
    struct frame got;
    if (client_next_or_end(client, &got))
        trial_fail("expected the end, got {%d,%d,\"%s\"}", got.request, got.response, shown(got.text, got.n));
    client_close(client);
}

void client_expect_nothing(struct client *client)
{
    client_say(client, 12345, "");
    client_expect(client, WRONG_REQUEST, FAILURE, SAY_WRONG_REQUEST);
}

void client_ask(struct client *client, int32_t request, const char *text, int32_t kind, int32_t response,
                const char *answer)
{
    client_say(client, request, text);
    client_expect(client, kind, response, answer);
}

void client_ask_refused(struct client *client, int32_t request, const char *text)
{
    client_say(client, request, text);
    client_expect_reason(client, request);
}

/* A LIST is empty or ends with the end of a line. */
static void expect_any_list(struct client *client)
{
    struct frame got = client_next(client);
    if (got.request != GET_CHATS || got.response != SUCCESS || (got.n && got.text[got.n - 1] != '\n'))
        trial_fail("expected {8,0,LIST}, got {%d,%d,\"%s\"}", got.request, got.response, shown(got.text, got.n));
}

void client_set_name(struct client *client, const char *name)
{
    client_ask(client, SET_NAME, name, SET_NAME, SUCCESS, "");
    expect_any_list(client);
}

struct client *client_login(struct server *server, const char *name)
{
    struct client *client = client_open(server);
    client_set_name(client, name);
    return client;
}

void client_create(struct client *client, const char *chat)
{
    client_say(client, CREATE_CHAT, chat);
    expect_any_list(client);
}

void client_enter(struct client *client, const char *chat)
{
    client_ask(client, CONNECT_CHAT, chat, CONNECT_CHAT, SUCCESS, chat);
}

void client_enter_from(struct client *client, size_t offset, const char *chat)
{
    client_ask(client, CONNECT_FROM, trial_text("%zu\n%s", offset, chat), CONNECT_CHAT, SUCCESS, chat);
}

void client_leave(struct client *client)
{
    client_say(client, LEAVE_CHAT, "");
    expect_any_list(client);
}

void client_quit(struct client *client)
{
    client_ask(client, DISCONNECT, "", DISCONNECT, SUCCESS, "");
    client_expect_end(client);
}

void client_message(struct client *client, const char *author, const char *text)
{
    client_say(client, SEND_MESSAGE, text);
    client_expect_record(client, RECEIVE_MESSAGE, author, text);
}

void client_retry_name(struct client *client, const char *name)
{
    struct frame got;
    for (int64_t until = time_limit();; look_again(until, "a name to be free again")) {
        client_say(client, SET_NAME, name);
        got = client_next(client);
        if (got.request != SET_NAME || (got.response == SUCCESS && got.n))
            trial_fail("set_name was answered by {%d,%d,\"%s\"}", got.request, got.response, shown(got.text, got.n));
        if (got.response == SUCCESS)
            break;
    }
    expect_any_list(client);
}

void client_half_close(struct client *client)
{
    shutdown(client->fd, SHUT_WR);
}

void client_close(struct client *client)
{
    if (client->fd >= 0)
        close(client->fd);
    client->fd = -1;
}

void client_reset(struct client *client)
{
    setsockopt(client->fd, SOL_SOCKET, SO_LINGER, &(struct linger){.l_onoff = 1}, sizeof(struct linger));
    client_close(client);
}

void client_discard(struct client *client)
{
    struct client **link = &clients;
    while (*link != client)
        link = &(*link)->next;
    *link = client->next;
    client_close(client);
    trial_free(client->in.at);
    trial_free(client);
}

void client_close_all(struct server *server)
{
    for (struct client *client = clients; client; client = client->next) {
        if (client->server == server)
            client_close(client);
    }
}

void client_end_all(void)
{
    for (; clients; clients = clients->next)
        client_close(clients);
}
