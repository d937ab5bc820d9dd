/* The threads of chats: each starts with the first member and stops with the last. Both are decided under one mutex. */
#include <stdlib.h>

#include "common/protocol.h"
#include "server/arch/blocking/chat_message.h"
#include "server/arch/blocking/routines.h"
#include "server/arch/blocking/talk.h"

static void *run(void *argument)
{
    struct room_step *room = argument;
    step_run(&room->step);
    chat_file_close(room);
    return NULL;
}

static struct room_step *room_of(struct house *house, struct chat *chat)
{
    struct room_step *room = chat->stage;
    if (room || !(room = calloc(1, sizeof *room)))
        return room;
    room->chat = chat;
    room->history.fd = -1;
    pthread_mutex_lock(&house->roll);
    list_append(&house->rooms, &room->link);
    pthread_mutex_unlock(&house->roll);
    chat->stage = room;
    return room;
}

static void join(struct house *house, struct room_step *room)
{
    pthread_join(room->step.thread, NULL);
    list_remove(&room->over);
    step_close(&room->step);
    room->started = false;
    house->running--;
}

/* True when the chat's thread runs now. */
static bool start(struct house *house, struct room_step *room)
{
    if (room->running)
        return true;
    if (room->started)
        join(house, room);
    if (step_open(&room->step, &chat_message_ops, house, &room->count))
        return false;
    if (step_begin(&room->step.thread, "room", run, room)) {
        step_close(&room->step);
        return false;
    }
    room->started = room->running = true;
    house->running++;
    return true;
}

void chat_message_send(struct house *house, struct session *session)
{
    pthread_mutex_lock(&house->chats);
    struct room_step *room = room_of(house, session->next.chat);
    bool runs = room && start(house, room);
    if (runs)
        step_send(&room->step, session, &house->lobby_count);
    pthread_mutex_unlock(&house->chats);
    if (runs)
        return;
    session->refused = true;
    talk_refuse(session, CONNECT_CHAT, SAY_NO_ROOM_STARTED);
    step_send(&house->lobby, session, &house->lobby_count);
}

void chat_message_join_ended(struct house *house)
{
    pthread_mutex_lock(&house->chats);
    while (!list_empty(&house->ended))
        join(house, list_entry(house->ended.next, struct room_step, over));
    pthread_mutex_unlock(&house->chats);
}

/* The threads are joined first: until then each may still put itself among the ended. */
void chat_message_close(struct house *house)
{
    struct list *link, *next;
    for (link = house->rooms.next; link != &house->rooms; link = link->next) {
        struct room_step *room = list_entry(link, struct room_step, link);
        if (room->started)
            pthread_join(room->step.thread, NULL);
    }
    for (link = house->rooms.next; link != &house->rooms; link = next) {
        struct room_step *room = list_entry(link, struct room_step, link);
        next = link->next;
        if (room->started)
            step_close(&room->step);
        free(room);
    }
}

void chat_message_census(struct house *house, struct census_row *row)
{
    pthread_mutex_lock(&house->roll);
    for (struct list *link = house->rooms.next; link != &house->rooms; link = link->next)
        census_add(row, &list_entry(link, struct room_step, link)->count);
    pthread_mutex_unlock(&house->roll);
}
