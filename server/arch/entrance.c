/* Watching listeners, and the end of a drain. */
#include "server/arch/entrance.h"

#include <sys/eventfd.h>

#include "common/clock.h"

static int watch_listener(struct shift *shift, const struct server *server, size_t i)
{
    return shift_watch(shift, server->listeners[i], EPOLLIN, SOURCE_LISTENER, (void *)((uintptr_t)i << 3));
}

static void unwatch_listeners(struct shift *shift, const struct server *server, size_t n)
{
    while (n > 0)
        shift_unwatch(shift, server->listeners[--n]);
}

/* All of them are watched, or, when there is no memory for that, none and the gate pauses. */
static void watch_listeners(struct entrance *entrance, struct shift *shift, const struct server *server)
{
    for (size_t i = 0; i < server->n_listeners; i++) {
        int error = watch_listener(shift, server, i);
        if (!error)
            continue;
        unwatch_listeners(shift, server, i);
        gate_pause(&entrance->gate, shift->crew.time.now, error);
        return;
    }
    entrance->listening = true;
}

bool entrance_open(struct entrance *entrance, int64_t now)
{
    return !entrance->draining && gate_open(&entrance->gate, now);
}

void entrance_tell_empty(const struct entrance *entrance, const struct server *server)
{
    if (entrance->draining && entrance->gate.inside == 0 && entrance->gate.refusing == 0)
        eventfd_write(server->empty, 1);
}

void entrance_tend(struct entrance *entrance, struct shift *shift, struct server *server)
{
    bool open = entrance_open(entrance, shift->crew.time.now);
    if (open && !entrance->listening) {
        watch_listeners(entrance, shift, server);
    } else if (!open && entrance->listening) {
        unwatch_listeners(shift, server, server->n_listeners);
        entrance->listening = false;
    }
    entrance_tell_empty(entrance, server);
}

void entrance_accept(struct entrance *entrance, struct shift *shift, struct server *server,
                     const struct epoll_event *event)
{
    gate_accept(&entrance->gate, server->listeners[(uintptr_t)shift_what(event) >> 3], shift->crew.time.now);
}

int64_t entrance_deadline(const struct entrance *entrance)
{
    return entrance->gate.paused && !entrance->draining ? entrance->gate.retry_at : NEVER;
}
