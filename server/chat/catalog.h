/* The catalog: every chat there is, by name and in the order of the LIST. It only grows.
 * Filled by main before any thread starts; from then on the lobby's alone. */
#ifndef CHAT_CATALOG_H
#define CHAT_CATALOG_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <uthash.h>

#include "common/buf.h"
#include "common/list.h"
#include "common/span.h"
#include "server/chat/folder.h"

struct room;

/* An entry. It lives as long as the server, so sessions and rooms may point at it. */
struct chat {
    uint64_t inode;    /* of a file with several names, as found at start; else 0 */
    uint32_t list_end; /* bytes of the LIST up to and with this chat's line */
    uint16_t n;        /* length of the name */
    /* The errno of the sync that failed: read-only for good. Set by any thread. */
    atomic_int sync_failed;
    bool uncut; /* a room ended with a failed write still behind `committed`; both are the rooms' */
    uint64_t committed;
    struct room *room;      /* the room that runs it; touched only by the thread that runs rooms for this chat */
    void *stage;            /* the architecture's word about it; touched only by the thread that runs the lobby */
    struct list stage_link; /* likewise */
    UT_hash_handle hh;
    char name[]; /* NUL behind it */
};

struct catalog {
    struct folder folder;
    struct chat **chats; /* in the order of the LIST */
    uint32_t n, room;
    struct chat *by_name; /* uthash */
    struct buf list;      /* the LIST's text */
};

/* What start-up had to mend, for the log: it is written after "Server started". */
struct catalog_note {
    struct catalog_note *next;
    const char *message; /* static */
    uint64_t bytes;
    int error;   /* errno or 0 */
    char chat[]; /* the name, NUL behind it */
};

/* Opens and locks the folder, repairs its files, lists them (sorted by bytes). NULL when fine, else one clear reason.
 * *notes: what was mended, for catalog_notes_free. */
const char *catalog_load(struct catalog *catalog, const char *path, struct catalog_note **notes);
void catalog_notes_free(struct catalog_note *notes);
void catalog_close(struct catalog *catalog);

struct chat *catalog_find(const struct catalog *catalog, struct span name);
/* Makes the file and the entry. NULL and errno when the disk or the memory refuses (EEXIST: a file was there all the same). */
struct chat *catalog_create(struct catalog *catalog, struct span name);

static inline struct span chat_name(const struct chat *chat)
{
    return (struct span){chat->name, chat->n};
}

/* The text of the LIST of the first n chats. */
static inline struct span catalog_list(const struct catalog *catalog, uint32_t n)
{
    return (struct span){catalog->list.at, n ? catalog->chats[n - 1]->list_end : 0};
}

#endif
