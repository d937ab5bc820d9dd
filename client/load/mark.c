/* What the text of a message begins with: whose it is, the how manyeth, when it was due and how late it was sent. */
#include "client/load/mark.h"

enum { DIGITS = MARK_BYTES / 2, CHECK = 0xc5 /* in the middle of the first half: not every number is a mark */ };

static void put_digits(char to[DIGITS], uint64_t value)
{
    for (int i = DIGITS - 1; i >= 0; i--, value >>= 4)
        to[i] = "0123456789abcdef"[value & 15];
}

/* 0 to 15; more for what is no digit. */
static unsigned digit(unsigned char c)
{
    if (c >= '0' && c <= '9')
        return c - (unsigned)'0';
    return c >= 'a' && c <= 'f' ? c - (unsigned)'a' + 10 : 16;
}

static bool get_digits(const char from[DIGITS], uint64_t *value)
{
    unsigned wrong = 0;
    uint64_t sum = 0;
    for (int i = 0; i < DIGITS; i++) {
        unsigned got = digit((unsigned char)from[i]);
        wrong |= got & 16;
        sum = sum << 4 | (got & 15);
    }
    *value = sum;
    return !wrong;
}

void mark_put(char to[MARK_BYTES], const struct mark_key *key, const struct mark *mark)
{
    uint64_t who = (uint64_t)mark->voice << 40 | (uint64_t)CHECK << 32 | mark->number;
    put_digits(to, who ^ key->who);
    put_digits(to + DIGITS, mark->when ^ key->when);
}

bool mark_get(const char from[MARK_BYTES], const struct mark_key *key, struct mark *mark)
{
    uint64_t who, when;
    if (!get_digits(from, &who) || !get_digits(from + DIGITS, &when))
        return false;
    who ^= key->who;
    *mark = (struct mark){.voice = (uint32_t)(who >> 40), .number = (uint32_t)who, .when = when ^ key->when};
    return (who >> 32 & 0xff) == CHECK;
}
