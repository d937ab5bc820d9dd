/* A chat's station: its room, while it has one. */
#include "server/arch/async/room_station.h"

#include <stdlib.h>

#include "server/arch/async/async_internal.h"
#include "server/desk/turn.h"

static struct room_station *self(struct station *station)
{
    return (struct room_station *)(void *)station;
}

static void take(struct station *station, struct session *session)
{
    struct room_station *here = self(station);
    here->rooms.count = station->crew.count; /* the worker's */
    struct room *room = rooms_find(&here->rooms, session->next.chat);
    if (room) {
        desk_take(&room->desk, session);
        return;
    }
    counter_add(&station->crew.count->arrivals, 1);
    rooms_refuse(session);
    list_append(&station->gone, &session->changed);
}

static void close_room(struct station *station)
{
    rooms_close(&self(station)->rooms);
}

/* Rooms that linger with nobody in them hold a descriptor each: when there are too many of them this one does not. */
static void limit_idle(struct room_station *here)
{
    atomic_uint *all = &here->station.async->idle_rooms;
    bool idle = here->rooms.idle.n > 0;
    if (idle && !here->idle && atomic_fetch_add_explicit(all, 1, memory_order_relaxed) >= IDLE_ROOMS_MAX) {
        rooms_end(&here->rooms);
        idle = false;
        here->idle = true;
    }
    if (here->idle && !idle)
        atomic_fetch_sub_explicit(all, 1, memory_order_relaxed);
    here->idle = idle;
}

static void after(struct station *station)
{
    rooms_tend(&self(station)->rooms);
    limit_idle(self(station));
}

struct room_station *room_station_new(struct async *async, bool closing)
{
    static const struct station_ops ops = {.take = take, .close = close_room, .after = after};
    struct server *server = async->server;
    struct room_station *room = calloc(1, sizeof *room);
    if (!room)
        return NULL;
    station_open(&room->station, async, &ops, AT_ROOM);
    rooms_init(&room->rooms, &room->station.crew, NULL, &server->options->limits, &server->catalog.folder, async->sync);
    room->rooms.closing = closing;
    return room;
}

void room_station_free(struct room_station *room)
{
    rooms_end(&room->rooms);
    free(room);
}
