/* Framed records in memory: the end of a chat while somebody is behind, or a window of its file.
 *
 * Everybody's frames are the same bytes, so one copy serves all who stand somewhere in it. Positions are offsets in the
 * chat's file (and bytes gone of that record's frame), so they stay right when the front of the tail is dropped. */
#ifndef CHAT_TAIL_H
#define CHAT_TAIL_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/span.h"
#include "server/chat/door.h"

struct tail_mark {
    uint64_t file;  /* where a record begins in the file */
    uint32_t frame; /* and its frame in `frames` */
};

/* All zero is an empty tail. Frames are contiguous and so are the records they stand for. */
struct tail {
    struct buf frames;
    struct tail_mark *marks; /* one a record */
    uint32_t n, room;
    uint64_t end; /* the file offset behind the last record */
};

/* A place in a chat: a record, and how much of its frame is behind us. */
struct position {
    uint64_t record;
    uint32_t skip;
};

bool tail_grow(struct tail *tail); /* for tail_add alone */

/* Appends a record that takes file_bytes in the file, its end included. False without memory.
 * In the header because a long history is framed record by record, and calls were a fifth of that. */
static inline bool tail_add(struct tail *tail, const struct door *door, struct span record, uint64_t file,
                            uint64_t file_bytes)
{
    struct tail_mark mark = {.file = file, .frame = tail->frames.n};
    if ((tail->n == tail->room && !tail_grow(tail)) || !door->frame(&tail->frames, record))
        return false;
    tail->marks[tail->n++] = mark;
    tail->end = file + file_bytes;
    return true;
}

/* Drops everything; the memory stays for the next use. */
void tail_clear(struct tail *tail);
/* Drops the oldest records until at most `most` bytes of frames are left. */
void tail_shrink(struct tail *tail, uint32_t most);
/* Drops the records that begin at `file` or later. */
void tail_cut(struct tail *tail, uint64_t file);
void tail_free(struct tail *tail);

static inline bool tail_covers(const struct tail *tail, uint64_t file)
{
    return tail->n > 0 && tail->marks[0].file <= file && file < tail->end;
}

/* The frames from a covered position up to the record at `limit` (which may lie beyond the end). */
struct span tail_from(const struct tail *tail, struct position position, uint64_t limit);
/* Where somebody stands who was sent n more bytes from a covered position. */
struct position tail_advance(const struct tail *tail, struct position position, size_t n);

#endif
