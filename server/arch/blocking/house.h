/* What the threads of the blocking server share: who is inside, the names in use, and that the server stops.
 *
 * Any thread may call any of this: two mutexes guard what the thesis's threads touched without one. */
#ifndef BLOCKING_HOUSE_H
#define BLOCKING_HOUSE_H

#include <pthread.h>
#include <stdatomic.h>

#include "server/arch/blocking/step.h"
#include "server/arch/server.h"
#include "server/chat/names.h"
#include "server/desk/gate.h"

struct house {
    struct server *server;
    const struct limits *limits;
    atomic_bool draining; /* everybody goes home */
    atomic_bool ending;   /* every thread ends */
    int wake;             /* an eventfd: wakes the accepting thread when the server stops */
    pthread_t accepting;
    struct step name, lobby, bye;
    struct counters gate_count, name_count, lobby_count, bye_count;

    pthread_mutex_t door; /* guards the five below, and `arrivals` of gate_count */
    struct gate gate;
    struct names names;
    struct session **people; /* everybody inside, by descriptor; owned by the house */
    size_t room;
    bool said_empty;

    pthread_mutex_t
        chats;         /* guards `ended`, and what chat_message.h says it does; held while a full pipe is waited for */
    struct list ended; /* struct room_step, by `over`: those to be joined */
    pthread_mutex_t roll; /* guards `rooms`; never held while anything is waited for: main counts under it */
    struct list rooms;    /* struct room_step, by `link`: all that ever were; only the lobby adds to it */
    atomic_uint running;  /* threads of chats, those that are to be joined included */
};

/* 0 or an errno; then nothing is left behind. */
int house_open(struct house *house, struct server *server);
/* Closes whoever is left. All threads are joined. */
void house_close(struct house *house);

/* Lets in whoever waits at the listener. The new sessions are appended to `entered`, by `changed`. */
void house_accept(struct house *house, int listener, struct list *entered);
/* True while nobody can be let in, for want of memory or descriptors: try again in a moment. */
bool house_paused(struct house *house);
/* Closes the socket and frees the session. */
void house_release(struct house *house, struct session *session);
/* Whose descriptor this is. */
struct session *house_find(struct house *house, int fd);
/* Gives the session this name; NULL when it has it now, else why not. */
const char *house_name(struct house *house, struct session *session, struct span name);
/* Its name is free from then on. */
void house_unname(struct house *house, struct session *session);
/* Tells main, once, when the server stops and the last client is out. */
void house_look_empty(struct house *house);
/* Whoever sends or receives, anywhere, comes back from it. */
void house_hang_up(struct house *house);

static inline bool house_draining(const struct house *house)
{
    return atomic_load(&house->draining);
}

static inline bool house_ending(const struct house *house)
{
    return atomic_load(&house->ending);
}

#endif
