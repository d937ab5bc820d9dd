/* Stands between bots and server, and does one thing to their streams. One process, one poll, no failing: what it can't do
 * ends it, and the bots notice. */
#define HARNESS
#include "tests/clients/proxy.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/protocol.h"
#include "tests/clients/extra.h"

enum { LINKS_MOST = 64, PIECE = 65536, HELD_MS = 4, TURN_MS = 1 };

/* One direction of a connection: bytes that have come and were not passed on. */
struct stream {
    int from, to;
    char *at;
    size_t n;
    int64_t since; /* when the last of them came */
    bool over;     /* no more come */
};

struct link {
    struct stream down, up; /* from the server, and to it */
    unsigned number, seen;
    bool cut;   /* no record is passed on now */
    char *kept; /* a record that comes after the next one */
    size_t n_kept;
};

static struct proxy_plan doing;
static struct link links[LINKS_MOST];
static unsigned n_links;

static void pass(int to, const char *at, size_t n)
{
    while (n > 0) {
        ssize_t sent = send(to, at, n, MSG_NOSIGNAL);
        if (sent <= 0)
            return; /* who does not take it any more has gone */
        at += sent;
        n -= (size_t)sent;
    }
}

static bool is_chosen(const struct link *link)
{
    return doing.fault != FAULT_NONE && link->number == doing.connection;
}

/* What the plan wants done to the chosen record. */
static void spoil(struct link *link, char *frame, size_t n)
{
    switch (doing.fault) {
    case FAULT_CUT:
        link->cut = true;
        return;
    case FAULT_DROP:
        return;
    case FAULT_DOUBLE:
        pass(link->down.to, frame, n);
        break;
    case FAULT_SWAP:
        link->kept = memcpy(malloc(n), frame, n);
        link->n_kept = n;
        return;
    case FAULT_CHANGE:
        frame[n - 1] = '!';
        break;
    case FAULT_CHANGE_MARK:
        *((char *)memchr(frame + SERVER_HEADER, '\n', n - SERVER_HEADER) + 1) = 'z';
        break;
    default:
        break;
    }
    pass(link->down.to, frame, n);
}

static void pass_down(struct link *link, char *frame, size_t n)
{
    bool record = protocol_get32(frame) == RECEIVE_MESSAGE;
    link->seen += record && doing.fault != FAULT_LOSE;
    if (record && is_chosen(link) && doing.fault != FAULT_LOSE && link->seen == doing.record) {
        spoil(link, frame, n);
        return;
    }
    if (record && link->cut)
        return;
    link->cut = false;
    pass(link->down.to, frame, n);
    if (record && link->kept) {
        pass(link->down.to, link->kept, link->n_kept);
        free(link->kept);
        link->kept = NULL;
    }
}

static void pass_up(struct link *link, char *frame, size_t n)
{
    bool message = protocol_get32(frame) == SEND_MESSAGE;
    link->seen += message && doing.fault == FAULT_LOSE;
    if (message && is_chosen(link) && doing.fault == FAULT_LOSE && link->seen == doing.record)
        return;
    pass(link->up.to, frame, n);
}

/* Passes on whole frames. */
static void pass_frames(struct link *link, struct stream *stream, size_t header, int64_t now)
{
    size_t at = 0;
    bool waits = header == SERVER_HEADER && doing.fault != FAULT_NONE && is_chosen(link) == doing.late;
    if (waits && now < stream->since + HELD_MS)
        return;
    while (stream->n - at >= header) {
        size_t n = header + (size_t)protocol_get64(stream->at + at + header - 8);
        if (stream->n - at < n)
            break;
        if (header == SERVER_HEADER)
            pass_down(link, stream->at + at, n);
        else
            pass_up(link, stream->at + at, n);
        at += n;
    }
    if (at > 0)
        memmove(stream->at, stream->at + at, stream->n -= at);
    if (stream->over && stream->n < header && stream->to >= 0) {
        shutdown(stream->to, SHUT_WR);
        stream->to = -1;
    }
}

static void take(struct stream *stream, int64_t now)
{
    stream->at = realloc(stream->at, stream->n + PIECE);
    ssize_t got = recv(stream->from, stream->at + stream->n, PIECE, MSG_DONTWAIT);
    stream->since = now;
    if (got > 0)
        stream->n += (size_t)got;
    else
        stream->over = true;
}

static void welcome(int listener)
{
    struct sockaddr_in at = {
        .sin_family = AF_INET, .sin_port = htons((uint16_t)doing.port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int client = accept(listener, NULL, NULL), server = socket(AF_INET, SOCK_STREAM, 0);
    if (n_links == LINKS_MOST || client < 0 || connect(server, (struct sockaddr *)&at, sizeof at) < 0)
        _exit(1);
    setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    links[n_links] =
        (struct link){.down = {.from = server, .to = client}, .up = {.from = client, .to = server}, .number = n_links};
    n_links++;
}

static void run(int listener, const void *with)
{
    struct pollfd watched[2 * LINKS_MOST + 1];
    memcpy(&doing, with, sizeof doing);
    for (;;) {
        watched[0] = (struct pollfd){.fd = listener, .events = POLLIN};
        for (unsigned i = 0; i < n_links; i++) {
            watched[2 * i + 1] = (struct pollfd){.fd = links[i].down.over ? -1 : links[i].down.from, .events = POLLIN};
            watched[2 * i + 2] = (struct pollfd){.fd = links[i].up.over ? -1 : links[i].up.from, .events = POLLIN};
        }
        poll(watched, 2 * n_links + 1, TURN_MS);
        int64_t now = now_ms();
        for (unsigned i = 0; i < n_links; i++) {
            if (watched[2 * i + 1].revents)
                take(&links[i].down, now);
            if (watched[2 * i + 2].revents)
                take(&links[i].up, now);
            pass_frames(&links[i], &links[i].down, SERVER_HEADER, now);
            pass_frames(&links[i], &links[i].up, CLIENT_HEADER, now);
        }
        if (watched[0].revents)
            welcome(listener);
    }
}

int proxy_start(const struct proxy_plan *plan)
{
    return extra_start(run, plan);
}
