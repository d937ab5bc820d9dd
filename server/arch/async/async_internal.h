/* What the stations of the asynchronous architecture share. */
#ifndef ASYNC_ASYNC_INTERNAL_H
#define ASYNC_ASYNC_INTERNAL_H

#include "server/arch/async/gate_station.h"
#include "server/arch/async/lobby_station.h"
#include "server/arch/async/room_station.h"
#include "server/arch/server.h"
#include "server/arch/sync.h"
#include "server/desk/bye.h"
#include "server/desk/name.h"

/* What a worker lends to the station it runs. */
struct kit {
    struct scratch *scratch;
    struct counters count[CENSUS_DESKS];
};

struct async {
    struct server *server;
    struct pool pool;
    struct kit *kits; /* by the worker's index */
    struct claims claims;
    struct alarms alarms;
    struct sync *sync;
    atomic_uint idle_rooms; /* rooms with nobody in them */
    int stop;               /* an eventfd: send everybody home */
    struct beacon stopping;
    struct gate_station gate;
    struct lobby_station lobby;
    struct {
        struct station station; /* first: the operations get a pointer to it */
        struct name_desk desk;
    } name;
    struct {
        struct station station;
        struct bye_desk desk;
    } bye;
};

#endif
