/* A server that says what no server should. It has no limits but those of its arrays, and what it can't do ends it. */
#define HARNESS
#include "tests/clients/pretender.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/protocol.h"
#include "tests/clients/extra.h"

enum { GUESTS_MOST = 64, PIECE = 65536, NAME_MOST = 64 };

struct guest {
    int fd; /* -1 when it has gone */
    bool inside;
    char name[NAME_MOST], *in;
    size_t n;
};

static struct prank playing;
static struct guest guests[GUESTS_MOST];
static unsigned n_guests, messages;
static char list[256]; /* the one chat, with a line feed */
static char *history;  /* frames of all records */
static size_t n_history;

static void give(const struct guest *guest, const void *bytes, size_t n)
{
    const char *at = bytes;
    for (ssize_t sent; n > 0 && (sent = send(guest->fd, at, n, MSG_NOSIGNAL)) > 0; n -= (size_t)sent)
        at += sent;
}

static void answer(const struct guest *guest, int32_t request, int32_t response, const char *text, size_t n)
{
    char header[SERVER_HEADER];
    protocol_server_header(header, request, response, n);
    give(guest, header, sizeof header);
    give(guest, text, n);
}

static void say(const struct guest *guest, int32_t request, const char *text, size_t n)
{
    answer(guest, request, SUCCESS, text, n);
}

static void say_list(const struct guest *guest)
{
    say(guest, GET_CHATS, list, strlen(list));
}

static void publish(const struct guest *author, const char *text, size_t n)
{
    static const char stamp[] = "12:00:00 11/21/26";
    size_t room = SERVER_HEADER + NAME_MOST + sizeof stamp + 2 + n;
    history = realloc(history, n_history + room);
    char *frame = history + n_history;
    int lead = sprintf(frame + SERVER_HEADER, "%s\t%s\n", author->name, stamp);
    memcpy(frame + SERVER_HEADER + lead, text, n);
    n += (size_t)lead;
    protocol_server_header(frame, RECEIVE_MESSAGE, SUCCESS, n);
    if (playing.alters && messages + 1 == playing.after)
        frame[SERVER_HEADER + n - 1] = '!';
    n_history += SERVER_HEADER + n;
    struct guest *other = NULL;
    for (unsigned i = 0; i < n_guests; i++) {
        if (guests[i].fd < 0 || !guests[i].inside)
            continue;
        give(&guests[i], frame, SERVER_HEADER + n);
        other = &guests[i] == author ? other : &guests[i];
    }
    if (++messages == playing.after && other)
        give(other, playing.bytes, playing.n);
}

static void part(struct guest *guest)
{
    close(guest->fd);
    guest->fd = -1;
}

static void serve(struct guest *guest, int32_t request, const char *text, size_t n)
{
    switch (request) {
    case SET_NAME:
        snprintf(guest->name, sizeof guest->name, "%.*s", (int)n, text);
        say(guest, SET_NAME, "", 0);
        say_list(guest);
        break;
    case CREATE_CHAT:
        snprintf(list, sizeof list, "%.*s\n", (int)n, text);
        say_list(guest);
        break;
    case CONNECT_CHAT:
        if (playing.lets_nobody_in) {
            answer(guest, CONNECT_CHAT, FAILURE, SAY_NO_SUCH_CHAT, strlen(SAY_NO_SUCH_CHAT));
            break;
        }
        say(guest, CONNECT_CHAT, text, n);
        give(guest, history, n_history);
        guest->inside = true;
        break;
    case SEND_MESSAGE:
        publish(guest, text, n);
        break;
    case LEAVE_CHAT:
        guest->inside = false;
        say_list(guest);
        break;
    default:
        say(guest, DISCONNECT, "", 0);
        shutdown(guest->fd, SHUT_WR);
        break;
    }
}

static void take(struct guest *guest)
{
    guest->in = realloc(guest->in, guest->n + PIECE);
    ssize_t got = recv(guest->fd, guest->in + guest->n, PIECE, 0);
    size_t at = 0;
    if (got <= 0) {
        part(guest);
        return;
    }
    guest->n += (size_t)got;
    while (guest->n - at >= CLIENT_HEADER) {
        const char *frame = guest->in + at;
        size_t n = (size_t)protocol_get64(frame + 4);
        if (guest->n - at < CLIENT_HEADER + n)
            break;
        serve(guest, protocol_get32(frame), frame + CLIENT_HEADER, n);
        at += CLIENT_HEADER + n;
    }
    guest->n -= at;
    memmove(guest->in, guest->in + at, guest->n);
}

/* At the place of one who has gone, if there is any. */
static void welcome(int listener)
{
    unsigned place = 0;
    while (place < n_guests && guests[place].fd >= 0)
        place++;
    if (place == GUESTS_MOST)
        _exit(1);
    struct guest *guest = &guests[place];
    free(guest->in);
    *guest = (struct guest){.fd = accept(listener, NULL, NULL)};
    setsockopt(guest->fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
    if (playing.after == 0 && n_guests == 0)
        give(guest, playing.bytes, playing.n);
    n_guests += place == n_guests;
}

static void run(int listener, const void *with)
{
    struct pollfd watched[GUESTS_MOST + 1];
    memcpy(&playing, with, sizeof playing);
    for (;;) {
        watched[0] = (struct pollfd){.fd = listener, .events = POLLIN};
        unsigned n = n_guests;
        for (unsigned i = 0; i < n; i++)
            watched[i + 1] = (struct pollfd){.fd = guests[i].fd, .events = POLLIN};
        poll(watched, n + 1, -1);
        for (unsigned i = 0; i < n; i++)
            if (watched[i + 1].revents)
                take(&guests[i]);
        if (watched[0].revents)
            welcome(listener);
    }
}

int pretender_start(const struct prank *prank)
{
    return extra_start(run, prank);
}
