/* The lobby's station. It alone sends people to rooms, so it makes their stations; one that was made stays. */
#include "server/arch/async/lobby_station.h"

#include "server/arch/async/async_internal.h"
#include "server/desk/turn.h"

static struct lobby_station *self(struct station *station)
{
    return (struct lobby_station *)(void *)station;
}

static void take(struct station *station, struct session *session)
{
    desk_take(&self(station)->desk.desk, session);
}

static void close_lobby(struct station *station)
{
    struct lobby_station *lobby = self(station);
    desk_close(&lobby->desk.desk);
    lobby->closing = true;
    for (struct list *link = lobby->rooms.next; link != &lobby->rooms; link = link->next)
        station_tell_close(station->worker, &list_entry(link, struct room_station, link)->station);
}

/* The chat's station, made if need be. NULL without memory. */
static struct station *station_of(struct lobby_station *lobby, struct chat *chat)
{
    if (chat->stage)
        return chat->stage;
    struct room_station *room = room_station_new(lobby->station.async, lobby->closing);
    if (!room)
        return NULL;
    list_append(&lobby->rooms, &room->link);
    chat->stage = &room->station;
    return &room->station;
}

/* Whoever goes to a room gets a station to go to, or is told why not. */
static void after(struct station *station)
{
    for (struct list *link = station->gone.next, *next; link != &station->gone; link = next) {
        struct session *session = list_entry(link, struct session, changed);
        next = link->next;
        if (session->next.to != ROOM || station_of(self(station), session->next.chat))
            continue;
        list_remove(link);
        counter_add(&station->crew.count->departures, 1);
        rooms_refuse(session);
        desk_take(&self(station)->desk.desk, session);
    }
}

void lobby_station_open(struct lobby_station *lobby, struct async *async)
{
    static const struct station_ops ops = {.take = take, .close = close_lobby, .after = after};
    list_init(&lobby->rooms);
    lobby_init(&lobby->desk, &async->server->options->limits, &async->server->catalog);
    station_open(&lobby->station, async, &ops, AT_LOBBY);
    crew_add(&lobby->station.crew, &lobby->desk.desk);
}

void lobby_station_close(struct lobby_station *lobby)
{
    struct list *link;
    while ((link = list_pop(&lobby->rooms)))
        room_station_free(list_entry(link, struct room_station, link));
    desk_free(&lobby->desk.desk);
}
