/* The binary protocol: its frames, its limits and every sentence it says. */
#ifndef COMMON_PROTOCOL_H
#define COMMON_PROTOCOL_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

enum request_kind {
    SET_NAME = 0,
    CREATE_CHAT = 1,
    CONNECT_CHAT = 2,
    SEND_MESSAGE = 3,
    LEAVE_CHAT = 4,
    DISCONNECT = 5,
    RECEIVE_MESSAGE = 6,
    WRONG_REQUEST = 7,
    GET_CHATS = 8,
    PRIVATE_MESSAGE = 9,
    CONNECT_FROM = 10,
    REQUEST_KINDS
};

enum response_kind { SUCCESS = 0, FAILURE = 1 };

enum {
    CLIENT_HEADER = 12, /* int32 request, uint64 length */
    SERVER_HEADER = 16, /* int32 request, int32 response, uint64 length */
    USER_CHARS_MAX = 32,
    USER_BYTES_MAX = 128,
    CHAT_CHARS_MAX = 64,
    CHAT_BYTES_MAX = 200,
    MESSAGE_MAX_DEFAULT = 65536,
    MESSAGE_MAX_MOST = 1000000,
    FRAME_SLACK = 256,    /* a text may be this much longer than a message may be */
    STAMP_LENGTH = 17,    /* HH:MM:SS MM/DD/YY */
    RECORD_MAX = 1 << 20, /* more than this without a CR is no record */
    RECORD_END = '\r'
};

/* What a record is in a chat file: author TAB stamp NL text CR. On the wire it comes without the CR. */

#define SAY_NAME_TAKEN "Username is already in use"
#define SAY_NAME_RULES \
    "A name has 1 to 32 characters of valid UTF-8 (at most 128 bytes), without spaces, control or invisible characters"
#define SAY_NAME_RESERVED "This name is reserved"
#define SAY_NO_NAME_WITHIN "No name within %lld s"
#define SAY_CHAT_EXISTS "Chat with such name already exists"
#define SAY_CHAT_RULES                                                                                          \
    "A chat's name has 1 to 64 characters of valid UTF-8 (at most 200 bytes), without spaces, '/', control or " \
    "invisible characters, and does not begin with a dot"
#define SAY_CHAT_NOT_CREATED "Server error: could not create chat, try again later"
#define SAY_TOO_MANY_CHATS "Too many chats"
#define SAY_NO_SUCH_CHAT "Can't connect to a non-existant chat"
#define SAY_CHAT_NOT_OPENED "Server error: could not open chat: %s"
#define SAY_NO_ROOM_STARTED "Server error: could not start the chat, try again later"
#define SAY_OFFSET_FORM "Expected a byte offset, a line feed and a chat's name"
#define SAY_NO_RECORD_THERE "No record begins at this offset"
#define SAY_TEXT_RULES "A text is valid UTF-8 without control characters other than tab and line feed, and is not empty"
#define SAY_TEXT_TOO_LONG "Text is too long, at most %u bytes are allowed"
#define SAY_NOT_STORED "Server error: could not store the message: %s"
#define SAY_READ_ONLY "Server error: this chat is read-only since its file could not be synced"
#define SAY_TOO_FAST "Too many messages, at most %u a second are allowed"
#define SAY_PRIVATE_FORM "Expected a name, a line feed and a text"
#define SAY_NOT_HERE "%.*s is not here"
#define SAY_NOT_READING "%.*s is not reading"
#define SAY_WRONG_REQUEST "Wrong request"
#define SAY_FRAME_TOO_LONG "Message is too long"
#define SAY_FRAME_TOO_SLOW "Message took too long"
#define SAY_SERVER_FULL "Server is full"
#define SAY_ADDRESS_FULL "Too many connections from your address"

/* What a request at the wrong desk is told; indexed by request_kind, NULL where no desk refuses it. */
static const char *const say_misplaced[REQUEST_KINDS] = {
    [SET_NAME] = "Cannot set name twice!",
    [CREATE_CHAT] = "Cannot create chats, wrong state",
    [CONNECT_CHAT] = "Cannot connect chat, wrong state!",
    [SEND_MESSAGE] = "Cannot send messages, not in a chat",
    [LEAVE_CHAT] = "Cannot leave chat, not in a chat",
    [GET_CHATS] = "Cannot get chats, wrong state",
    [PRIVATE_MESSAGE] = "Cannot send private messages, not in a chat",
    [CONNECT_FROM] = "Cannot connect chat, wrong state!",
};

/* The names the thesis's logs and metrics use. */
static const char *const request_names[REQUEST_KINDS] = {
    [SET_NAME] = "c_set_name",
    [CREATE_CHAT] = "c_create_chat",
    [CONNECT_CHAT] = "c_connect_chat",
    [SEND_MESSAGE] = "c_send_message",
    [LEAVE_CHAT] = "c_leave_chat",
    [DISCONNECT] = "c_disconnect",
    [RECEIVE_MESSAGE] = "c_receive_message",
    [WRONG_REQUEST] = "c_wrong_request",
    [GET_CHATS] = "c_get_chats",
    [PRIVATE_MESSAGE] = "c_private_message",
    [CONNECT_FROM] = "c_connect_from",
};
static const char *const response_names[] = {[SUCCESS] = "s_success", [FAILURE] = "s_failure"};

static inline void protocol_put32(char *to, int32_t value)
{
    uint32_t le = htole32((uint32_t)value);
    memcpy(to, &le, sizeof le);
}

static inline void protocol_put64(char *to, uint64_t value)
{
    uint64_t le = htole64(value);
    memcpy(to, &le, sizeof le);
}

static inline int32_t protocol_get32(const char *from)
{
    uint32_t le;
    memcpy(&le, from, sizeof le);
    return (int32_t)le32toh(le);
}

static inline uint64_t protocol_get64(const char *from)
{
    uint64_t le;
    memcpy(&le, from, sizeof le);
    return le64toh(le);
}

/* The header of a client's frame; the text follows it. */
static inline void protocol_client_header(char to[CLIENT_HEADER], int32_t request, uint64_t length)
{
    protocol_put32(to, request);
    protocol_put64(to + 4, length);
}

/* The header of a server's frame; the text follows it. */
static inline void protocol_server_header(char to[SERVER_HEADER], int32_t request, int32_t response, uint64_t length)
{
    protocol_put32(to, request);
    protocol_put32(to + 4, response);
    protocol_put64(to + 8, length);
}

#endif
