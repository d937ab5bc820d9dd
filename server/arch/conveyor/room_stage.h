/* A room stage: a thread of its own for a chat in use, or for several when there are too many. Made by the lobby's stage when
 * the first person comes, joined and freed by it after the last has left. */
#ifndef CONVEYOR_ROOM_STAGE_H
#define CONVEYOR_ROOM_STAGE_H

#include "server/arch/conveyor/stage.h"
#include "server/arch/rooms.h"

struct room_stage {
    struct stage stage; /* first: the operations get a pointer to it */
    struct rooms rooms;
    struct outlet *lobby, *name;
    uint32_t slot;   /* by which the lobby knows it */
    bool said_empty; /* since it became empty */
};

/* NULL and errno when it can't be made. The thread does not run yet. */
struct room_stage *room_stage_new(struct line *line, uint32_t slot, struct counters *count);
/* The thread is joined, nobody is left in its rooms. */
void room_stage_free(struct room_stage *room);

#endif
