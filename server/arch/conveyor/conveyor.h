/* The conveyor: a stage thread per desk, clients ride belts from stage to stage. */
#ifndef CONVEYOR_CONVEYOR_H
#define CONVEYOR_CONVEYOR_H

#include "server/arch/arch.h"

extern const struct arch arch_conveyor;

#endif
