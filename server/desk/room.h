/* A room: one chat while people are in it. Its members, its messages, its history.
 *
 * A room is made and freed by whoever runs it; the chat's file is opened by the first arrival. */
#ifndef DESK_ROOM_H
#define DESK_ROOM_H

#include "server/chat/catalog.h"
#include "server/chat/history.h"
#include "server/desk/desk.h"

/* A runner's rooms with nobody in them, those that have been empty the longest first. */
struct idle_rooms {
    struct list list; /* struct room, by `idle` */
    uint32_t n;
};

struct room {
    struct desk desk;
    struct chat *chat;
    const struct folder *folder;
    struct history history;
    struct tail tail;  /* frames of the last records: those gathered, and older ones while somebody is behind */
    struct buf gather; /* records of this turn, as they will stand in the file */
    int64_t stamp_of;  /* the second that `stamp` tells */
    char stamp[32];
    char sentence[96];             /* a refusal with a number in it */
    char not_stored[128];          /* what those are told whose messages could not be stored */
    bool said_read_only;           /* the log has been told */
    bool said_endless;             /* likewise, of a run without an end */
    int64_t empty_since;           /* nobody is here since then */
    struct idle_rooms *idle_rooms; /* it is among them while nobody is in it */
    struct list idle;
    struct list link; /* in the runner's list of rooms */
};

/* An empty room among idle_rooms. NULL without memory. */
struct room *room_new(const struct limits *limits, const struct folder *folder, struct chat *chat,
                      struct idle_rooms *idle_rooms);
/* Nobody must be in it. The file's descriptor, or -1: the caller owes its close, and a sync if *dirty. */
int room_free(struct room *room, bool *dirty);
/* True when the file should be synced now; the caller asks the sync helper and tells room_sync_asked the outcome. */
bool room_sync_due(const struct room *room, int64_t now);
/* Not accepted: the helper is asked again a period later. */
void room_sync_asked(struct room *room, int64_t now, bool accepted);

#endif
