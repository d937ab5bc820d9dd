/* The bye desk: last answers, half-close, and waiting until the client has gone too. */
#ifndef DESK_BYE_H
#define DESK_BYE_H

#include "server/desk/desk.h"

struct bye_desk {
    struct desk desk;
};

void bye_init(struct bye_desk *bye, const struct limits *limits);

#endif
