/* A growable run of bytes that its holder owns. */
#include "common/buf.h"

#include <stdlib.h>

enum { ROOM_LEAST = 64 };

bool buf_grow(struct buf *buf, size_t more)
{
    if (more > UINT32_MAX - buf->n)
        return false;
    size_t room = (size_t)buf->room + (buf->room < BUF_STEP ? buf->room : BUF_STEP);
    if (room < buf->n + more)
        room = buf->n + more;
    if (room < ROOM_LEAST)
        room = ROOM_LEAST;
    return buf_fit(buf, room > UINT32_MAX ? UINT32_MAX : room);
}

bool buf_fit(struct buf *buf, size_t room)
{
    if (room <= buf->room)
        return true;
    char *at = room > UINT32_MAX ? NULL : realloc(buf->at, room);
    if (!at)
        return false;
    buf->at = at;
    buf->room = (uint32_t)room;
    return true;
}

bool buf_append(struct buf *buf, const void *bytes, size_t n)
{
    if (!buf_reserve(buf, n))
        return false;
    if (n)
        memcpy(buf->at + buf->n, bytes, n);
    buf->n += (uint32_t)n;
    return true;
}

void buf_drop(struct buf *buf, size_t n)
{
    if (n >= buf->n)
        buf->n = 0;
    if (n == 0 || buf->n == 0)
        return;
    buf->n -= (uint32_t)n;
    memmove(buf->at, buf->at + n, buf->n);
}

void buf_free(struct buf *buf)
{
    free(buf->at);
    *buf = (struct buf){0};
}
