/* A chat's station. It stays when its room has ended, and has a new one made when somebody comes again. */
#ifndef ASYNC_ROOM_STATION_H
#define ASYNC_ROOM_STATION_H

#include "server/arch/async/station.h"
#include "server/arch/rooms.h"

struct room_station {
    struct station station; /* first: the operations get a pointer to it */
    struct rooms rooms;     /* one, or none */
    bool idle;              /* it is counted among those with nobody in their room */
    struct list link;       /* in the lobby's list */
};

/* The lobby's, who frees it at the end. NULL without memory. */
struct room_station *room_station_new(struct async *async, bool closing);
void room_station_free(struct room_station *room);

#endif
