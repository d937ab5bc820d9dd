/* A small architecture for tests of the desks: one turn at a time, the time set by hand, clients on socket pairs.
 *
 * It drives the desks as every architecture does: whoever is servable again, events, the end of the turn, and then
 * those who go from desk to desk. Whatever is wrong with a turn fails the test. */
#ifndef UNIT_DESKS_H
#define UNIT_DESKS_H

#include <stdbool.h>
#include <stdint.h>

#include "server/chat/catalog.h"
#include "server/desk/bye.h"
#include "server/desk/counters.h"
#include "server/desk/lobby.h"
#include "server/desk/name.h"
#include "server/desk/room.h"
#include "server/desk/turn.h"
#include "tests/unit/files.h"
#include "tests/unit/persons.h"

enum { PERSONS_MAX = 256, PATIENCE = 30 /* seconds */ };

struct hall {
    struct limits limits;
    struct moment time;
    struct scratch *scratch;
    struct counters count;
    struct list busy;
    int epoll;
    char path[FILES_PATH];
    struct catalog catalog;
    struct idle_rooms idle;
    struct name_desk name;
    struct lobby_desk lobby;
    struct bye_desk bye;
    struct person *persons[PERSONS_MAX];
    uint32_t n;
    int send_buffer;  /* of those who come from now on; 0: the system's */
    uint32_t carried; /* times that somebody went from desk to desk */
    bool held;        /* who leaves a desk waits until this is false again */
    struct list waiting;
};

/* An empty hall with an empty folder of chats, and limits that are in nobody's way. Limits may be changed until
 * somebody comes in. */
void hall_open(struct hall *hall);
/* The same with a folder that holds these chats' files already. */
void hall_open_at(struct hall *hall, const char *path);
/* Everybody is shown out; the folder is removed. */
void hall_close(struct hall *hall);

/* Somebody arrives at the name desk with the next turn. */
struct person *hall_enter(struct hall *hall);
/* The same, and goes to the lobby, and into the chat unless it is NULL (made if need be). What was said on the way has
 * been heard and looked at. */
struct person *hall_enter_as(struct hall *hall, const char *name, const char *chat);
/* One turn. False when there was nothing to do. */
bool hall_turn(struct hall *hall);
/* Turns until there is nothing more to do. */
void hall_run(struct hall *hall);
/* The same while everybody hears, until nothing more is said. */
void hall_talk(struct hall *hall);
/* The same; nothing may be due to anybody then. */
void hall_rest(struct hall *hall);
/* When somebody must have a turn at the latest. */
int64_t hall_deadline(const struct hall *hall);
struct room *hall_room(struct hall *hall, const char *chat);
/* The room ends as the runner ends it. */
void hall_end_room(struct hall *hall, const char *chat);

#endif
