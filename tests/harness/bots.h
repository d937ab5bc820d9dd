/* The bots of conveyor-load against the server under test: a second opinion, beside the crowd's, on what it delivers.
 *
 * They look themselves whether every record comes once, in order, to all, and at their end whether the chats' files hold
 * what they were sent. They go on until they are told to stop, and connect again when they have lost the server. */
#ifndef HARNESS_BOTS_H
#define HARNESS_BOTS_H

#include "tests/harness/server.h"

struct bots {
    struct bots *next;
    const struct server *server;
    pid_t pid; /* 0 when they have ended */
    char *out, *err;
};

/* Starts the program that is built beside the server, with these options, up to the first NULL. --connect, when they know
 * the server by another address than the trial does, must come first. It ends with the trial. */
struct bots *bots_start(const struct server *server, const char *const options[]);
/* Waits until the chats' files hold so many bytes more than now, as long as they grow at all. Fails when the bots end. */
void bots_talk(struct bots *bots, size_t bytes);
/* The same until the server's census has let in, or has in rooms, so many. */
void bots_come(struct bots *bots, struct server *server, long long accepted);
void bots_settle(struct bots *bots, struct server *server, long long in_rooms);
/* SIGTERM: they say nothing more, hear all of what was said, say goodbye, and have nothing to complain about. */
void bots_stop(struct bots *bots);

#ifndef HARNESS
#define bots_start(server, ...) (HERE, (bots_start)((server), (const char *const[]){__VA_ARGS__, NULL}))
#define bots_talk(...) (HERE, (bots_talk)(__VA_ARGS__))
#define bots_come(...) (HERE, (bots_come)(__VA_ARGS__))
#define bots_settle(...) (HERE, (bots_settle)(__VA_ARGS__))
#define bots_stop(...) (HERE, (bots_stop)(__VA_ARGS__))
#endif

#endif
