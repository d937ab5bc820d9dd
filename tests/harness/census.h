/* The census, as the server prints it: every scenario ends with it. */
#ifndef HARNESS_CENSUS_H
#define HARNESS_CENSUS_H

#include "tests/harness/server.h"

struct count {
    long long accepted, closed, refused, on_belts, stages, due;
    long long gate, name, lobby, room, bye;
    bool adds_up, at_rest;
};

/* Asks by SIGUSR2 and waits for the record. */
struct count census_take(struct server *server);
/* Waits until it adds up, everything is at rest, and the clients inside are those the test holds open. */
struct count census(struct server *server);
/* How a scenario ends: census, every client closed, census, stop. */
void finish(struct server *server);

#ifndef HARNESS
#define census_take(...) (HERE, (census_take)(__VA_ARGS__))
#define census(...) (HERE, (census)(__VA_ARGS__))
#define finish(...) (HERE, (finish)(__VA_ARGS__))
#endif

#endif
