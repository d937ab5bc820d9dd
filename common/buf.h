/* A growable run of bytes that its holder owns. */
#ifndef COMMON_BUF_H
#define COMMON_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/span.h"

enum { BUF_STEP = 64 * 1024 };

/* All zero is a valid, empty buffer without memory. */
struct buf {
    char *at;
    uint32_t n, room;
};

bool buf_grow(struct buf *buf, size_t more); /* for buf_reserve alone */

/* Makes room for `more` further bytes: doubles while small, so that appending is cheap in the long run, and from BUF_STEP
 * on grows by no more than BUF_STEP beyond what is needed. False when there is no memory; the buffer is then as it was. */
static inline bool buf_reserve(struct buf *buf, size_t more)
{
    return more <= buf->room - buf->n || buf_grow(buf, more);
}

/* Makes it hold `room` bytes at least, and not one more than that if it must grow. */
bool buf_fit(struct buf *buf, size_t room);
bool buf_append(struct buf *buf, const void *bytes, size_t n);
/* Drops the first n bytes; what follows moves to the front. */
void buf_drop(struct buf *buf, size_t n);
/* Gives the memory back; the buffer is empty and valid again. */
void buf_free(struct buf *buf);

static inline struct span buf_span(const struct buf *buf)
{
    return (struct span){buf->at, buf->n};
}

#endif
