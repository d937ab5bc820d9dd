/* The thesis's binary protocol as a door. */
#ifndef DOOR_WIRE_H
#define DOOR_WIRE_H

#include "server/chat/door.h"

extern const struct door door_wire;

#endif
