/* A room stage, and how it ends.
 *
 * It can't know whether somebody is on the way to it: only the lobby sends people here. So each time it becomes empty it
 * tells the lobby how many clients it has ever taken. If that is the number the lobby has ever sent, nobody is on the way
 * and the lobby closes the belt; else somebody is, and the stage will say so again when it is empty again. */
#include "server/arch/conveyor/room_stage.h"

#include <errno.h>
#include <stdlib.h>

#include "server/arch/conveyor/line.h"
#include "server/desk/turn.h"
#include "server/teeth.h"

static struct room_stage *self(struct stage *stage)
{
    return (struct room_stage *)(void *)stage;
}

static void take(struct stage *stage, struct session *session)
{
    struct room_stage *here = self(stage);
    struct room *room = rooms_find(&here->rooms, session->next.chat);
    here->said_empty = WITHOUT_SAYING_EMPTY_AGAIN && here->said_empty;
    if (room) {
        desk_take(&room->desk, session);
        return;
    }
    counter_add(&stage->shift.crew.count->arrivals, 1);
    rooms_refuse(session);
    list_append(&stage->gone, &session->changed);
}

static struct outlet *outlet(struct stage *stage, struct session *session)
{
    return session->next.to == LOBBY ? self(stage)->lobby : self(stage)->name;
}

static void drain(struct stage *stage)
{
    rooms_close(&self(stage)->rooms);
}

static void after(struct stage *stage)
{
    struct room_stage *here = self(stage);
    rooms_tend(&here->rooms);
    if (!list_empty(&here->rooms.list) || here->said_empty)
        return;
    here->said_empty = true;
    stage_say(stage, here->lobby, (struct belt_item){BELT_EMPTY, (int32_t)here->slot, stage->taken});
}

static void last(struct stage *stage)
{
    stage_say(stage, self(stage)->lobby, (struct belt_item){BELT_GONE, (int32_t)self(stage)->slot, stage->taken});
}

struct room_stage *room_stage_new(struct line *line, uint32_t slot, struct counters *count)
{
    static const struct stage_ops ops = {.take = take, .outlet = outlet, .drain = drain, .after = after, .last = last};
    struct room_stage *room = calloc(1, sizeof *room);
    if (!room)
        return NULL;
    int error = stage_open(&room->stage, line, &ops, "room", count);
    if (error) {
        free(room);
        errno = error;
        return NULL;
    }
    room->slot = slot;
    room->said_empty = true; /* it is waiting for its first person */
    room->lobby = stage_edge(&room->stage, &line->lobby.stage);
    room->name = stage_edge(&room->stage, &line->name.stage);
    rooms_init(&room->rooms, &room->stage.shift.crew, count, &line->server->options->limits,
               &line->server->catalog.folder, line->sync);
    return room;
}

void room_stage_free(struct room_stage *room)
{
    rooms_end(&room->rooms);
    stage_close(&room->stage);
    free(room);
}
