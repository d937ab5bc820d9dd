/* The accepting thread: waits for connections and hands each to `user_name_enter`. */
#include <poll.h>

#include "server/arch/blocking/routines.h"

enum { PAUSE_MS = 100 };

/* Who can't come in goes straight to `disconnect`, which tells why. */
static void hand_over(struct house *house, struct list *entered)
{
    struct list *link;
    while ((link = list_pop(entered))) {
        struct session *session = list_entry(link, struct session, changed);
        step_send(session->outside ? &house->bye : &house->name, session, &house->gate_count);
    }
}

void *accepting_run(void *argument)
{
    struct house *house = argument;
    const struct server *server = house->server;
    struct pollfd fds[LISTEN_MAX + 1] = {{.fd = house->wake, .events = POLLIN}};
    struct list entered;
    list_init(&entered);
    for (size_t i = 0; i < server->n_listeners; i++)
        fds[i + 1] = (struct pollfd){.fd = server->listeners[i], .events = POLLIN};
    while (!house_draining(house)) {
        bool paused = house_paused(house);
        int n = poll(fds, paused ? 1 : 1 + server->n_listeners, paused ? PAUSE_MS : -1);
        for (size_t i = 0; n > 0 && !paused && i < server->n_listeners; i++)
            if (fds[i + 1].revents)
                house_accept(house, server->listeners[i], &entered);
        hand_over(house, &entered);
    }
    return NULL;
}
