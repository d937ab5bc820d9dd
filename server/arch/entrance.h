/* The entrance: the listeners of a thread that runs the gate. */
#ifndef ARCH_ENTRANCE_H
#define ARCH_ENTRANCE_H

#include "server/arch/server.h"
#include "server/arch/shift.h"
#include "server/desk/gate.h"

struct entrance {
    struct gate gate;
    bool listening; /* the listeners are in the epoll set */
    bool draining;  /* the server stops */
};

/* True when the listeners should be watched at this time. */
bool entrance_open(struct entrance *entrance, int64_t now);
/* Tells main when the server stops and the last client is out. */
void entrance_tell_empty(const struct entrance *entrance, const struct server *server);

/* For a shift. Watches the listeners, or not, as the gate wishes, and tells main. After each turn, and once before the first. */
void entrance_tend(struct entrance *entrance, struct shift *shift, struct server *server);
/* For a shift. A listener's event: lets in whoever waits there. */
void entrance_accept(struct entrance *entrance, struct shift *shift, struct server *server,
                     const struct epoll_event *event);
/* When the entrance wants a turn without an event. */
int64_t entrance_deadline(const struct entrance *entrance);

#endif
