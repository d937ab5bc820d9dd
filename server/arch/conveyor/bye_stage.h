/* The bye desk's stage. */
#ifndef CONVEYOR_BYE_STAGE_H
#define CONVEYOR_BYE_STAGE_H

#include "server/arch/conveyor/stage.h"
#include "server/desk/bye.h"

struct bye_stage {
    struct stage stage; /* first: the operations get a pointer to it */
    struct counters count;
    struct bye_desk bye;
    struct outlet *gate;
};

/* 0 or an errno; then nothing is left behind. */
int bye_stage_open(struct bye_stage *bye, struct line *line);
void bye_stage_close(struct bye_stage *bye);

#endif
