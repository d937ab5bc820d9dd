/* The line: every stage and every belt of the conveyor, and what they share. */
#ifndef CONVEYOR_LINE_H
#define CONVEYOR_LINE_H

#include "server/arch/conveyor/gate_stage.h"
#include "server/arch/conveyor/lobby_stage.h"
#include "server/arch/conveyor/name_stage.h"
#include "server/arch/server.h"
#include "server/arch/sync.h"

struct line {
    struct server *server;
    int stop, end; /* eventfds in every stage's set: send everybody home; end at once */
    struct sync *sync;
    struct gate_stage gate;
    struct name_stage name;
    struct lobby_stage lobby;
};

#endif
