/* The name desk's stage. */
#ifndef CONVEYOR_NAME_STAGE_H
#define CONVEYOR_NAME_STAGE_H

#include "server/arch/conveyor/stage.h"
#include "server/desk/name.h"

struct name_stage {
    struct stage stage; /* first: the operations get a pointer to it */
    struct counters count;
    struct name_desk name;
    struct outlet *lobby, *gate;
};

/* 0 or an errno; then nothing is left behind. */
int name_stage_open(struct name_stage *name, struct line *line);
void name_stage_close(struct name_stage *name);

#endif
