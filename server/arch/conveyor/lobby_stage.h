/* The lobby's stage, which also starts and ends the room stages. */
#ifndef CONVEYOR_LOBBY_STAGE_H
#define CONVEYOR_LOBBY_STAGE_H

#include "server/arch/conveyor/room_stage.h"
#include "server/arch/conveyor/stage.h"
#include "server/desk/lobby.h"

/* What the lobby knows of a room stage. */
struct room_slot {
    struct counters count;    /* the stage's; goes on counting when the slot is used again */
    struct room_stage *stage; /* NULL: free */
    struct outlet outlet;     /* onto its belt */
    uint64_t sent;            /* clients the lobby has ever sent to it */
    uint64_t arrivals_before; /* what `count` had seen arrive before this stage was started */
    struct list chats;        /* those it runs, by `stage_link` */
    bool closed;              /* its belt was closed: it is ending */
};

struct lobby_stage {
    struct stage stage; /* first: the operations get a pointer to it */
    struct counters count;
    struct lobby_desk lobby;
    struct outlet *name;
    struct room_slot *slots; /* the lobby's, but for the counters in them */
    uint32_t n_slots;
    uint32_t open;       /* room stages that are not ending */
    counter running;     /* room stages whose thread has not been joined */
    struct list left;    /* clients found at a room stage when the whole line ended */
    struct list waiting; /* sessions whose room has no stage until one that is ending has ended */
};

/* 0 or an errno; then nothing is left behind. */
int lobby_stage_open(struct lobby_stage *lobby, struct line *line);
/* The thread is joined: joins the room stages that are left, and collects their clients in `left`. */
void lobby_stage_end_rooms(struct lobby_stage *lobby);
void lobby_stage_close(struct lobby_stage *lobby);

#endif
