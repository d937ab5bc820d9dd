/* The rooms of a crew: made when somebody comes, synced in time, ended when they have been empty long enough. */
#ifndef ARCH_ROOMS_H
#define ARCH_ROOMS_H

#include "server/arch/crew.h"
#include "server/arch/sync.h"
#include "server/desk/room.h"

struct rooms {
    struct list list; /* struct room, by `link` */
    struct idle_rooms idle;
    struct crew *crew;
    struct counters *count; /* of the desks in it */
    const struct limits *limits;
    const struct folder *folder;
    struct sync *sync;
    bool closing; /* the server stops: new rooms are born closing */
};

void rooms_init(struct rooms *rooms, struct crew *crew, struct counters *count, const struct limits *limits,
                const struct folder *folder, struct sync *sync);
/* The chat's room, made if need be; NULL without memory. Only who runs rooms for this chat may ask. */
struct room *rooms_find(struct rooms *rooms, struct chat *chat);
/* After each turn: asks for syncs, ends rooms that have been empty long enough, or that are too many. */
void rooms_tend(struct rooms *rooms);
/* The server stops. */
void rooms_close(struct rooms *rooms);
/* Ends all rooms; nobody is in them any more. */
void rooms_end(struct rooms *rooms);
/* Sends a session for which there is no room back to the lobby, with an answer. */
void rooms_refuse(struct session *session);

#endif
