/* The binary protocol: frames in, frames out. Pure functions of their arguments. */
#include "server/door/wire.h"

#include "common/protocol.h"
#include "server/teeth.h"

static uint64_t length_of(struct span bytes)
{
    return protocol_get64(bytes.at + 4);
}

static int64_t take(struct span bytes, uint32_t max_message, struct request *request)
{
    if (bytes.n < CLIENT_HEADER)
        return 0;
    uint64_t length = length_of(bytes);
    if (length > (uint64_t)max_message + FRAME_SLACK && !WITHOUT_LENGTH_LIMIT)
        return -1;
    if (bytes.n - CLIENT_HEADER < length)
        return 0;
    request->kind = protocol_get32(bytes.at);
    request->text = (struct span){bytes.at + CLIENT_HEADER, length};
    return (int64_t)(CLIENT_HEADER + length);
}

static uint64_t expects(struct span bytes)
{
    if (bytes.n < CLIENT_HEADER)
        return 0;
    uint64_t length = length_of(bytes);
    return length > UINT64_MAX - CLIENT_HEADER ? UINT64_MAX : CLIENT_HEADER + length;
}

static bool answer(struct buf *out, int32_t request, int32_t response, struct span text)
{
    if (!buf_reserve(out, SERVER_HEADER + text.n))
        return false;
    char *to = out->at + out->n;
    protocol_server_header(to, request, response, text.n);
    if (text.n)
        memcpy(to + SERVER_HEADER, text.at, text.n);
    out->n += (uint32_t)(SERVER_HEADER + text.n);
    return true;
}

static bool frame(struct buf *out, struct span record)
{
    return answer(out, RECEIVE_MESSAGE, SUCCESS, record);
}

static size_t list_head(size_t list_bytes, char head[LIST_HEAD_MAX])
{
    protocol_server_header(head, GET_CHATS, SUCCESS, list_bytes);
    return SERVER_HEADER;
}

const struct door door_wire = {
    .name = "wire",
    .take = take,
    .expects = expects,
    .answer = answer,
    .frame = frame,
    .list_head = list_head,
};
