/* Clients that come, take a name, enter a chat, leave it and go, again and again. */
#ifndef BENCH_VISITORS_H
#define BENCH_VISITORS_H

#include "tests/bench/load.h"

enum { VISITORS = 64 };

struct visitor {
    struct client client;
    size_t step; /* how many answers it has */
};

struct visitors {
    const struct process *server;
    bool ahead; /* they send all their requests at once; otherwise each one when the last is answered */
    int epoll;
    struct visitor people[VISITORS];
};

/* All come in. The server has a chat room-0000. */
void visitors_open(struct visitors *visitors, const struct process *server, bool ahead);
/* Until the time has come; who has gone comes again. How many passages were completed. */
uint64_t visitors_pass(struct visitors *visitors, int64_t until);
/* Everybody completes the passage that is under way: how many they are. */
uint64_t visitors_close(struct visitors *visitors);

#endif
