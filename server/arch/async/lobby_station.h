/* The lobby's station: people outside chats, and the stations of rooms. */
#ifndef ASYNC_LOBBY_STATION_H
#define ASYNC_LOBBY_STATION_H

#include "server/arch/async/station.h"
#include "server/desk/lobby.h"

struct lobby_station {
    struct station station; /* first: the operations get a pointer to it */
    struct lobby_desk desk;
    struct list rooms; /* struct room_station, by `link` */
    bool closing;      /* the server stops: new stations of rooms are born closing */
};

void lobby_station_open(struct lobby_station *lobby, struct async *async);
void lobby_station_close(struct lobby_station *lobby);

#endif
