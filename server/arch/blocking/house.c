/* Who is inside, and under which name. */
#include "server/arch/blocking/house.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/protocol.h"
#include "server/arch/blocking/talk.h"
#include "server/chat/owner.h"
#include "server/door/wire.h"

int house_open(struct house *house, struct server *server)
{
    *house = (struct house){.server = server, .limits = &server->options->limits};
    house->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (house->wake < 0)
        return errno;
    pthread_mutex_init(&house->door, NULL);
    pthread_mutex_init(&house->chats, NULL);
    pthread_mutex_init(&house->roll, NULL);
    list_init(&house->rooms);
    list_init(&house->ended);
    gate_init(&house->gate, house->limits, &door_wire);
    return 0;
}

void house_close(struct house *house)
{
    for (size_t fd = 0; fd < house->room; fd++) {
        struct session *session = house->people[fd];
        if (!session)
            continue;
        owner_inherit(session);
        house_unname(house, session);
        house_release(house, session);
    }
    gate_free(&house->gate);
    pthread_mutex_destroy(&house->door);
    pthread_mutex_destroy(&house->chats);
    pthread_mutex_destroy(&house->roll);
    free(house->people);
    close(house->wake);
}

/* A socket as the thesis's server had it: it blocks, receiving has a limit, and what listeners here hand down is off. */
static void make_blocking(int fd)
{
    static const int off = 0;
    const struct timeval limit = {.tv_usec = TALK_RECEIVE_LIMIT};
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &off, sizeof off);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &off, sizeof off);
    setsockopt(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &off, sizeof off);
}

static bool note(struct house *house, struct session *session)
{
    size_t at = (size_t)session->fd;
    if (at >= house->room) {
        size_t room = 2 * at + 64;
        struct session **people = realloc(house->people, room * sizeof *people);
        if (!people)
            return false;
        memset(people + house->room, 0, (room - house->room) * sizeof *people);
        house->people = people;
        house->room = room;
    }
    house->people[at] = session;
    return true;
}

static void release(struct house *house, struct session *session)
{
    gate_release(&house->gate, session);
    counter_add(&house->gate_count.arrivals, 1);
}

void house_accept(struct house *house, int listener, struct list *entered)
{
    struct list *link;
    pthread_mutex_lock(&house->door);
    if (!house_draining(house))
        gate_accept(&house->gate, listener, clock_now());
    while ((link = list_pop(&house->gate.entered))) {
        struct session *session = list_entry(link, struct session, changed);
        make_blocking(session->fd);
        if (note(house, session)) {
            list_append(entered, link);
        } else {
            counter_add(&house->gate_count.departures, 1);
            release(house, session);
        }
    }
    pthread_mutex_unlock(&house->door);
}

bool house_paused(struct house *house)
{
    pthread_mutex_lock(&house->door);
    bool paused = !gate_open(&house->gate, clock_now());
    pthread_mutex_unlock(&house->door);
    return paused;
}

void house_release(struct house *house, struct session *session)
{
    pthread_mutex_lock(&house->door);
    house->people[session->fd] = NULL;
    release(house, session);
    pthread_mutex_unlock(&house->door);
}

struct session *house_find(struct house *house, int fd)
{
    pthread_mutex_lock(&house->door);
    struct session *session = house->people[fd];
    pthread_mutex_unlock(&house->door);
    return session;
}

const char *house_name(struct house *house, struct session *session, struct span name)
{
    const char *reason = NULL;
    pthread_mutex_lock(&house->door);
    session->name = names_claim(&house->names, name);
    if (!session->name)
        reason = errno == EEXIST ? SAY_NAME_TAKEN : strerror(ENOMEM);
    pthread_mutex_unlock(&house->door);
    return reason;
}

void house_unname(struct house *house, struct session *session)
{
    pthread_mutex_lock(&house->door);
    names_release(&house->names, &session->name);
    pthread_mutex_unlock(&house->door);
}

void house_look_empty(struct house *house)
{
    pthread_mutex_lock(&house->door);
    if (!house->said_empty && house->gate.inside == 0 && house->gate.refusing == 0) {
        house->said_empty = true;
        eventfd_write(house->server->empty, 1);
    }
    pthread_mutex_unlock(&house->door);
}

void house_hang_up(struct house *house)
{
    pthread_mutex_lock(&house->door);
    for (size_t fd = 0; fd < house->room; fd++)
        if (house->people[fd])
            shutdown((int)fd, SHUT_RDWR);
    pthread_mutex_unlock(&house->door);
}
