/* What the text of a message begins with: whose it is, the how manyeth, when it was due and how late it was sent.
 *
 * It is 32 hexadecimal digits, so that it passes for a text anywhere; both halves are covered by the run's own key: it looks
 * random, and what another run has left in a chat is not taken for ours. */
#ifndef LOAD_MARK_H
#define LOAD_MARK_H

#include <stdbool.h>
#include <stdint.h>

enum { MARK_BYTES = 32, MARK_VOICES = 1 << 24 };
#define MARK_TIME_MOST ((INT64_C(1) << 40) - 1) /* twelve days */
#define MARK_LATE_MOST ((INT64_C(1) << 24) - 1) /* 16 seconds; what was later counts as that */

struct mark_key {
    uint64_t who, when;
};

struct mark {
    uint32_t voice;  /* a connection that speaks; a new one for each connection */
    uint32_t number; /* of the messages of this voice */
    uint64_t when;   /* see mark_when */
};

/* Microseconds since the run began, and between due and sent, in one word that is never 0. */
static inline uint64_t mark_when(int64_t due, int64_t late)
{
    if (late < 0)
        late = 0;
    if (late > MARK_LATE_MOST)
        late = MARK_LATE_MOST;
    return (uint64_t)due << 24 | (uint64_t)late;
}

static inline int64_t mark_due(uint64_t when)
{
    return (int64_t)(when >> 24);
}

static inline int64_t mark_late(uint64_t when)
{
    return (int64_t)when & MARK_LATE_MOST;
}

void mark_put(char to[MARK_BYTES], const struct mark_key *key, const struct mark *mark);
/* False when these are not the digits of a mark of this run. */
bool mark_get(const char from[MARK_BYTES], const struct mark_key *key, struct mark *mark);

#endif
