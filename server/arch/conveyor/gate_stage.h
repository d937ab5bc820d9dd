/* The gate's stage: who comes in and who goes out. It runs the bye desk too. */
#ifndef CONVEYOR_GATE_STAGE_H
#define CONVEYOR_GATE_STAGE_H

#include "server/arch/conveyor/stage.h"
#include "server/arch/entrance.h"
#include "server/desk/bye.h"

struct gate_stage {
    struct stage stage; /* first: the operations get a pointer to it */
    struct counters count, bye_count;
    struct entrance entrance;
    struct bye_desk bye;
    struct outlet *name;
};

/* 0 or an errno; then nothing is left behind. */
int gate_stage_open(struct gate_stage *gate, struct line *line);
void gate_stage_close(struct gate_stage *gate);

#endif
