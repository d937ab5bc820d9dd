/* UTF-8: one character at a time, strictly. */
#include "common/utf8.h"

/* How many bytes the character begun by this byte has; 0 when none begins so. */
static size_t length_of(unsigned char lead)
{
    if (lead < 0x80)
        return 1;
    if (lead < 0xc2 || lead > 0xf4)
        return 0;
    return lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
}

static bool continues(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

size_t utf8_next(struct span text, uint32_t *character)
{
    if (text.n == 0)
        return 0;
    unsigned char lead = (unsigned char)text.at[0];
    size_t n = length_of(lead);
    if (n == 0 || n > text.n)
        return 0;
    uint32_t c = n == 1 ? lead : lead & (0x7fU >> n);
    for (size_t i = 1; i < n; i++) {
        if (!continues(text.at[i]))
            return 0;
        c = c << 6 | ((unsigned char)text.at[i] & 0x3f);
    }
    /* The lead byte has ruled out overlong forms of two bytes; these are the others. */
    if ((n == 3 && c < 0x800) || (n == 4 && c < 0x10000) || (c >= 0xd800 && c <= 0xdfff) || c > 0x10ffff)
        return 0;
    *character = c;
    return n;
}

bool utf8_valid(struct span text)
{
    while (text.n) {
        uint32_t c;
        size_t n = utf8_next(text, &c);
        if (n == 0)
            return false;
        text.at += n;
        text.n -= n;
    }
    return true;
}

size_t utf8_fit(struct span text, size_t most)
{
    if (text.n <= most)
        return text.n;
    size_t lead = most;
    while (lead > 0 && most - lead < 3 && continues(text.at[lead]))
        lead--;
    return lead + length_of((unsigned char)text.at[lead]) > most ? lead : most;
}
