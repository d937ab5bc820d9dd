/* What a message of the load says: who sent it, the how manyeth it is, and when it was due. All have the same length. */
#ifndef BENCH_MESSAGE_H
#define BENCH_MESSAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "common/protocol.h"

/* A client's frame with a text of this length, and the record's frame with an author of six characters in front. */
enum {
    TEXT_BYTES = 64,
    AUTHOR_BYTES = 6,
    LEAD_BYTES = AUTHOR_BYTES + 1 + 17 + 1, /* author TAB stamp NL */
    REQUEST_BYTES = CLIENT_HEADER + TEXT_BYTES,
    RECORD_BYTES = LEAD_BYTES + TEXT_BYTES,
    FRAME_BYTES = SERVER_HEADER + RECORD_BYTES
};

/* A sender's frame, but for the two numbers of each message. */
void message_make(char request[REQUEST_BYTES], uint32_t room, uint32_t sender);
void message_number(char request[REQUEST_BYTES], uint64_t sequence, int64_t due);

/* Of a text that was received, beside the frame of the one who received it. */
bool message_of_room(const char *text, const char request[REQUEST_BYTES]);
bool message_of_sender(const char *text, const char request[REQUEST_BYTES]);
uint64_t message_sequence(const char *text);
/* On bench_now's clock. */
int64_t message_due(const char *text);

#endif
