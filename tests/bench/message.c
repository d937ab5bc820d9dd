/* What a message of the load says: who sent it, the how manyeth it is, and when it was due. All have the same length. */
#include "tests/bench/message.h"

#include <stdio.h>
#include <string.h>

/* A text is `room sender sequence due xxx...`, in digits. */
enum {
    ROOM_AT = 0,
    SENDER_AT = 5,
    SEQUENCE_AT = 12,
    SEQUENCE_DIGITS = 10,
    DUE_AT = SEQUENCE_AT + SEQUENCE_DIGITS + 1,
    DUE_DIGITS = 19,
    FILL_AT = DUE_AT + DUE_DIGITS + 1
};

_Static_assert(FILL_AT <= (int)TEXT_BYTES, "the numbers fit into a text");

static void put_number(char *to, int digits, uint64_t number)
{
    for (int i = digits - 1; i >= 0; i--, number /= 10)
        to[i] = (char)('0' + number % 10);
}

static uint64_t get_number(const char *from, int digits)
{
    uint64_t number = 0;
    for (int i = 0; i < digits; i++)
        number = 10 * number + (uint64_t)(from[i] - '0');
    return number;
}

void message_make(char request[REQUEST_BYTES], uint32_t room, uint32_t sender)
{
    char *text = request + CLIENT_HEADER;
    protocol_client_header(request, SEND_MESSAGE, TEXT_BYTES);
    memset(text, 'x', TEXT_BYTES);
    memset(text, ' ', FILL_AT);
    put_number(text + ROOM_AT, SENDER_AT - ROOM_AT - 1, room);
    put_number(text + SENDER_AT, SEQUENCE_AT - SENDER_AT - 1, sender);
}

void message_number(char request[REQUEST_BYTES], uint64_t sequence, int64_t due)
{
    char *text = request + CLIENT_HEADER;
    put_number(text + SEQUENCE_AT, SEQUENCE_DIGITS, sequence);
    put_number(text + DUE_AT, DUE_DIGITS, (uint64_t)due);
}

bool message_of_room(const char *text, const char request[REQUEST_BYTES])
{
    return memcmp(text, request + CLIENT_HEADER, SENDER_AT) == 0;
}

bool message_of_sender(const char *text, const char request[REQUEST_BYTES])
{
    return memcmp(text, request + CLIENT_HEADER, SEQUENCE_AT) == 0;
}

uint64_t message_sequence(const char *text)
{
    return get_number(text + SEQUENCE_AT, SEQUENCE_DIGITS);
}

int64_t message_due(const char *text)
{
    return (int64_t)get_number(text + DUE_AT, DUE_DIGITS);
}
