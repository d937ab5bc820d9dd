/* A belt: a pipe into a stage that carries small fixed records. Many stages put, one takes; neither ever waits.
 *
 * What does not fit waits at the stage that puts, in order, in a list through the sessions themselves: a session rides one
 * belt at most, so the list can't overflow. */
#ifndef CONVEYOR_BELT_H
#define CONVEYOR_BELT_H

#include <stdbool.h>
#include <stdint.h>

#include "common/list.h"
#include "server/chat/session.h"

enum belt_kind {
    BELT_CLIENT = 1, /* word: the session */
    BELT_EMPTY,      /* to the lobby: the room stage in slot `fd` is empty, after `word` arrivals */
    BELT_GONE        /* to the lobby: the room stage in slot `fd` has ended; its last word */
};

struct belt_item {
    uint32_t kind;
    int32_t fd;
    uint64_t word;
};

struct belt {
    int take, put; /* the pipe's two ends; -1 when closed */
};

/* False and errno when there are no descriptors. */
bool belt_open(struct belt *belt);
void belt_close(struct belt *belt);
/* Takes at most `most` records, which must not exceed BELT_BATCH. How many; 0 when there are none now, -1 when the belt
 * was closed by those who put: no more will ever come. */
int belt_take(const struct belt *belt, struct belt_item *items, int most);

enum { BELT_BATCH = 64 }; /* records in one read or write: below PIPE_BUF, so that a write goes whole or not at all */

/* One stage's way onto another's belt. The stage's alone. */
struct outlet {
    int put;               /* the belt's end; not the outlet's to close */
    struct list waiting;   /* sessions, by `changed`, in the order they go */
    struct belt_item word; /* kind 0: none; goes behind the waiting clients */
    bool armed;            /* the stage's epoll set waits for a place on the belt */
    struct list pending;   /* link in the stage's list of outlets to flush */
};

void outlet_open(struct outlet *outlet, int put);
/* The session is the other stage's as soon as outlet_flush has put it on the belt. */
void outlet_put(struct outlet *outlet, struct session *session);
/* Says a word; one that has not gone yet is replaced. */
void outlet_say(struct outlet *outlet, struct belt_item word);
static inline bool outlet_idle(const struct outlet *outlet)
{
    return list_empty(&outlet->waiting) && outlet->word.kind == 0;
}

/* Puts on the belt what waits. True when all of it went. */
bool outlet_flush(struct outlet *outlet, int64_t now);

#endif
