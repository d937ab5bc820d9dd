/* The gate's station: listeners in, closed sockets out. */
#ifndef ASYNC_GATE_STATION_H
#define ASYNC_GATE_STATION_H

#include "server/arch/async/station.h"
#include "server/arch/entrance.h"
#include "server/options.h"

struct listener {
    struct notice notice; /* first: the gate is told by it that somebody waits there */
    struct beacon beacon;
};

struct gate_station {
    struct station station; /* first: the operations get a pointer to it */
    struct entrance entrance;
    struct listener listeners[LISTEN_MAX];
    size_t n_listeners;
    int highest; /* no client ever had a descriptor beyond it */
};

void gate_station_open(struct gate_station *gate, struct async *async);
/* Everybody who is still in is shown out; the pool has ended. */
void gate_station_clear(struct gate_station *gate);
void gate_station_close(struct gate_station *gate);

#endif
