/* What a door is: a protocol. Requests out of bytes, answers into bytes. */
#ifndef CHAT_DOOR_H
#define CHAT_DOOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/span.h"

struct request {
    int64_t kind; /* enum request_kind, any other int32 a client may say, or one of those below, which none can say */
    struct span text; /* lies in the session's input until the request is consumed */
};

/* What the turn library tells a desk in the place of a request. */
#define REQUEST_END (INT64_C(1) << 32)   /* the input has ended: no more requests */
#define REQUEST_BROKEN (REQUEST_END + 1) /* the stream can't be trusted from here on */

enum { LIST_HEAD_MAX = 32 };

struct door {
    const char *name;
    /* The first request in `bytes`: its length in bytes, 0 while it is not whole, -1 when the stream is broken.
     * Changes nothing: asked again it says the same. */
    int64_t (*take)(struct span bytes, uint32_t max_message, struct request *request);
    /* Bytes the first request in `bytes` will have once it is whole, 0 while that can't be known. */
    uint64_t (*expects)(struct span bytes);
    /* Appends an answer's frame. False without memory. */
    bool (*answer)(struct buf *out, int32_t request, int32_t response, struct span text);
    /* Appends the frame of a record. The same record gives the same bytes, always. False without memory. */
    bool (*frame)(struct buf *out, struct span record);
    /* What stands before the text of a LIST of so many bytes; its length. */
    size_t (*list_head)(size_t list_bytes, char head[LIST_HEAD_MAX]);
};

#endif
