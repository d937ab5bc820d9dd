/* One chat's file while a room runs it: what is committed, appending, reading.
 *
 * Nothing beyond `committed` is ever read. A history belongs to the room that opened it. */
#ifndef CHAT_HISTORY_H
#define CHAT_HISTORY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "common/span.h"
#include "server/chat/catalog.h"
#include "server/chat/folder.h"

struct history {
    int fd;             /* -1: not open */
    uint64_t committed; /* bytes of the file that are records, whole and shown */
    bool uncut;         /* what a failed write left behind `committed` is still there */
    bool dirty;         /* written to since the last sync was asked for */
    int64_t dirty_since;
};

/* Opens the chat's file. A last record without its end gets one. 0 or an errno. */
int history_open(struct history *history, const struct folder *folder, struct chat *chat);
/* Appends whole records. 0, or an errno: then nothing of them is in the file (or will be read).
 * With sync_now they are on the disk when it returns; a sync that fails marks the chat as read-only. */
int history_append(struct history *history, struct chat *chat, struct span records, bool sync_now);
/* Reads committed bytes; fewer than n only at the end. -1 with errno. */
ssize_t history_read(const struct history *history, uint64_t at, char *to, size_t n);
/* True when a record begins at this offset, or would be the next one. */
bool history_begins_at(const struct history *history, uint64_t at);
/* Gives the descriptor away, -1 when there is none: the history is closed then and the caller owes the close. */
int history_release(struct history *history, struct chat *chat);
/* Syncs a file by its descriptor; a failure marks the chat. Any thread. 0 or an errno. */
int history_sync_file(int fd, struct chat *chat);
/* Makes an empty file for a new chat. 0 or an errno. */
int history_create(const struct folder *folder, struct span chat);
/* Takes the file of a chat away that was made a moment ago and could not be listed. Keeps errno. */
void history_uncreate(const struct folder *folder, struct span chat);

#endif
