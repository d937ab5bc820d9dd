/* A thread's rooms. */
#include "server/arch/rooms.h"

#include <unistd.h>

#include "common/log.h"
#include "common/protocol.h"
#include "server/desk/turn.h"

void rooms_init(struct rooms *rooms, struct crew *crew, struct counters *count, const struct limits *limits,
                const struct folder *folder, struct sync *sync)
{
    *rooms = (struct rooms){.crew = crew, .count = count, .limits = limits, .folder = folder, .sync = sync};
    list_init(&rooms->list);
    list_init(&rooms->idle.list);
}

struct room *rooms_find(struct rooms *rooms, struct chat *chat)
{
    if (chat->room)
        return chat->room;
    struct room *room = room_new(rooms->limits, rooms->folder, chat, &rooms->idle);
    if (!room)
        return NULL;
    crew_add(rooms->crew, &room->desk);
    room->desk.count = rooms->count;
    room->desk.closing = rooms->closing;
    list_append(&rooms->list, &room->link);
    chat->room = room;
    log_at(LOG_DEBUG, "room", "Room started", LOG_S("chat", chat_name(chat)));
    return room;
}

static void end(struct rooms *rooms, struct room *room)
{
    struct chat *chat = room->chat;
    bool dirty;
    list_remove(&room->link);
    crew_remove(rooms->crew, &room->desk);
    int fd = room_free(room, &dirty);
    chat->room = NULL;
    if (fd >= 0 && rooms->sync)
        sync_close(rooms->sync, fd, chat, dirty);
    else if (fd >= 0)
        close(fd);
    log_at(LOG_DEBUG, "room", "Room ended", LOG_S("chat", chat_name(chat)));
}

static void ask_for_syncs(struct rooms *rooms, int64_t now)
{
    for (struct list *link = rooms->list.next; link != &rooms->list; link = link->next) {
        struct room *room = list_entry(link, struct room, link);
        if (room_sync_due(room, now))
            room_sync_asked(room, now, sync_ask(rooms->sync, room->history.fd, room->chat));
    }
}

void rooms_tend(struct rooms *rooms)
{
    int64_t now = rooms->crew->time.now;
    if (rooms->crew->ticked)
        ask_for_syncs(rooms, now);
    while (!list_empty(&rooms->idle.list)) {
        struct room *longest = list_entry(rooms->idle.list.next, struct room, idle);
        if (rooms->idle.n <= IDLE_ROOMS_MAX && now < longest->empty_since + rooms->limits->room_linger)
            return;
        end(rooms, longest);
    }
}

void rooms_close(struct rooms *rooms)
{
    rooms->closing = true;
    for (struct list *link = rooms->list.next; link != &rooms->list; link = link->next)
        desk_close(&list_entry(link, struct room, link)->desk);
}

void rooms_end(struct rooms *rooms)
{
    while (!list_empty(&rooms->list))
        end(rooms, list_entry(rooms->list.next, struct room, link));
}

void rooms_refuse(struct session *session)
{
    session->refused = true;
    session->resume = false;
    session->next = (struct go){LOBBY, NULL};
    if (!session_answer(session, 0, CONNECT_CHAT, FAILURE, span_of(SAY_NO_ROOM_STARTED)))
        session->dead = true;
}
