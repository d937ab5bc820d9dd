/* A test client: frames of its own coding over one socket, every wait with a time limit. */
#ifndef HARNESS_CLIENT_H
#define HARNESS_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/protocol.h"
#include "tests/harness/server.h"
#include "tests/harness/trial.h"

enum client_end { NOT_ENDED, ENDED, BROKEN };

struct client {
    struct client *next;
    struct server *server;
    unsigned start;      /* which run of the server it is connected to */
    int fd;              /* -1 when closed by the test */
    bool stalled;        /* it does not read while it sends */
    size_t sip;          /* how much it reads at once at most; 0: all there is */
    enum client_end end; /* what came after the last byte */
    struct bytes in;
    size_t at; /* bytes of it that were looked at */
};

/* One frame of the server's; the text is good until the client reads on. */
struct frame {
    int32_t request, response;
    size_t n;
    const char *text;
};

/* A connection, from 127.0.0.1 unless another address is named; with a small receive buffer when one is given. */
struct client *client_open(struct server *server);
struct client *client_open_from(struct server *server, const char *address);
struct client *client_open_small(struct server *server, int receive_buffer);
/* How many connections to the running server the test holds. */
unsigned client_held(const struct server *server);

/* Puts a frame behind others in a buffer. */
void frame_put(struct bytes *to, int32_t request, const char *text, size_t n);
void frame_say(struct bytes *to, int32_t request, const char *text);
/* Just the header of a frame that claims to be so long. */
void frame_header(struct bytes *to, int32_t request, uint64_t length);

/* Sending; reads what comes meanwhile, so that it can't lock with a server that waits for its reader. */
void client_write(struct client *client, const void *bytes, size_t n);
void client_send(struct client *client, int32_t request, const char *text, size_t n);
void client_say(struct client *client, int32_t request, const char *text);
/* Sends what can be sent now, and reads nothing: bytes taken, 0 for none, -1 when the connection is broken. */
ssize_t client_push(struct client *client, const void *bytes, size_t n);

/* Reads once if there is something to read before the time is over; false when the input has ended or nothing came. */
bool client_fill(struct client *client, int64_t until);
/* The next whole frame among the bytes read so far. */
bool client_frame(struct client *client, struct frame *frame);
/* The next frame; fails when none comes. client_next_or_end: false when the input ends properly instead. */
struct frame client_next(struct client *client);
bool client_next_or_end(struct client *client, struct frame *frame);

/* The next frame must be this one, to the byte. */
void client_expect(struct client *client, int32_t request, int32_t response, const char *text);
void client_expect_bytes(struct client *client, int32_t request, int32_t response, const char *text, size_t n);
/* {request, 1, some reason}. */
void client_expect_reason(struct client *client, int32_t request);
/* {kind, 0, author TAB stamp NL text}; kind: RECEIVE_MESSAGE or PRIVATE_MESSAGE. */
void client_expect_record(struct client *client, int32_t kind, const char *author, const char *text);
/* {8, 0, LIST}. */
void client_expect_list(struct client *client, const char *list);
/* The input ends without another byte; the connection is closed then. */
void client_expect_end(struct client *client);
/* Nothing else was answered: a wrong request's answer comes next. */
void client_expect_nothing(struct client *client);

/* Sends the request and expects the answer. */
void client_ask(struct client *client, int32_t request, const char *text, int32_t kind, int32_t response,
                const char *answer);
void client_ask_refused(struct client *client, int32_t request, const char *text);

/* connect_from answers as connect_chat does; only what is wrong with the offset is refused under its own number.
 * Whole passages: a named client in the lobby; a chat made; into a chat (its history is left to be read) and out. */
struct client *client_login(struct server *server, const char *name);
void client_set_name(struct client *client, const char *name);
void client_create(struct client *client, const char *chat);
void client_enter(struct client *client, const char *chat);
void client_enter_from(struct client *client, size_t offset, const char *chat);
void client_leave(struct client *client);
void client_quit(struct client *client);
/* A message, and its record back to its author. */
void client_message(struct client *client, const char *author, const char *text);
/* Asks for the name until nobody has it any more. */
void client_retry_name(struct client *client, const char *name);

void client_half_close(struct client *client);
void client_close(struct client *client);
void client_reset(struct client *client);
/* Closes it and forgets it, for those who have very many. */
void client_discard(struct client *client);
void client_close_all(struct server *server);
void client_end_all(void);

/* True when 17 bytes are HH:MM:SS MM/DD/YY. */
bool is_stamp(const char *text);

#ifndef HARNESS
#define client_open(...) (HERE, (client_open)(__VA_ARGS__))
#define client_write(...) (HERE, (client_write)(__VA_ARGS__))
#define client_send(...) (HERE, (client_send)(__VA_ARGS__))
#define client_say(...) (HERE, (client_say)(__VA_ARGS__))
#define client_next(...) (HERE, (client_next)(__VA_ARGS__))
#define client_next_or_end(...) (HERE, (client_next_or_end)(__VA_ARGS__))
#define client_expect(...) (HERE, (client_expect)(__VA_ARGS__))
#define client_expect_bytes(...) (HERE, (client_expect_bytes)(__VA_ARGS__))
#define client_expect_reason(...) (HERE, (client_expect_reason)(__VA_ARGS__))
#define client_expect_record(...) (HERE, (client_expect_record)(__VA_ARGS__))
#define client_expect_list(...) (HERE, (client_expect_list)(__VA_ARGS__))
#define client_expect_end(...) (HERE, (client_expect_end)(__VA_ARGS__))
#define client_expect_nothing(...) (HERE, (client_expect_nothing)(__VA_ARGS__))
#define client_ask(...) (HERE, (client_ask)(__VA_ARGS__))
#define client_ask_refused(...) (HERE, (client_ask_refused)(__VA_ARGS__))
#define client_login(...) (HERE, (client_login)(__VA_ARGS__))
#define client_set_name(...) (HERE, (client_set_name)(__VA_ARGS__))
#define client_create(...) (HERE, (client_create)(__VA_ARGS__))
#define client_enter(...) (HERE, (client_enter)(__VA_ARGS__))
#define client_enter_from(...) (HERE, (client_enter_from)(__VA_ARGS__))
#define client_leave(...) (HERE, (client_leave)(__VA_ARGS__))
#define client_quit(...) (HERE, (client_quit)(__VA_ARGS__))
#define client_message(...) (HERE, (client_message)(__VA_ARGS__))
#define client_retry_name(...) (HERE, (client_retry_name)(__VA_ARGS__))
#endif

#endif
