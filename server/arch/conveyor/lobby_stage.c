/* The lobby's stage: people outside chats, and which stage runs which room.
 *
 * Only this thread writes to the room stages' belts, starts them and joins them (after the line has ended: main). */
#include "server/arch/conveyor/lobby_stage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "server/arch/conveyor/line.h"
#include "server/desk/turn.h"
#include "server/teeth.h"

static struct lobby_stage *self(struct stage *stage)
{
    return (struct lobby_stage *)(void *)stage;
}

static struct room_slot *free_slot(struct lobby_stage *lobby)
{
    for (uint32_t i = 0; i < lobby->n_slots; i++)
        if (!lobby->slots[i].stage)
            return &lobby->slots[i];
    return NULL;
}

/* People in the stage's rooms or on the way there. */
static uint64_t load(const struct room_slot *slot)
{
    uint64_t taken = counter_get(&slot->count.arrivals) - slot->arrivals_before;
    return counter_get(&slot->count.people) + (slot->sent > taken ? slot->sent - taken : 0);
}

static struct room_slot *fewest_people(struct lobby_stage *lobby)
{
    struct room_slot *best = NULL;
    for (uint32_t i = 0; i < lobby->n_slots; i++) {
        struct room_slot *slot = &lobby->slots[i];
        if (slot->stage && !slot->closed && (!best || load(slot) < load(best)))
            best = slot;
    }
    return best;
}

/* A running room stage for a slot; NULL when there is no thread, descriptor or memory left. */
static struct room_stage *start_stage(struct lobby_stage *lobby, struct room_slot *slot)
{
    struct room_stage *room = room_stage_new(lobby->stage.line, (uint32_t)(slot - lobby->slots), &slot->count);
    int error = errno;
    if (room) {
        error = stage_begin(&room->stage);
        if (!error)
            return room;
        room_stage_free(room);
    }
    log_at(LOG_ERROR, "lobby", "Could not start a room stage", LOG_C("error", strerror(error)));
    return NULL;
}

/* A slot with a new stage, or NULL. */
static struct room_slot *open_slot(struct lobby_stage *lobby)
{
    struct room_slot *slot = free_slot(lobby);
    struct room_stage *room = slot ? start_stage(lobby, slot) : NULL;
    if (!room)
        return NULL;
    slot->stage = room;
    outlet_open(&slot->outlet, room->stage.in.put);
    list_init(&slot->chats);
    slot->sent = 0;
    slot->arrivals_before = counter_get(&slot->count.arrivals);
    slot->closed = false;
    lobby->open++;
    counter_add(&lobby->running, 1);
    return slot;
}

/* The slot of the stage that runs this chat, chosen now if none does. NULL when no stage can be had. */
static struct room_slot *slot_for(struct lobby_stage *lobby, struct chat *chat)
{
    if (chat->stage)
        return chat->stage;
    struct room_slot *slot = NULL;
    if (lobby->open < lobby->lobby.desk.limits->room_threads)
        slot = open_slot(lobby);
    if (!slot)
        slot = fewest_people(lobby);
    if (!slot)
        return NULL;
    chat->stage = slot;
    list_append(&slot->chats, &chat->stage_link);
    return slot;
}

static void take(struct stage *stage, struct session *session)
{
    desk_take(&self(stage)->lobby.desk, session);
}

/* Everything it was ever sent has come and gone: nobody is on the way, so the end of its belt is the order to stop. */
static void close_belt(struct lobby_stage *lobby, struct room_slot *slot)
{
    struct list *link;
    while ((link = list_pop(&slot->chats)))
        list_entry(link, struct chat, stage_link)->stage = NULL;
    list_remove(&slot->outlet.pending);
    close(slot->stage->stage.in.put);
    slot->stage->stage.in.put = -1;
    slot->closed = true;
    lobby->open--;
}

static void join(struct lobby_stage *lobby, struct room_slot *slot)
{
    pthread_join(slot->stage->stage.thread, NULL);
    stage_collect(&slot->stage->stage, &lobby->left);
    room_stage_free(slot->stage);
    slot->stage = NULL;
    counter_add(&lobby->running, (uint64_t)-1);
}

static void word(struct stage *stage, const struct belt_item *item)
{
    struct lobby_stage *lobby = self(stage);
    struct room_slot *slot = &lobby->slots[item->fd];
    bool all_came = WITHOUT_ARRIVAL_COUNT || item->word == slot->sent;
    if (item->kind == BELT_EMPTY && all_came && !slot->closed)
        close_belt(lobby, slot);
    else if (item->kind == BELT_GONE)
        join(lobby, slot);
}

static struct outlet *outlet(struct stage *stage, struct session *session)
{
    struct lobby_stage *lobby = self(stage);
    if (session->next.to == NAME)
        return lobby->name;
    return &((struct room_slot *)session->next.chat->stage)->outlet;
}

static void drain(struct stage *stage)
{
    desk_close(&self(stage)->lobby.desk);
}

static bool some_ending(const struct lobby_stage *lobby)
{
    for (uint32_t i = 0; i < lobby->n_slots; i++)
        if (lobby->slots[i].stage && lobby->slots[i].closed)
            return true;
    return false;
}

/* A session for whose room there is no stage: while one is ending its place will be free in a moment; else the session
 * stays in the lobby and is told why. */
static void no_stage(struct lobby_stage *lobby, struct session *session)
{
    list_remove(&session->changed);
    if (!WITHOUT_PARKING && some_ending(lobby)) {
        if (!WITHOUT_FORGETTING_WHO_WAITS)
            shift_forget(&lobby->stage.shift, session); /* it stands at no desk: no event may name it */
        list_append(&lobby->waiting, &session->changed);
        return;
    }
    counter_add(&lobby->count.departures, 1);
    rooms_refuse(session);
    desk_take(&lobby->lobby.desk, session);
}

/* Whoever goes to a room gets a stage to go to. */
static void after(struct stage *stage)
{
    struct lobby_stage *lobby = self(stage);
    list_move_all(&stage->gone, &lobby->waiting);
    for (struct list *link = stage->gone.next, *next; link != &stage->gone; link = next) {
        struct session *session = list_entry(link, struct session, changed);
        next = link->next;
        if (session->next.to != ROOM)
            continue;
        struct room_slot *slot = slot_for(lobby, session->next.chat);
        if (slot)
            slot->sent++;
        else
            no_stage(lobby, session);
    }
}

int lobby_stage_open(struct lobby_stage *lobby, struct line *line)
{
    static const struct stage_ops ops = {.take = take, .word = word, .outlet = outlet, .drain = drain, .after = after};
    const struct limits *limits = &line->server->options->limits;
    /* More slots than stages may run at a time: those that are ending have theirs until they are joined. */
    lobby->n_slots = limits->room_threads + ENDING_SHARE * (limits->room_threads + 1);
    lobby->slots = calloc(lobby->n_slots, sizeof *lobby->slots);
    if (!lobby->slots)
        return ENOMEM;
    int error = stage_open(&lobby->stage, line, &ops, "lobby", &lobby->count);
    if (error) {
        free(lobby->slots);
        return error;
    }
    list_init(&lobby->left);
    list_init(&lobby->waiting);
    lobby_init(&lobby->lobby, limits, &line->server->catalog);
    crew_add(&lobby->stage.shift.crew, &lobby->lobby.desk);
    return 0;
}

void lobby_stage_end_rooms(struct lobby_stage *lobby)
{
    list_move_all(&lobby->left, &lobby->waiting);
    for (uint32_t i = 0; i < lobby->n_slots; i++) {
        struct room_slot *slot = &lobby->slots[i];
        if (!slot->stage)
            continue;
        list_move_all(&lobby->left, &slot->outlet.waiting);
        join(lobby, slot);
    }
}

void lobby_stage_close(struct lobby_stage *lobby)
{
    desk_free(&lobby->lobby.desk);
    stage_close(&lobby->stage);
    free(lobby->slots);
}
