/* The bench's clients: connections, requests out, frames in. They share no code with the server but the protocol. */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/protocol.h"
#include "tests/bench/message.h"
#include "tests/bench/process.h"

/* The names of load_name and load_join: m00000 and so on, room-0000 and so on. */
enum { USER_NAME_BYTES = AUTHOR_BYTES, CHAT_NAME_BYTES = 9 };

struct client {
    int fd;
    uint32_t id;
    uint32_t kept; /* bytes of half a frame, and where they are kept */
    char *rest;
};

struct frame {
    int32_t request, response;
    const char *text;
    uint64_t n;
    const char *header; /* all of it, as it came */
};

/* What has been read from one client: frames are taken out of it until there is no whole one. */
struct reader {
    char *bytes;
    size_t n, at;
};

/* Connects; source addresses change from 127.0.0.1 on when there are many, so that ports do not run out. */
void load_connect(struct client *client, uint32_t id, const struct process *to);
void load_close(struct client *client);
/* A request's bytes; how many there are. */
size_t load_put(char *to, int32_t request, const char *text);
/* A request, sent whole. */
void load_send(const struct client *client, int32_t request, const char *text);
void load_send_bytes(const struct client *client, const char *bytes, size_t n);

/* Reads once, behind what is kept, without waiting. Bytes read, 0 at the end, -1 when there is nothing. The reader is
 * good until the next call for any client. */
ssize_t load_read(struct client *client, struct reader *reader);
/* The next whole frame. */
bool load_frame(struct reader *reader, struct frame *frame);
/* Keeps what is left. */
void load_keep(struct client *client, const struct reader *reader);

/* Waits until there is something to read, or the end. */
void load_wait(const struct client *client, const char *what);
/* Takes the client's next frame, which must be this. */
void load_expect(struct client *client, int32_t request, int32_t response);
/* Ends the bench: the client got something that it must not get here. */
_Noreturn void load_wrong(const struct client *client, const struct frame *frame, const char *due);

/* Raises the limit of open files; how many clients fit. */
uint32_t load_clients_most(void);
/* Connects n clients and names them, by numbers from `first` on: they are in the lobby. */
void load_name(struct client *clients, uint32_t first, uint32_t n, const struct process *server);
/* Takes them from there into rooms, the first so many into the first one, and so on. The chats must be there. */
void load_join(struct client *clients, uint32_t n, uint32_t per_room);
/* Creates so many chats by a client of its own, that is gone afterwards. */
void load_create_chats(uint32_t n, const struct process *server);

#endif
