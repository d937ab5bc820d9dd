/* What names and texts may be. */
#include "common/rules.h"

#include <stdint.h>

#include "common/protocol.h"
#include "common/utf8.h"

/* Every character of the categories Zs, Zl, Zp, Cc and Cf of Unicode 15, as sorted runs: what nobody can see in a
 * name. The bidi controls are among them. */
static const struct run {
    uint32_t first, last;
} invisible[] = {
    {0x0000, 0x0020},   {0x007f, 0x00a0},   {0x00ad, 0x00ad},   {0x0600, 0x0605},   {0x061c, 0x061c},
    {0x06dd, 0x06dd},   {0x070f, 0x070f},   {0x0890, 0x0891},   {0x08e2, 0x08e2},   {0x1680, 0x1680},
    {0x180e, 0x180e},   {0x2000, 0x200f},   {0x2028, 0x202f},   {0x205f, 0x2064},   {0x2066, 0x206f},
    {0x3000, 0x3000},   {0xfeff, 0xfeff},   {0xfff9, 0xfffb},   {0x110bd, 0x110bd}, {0x110cd, 0x110cd},
    {0x13430, 0x1343f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0001, 0xe0001}, {0xe0020, 0xe007f},
};

static bool is_invisible(uint32_t c)
{
    size_t low = 0, high = sizeof invisible / sizeof *invisible;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (c > invisible[middle].last)
            low = middle + 1;
        else if (c < invisible[middle].first)
            high = middle;
        else
            return true;
    }
    return false;
}

static bool name_fits(struct span name, size_t chars_max, size_t bytes_max)
{
    if (name.n == 0 || name.n > bytes_max)
        return false;
    size_t chars = 0;
    while (name.n) {
        uint32_t c;
        size_t n = utf8_next(name, &c);
        if (n == 0 || is_invisible(c) || ++chars > chars_max)
            return false;
        name.at += n;
        name.n -= n;
    }
    return true;
}

const char *rules_user(struct span name)
{
    if (!name_fits(name, USER_CHARS_MAX, USER_BYTES_MAX))
        return SAY_NAME_RULES;
    return span_equal(name, span_of("operator")) ? SAY_NAME_RESERVED : NULL;
}

const char *rules_chat(struct span name)
{
    if (!name_fits(name, CHAT_CHARS_MAX, CHAT_BYTES_MAX) || name.at[0] == '.' || memchr(name.at, '/', name.n))
        return SAY_CHAT_RULES;
    return NULL;
}

enum { BLOCK = 16 };

/* True when the block is ASCII without control characters. Without a way out of the loop the compiler does it in one
 * step; most of every text goes this way. */
static bool is_plain_block(const char *at)
{
    unsigned char odd = 0;
    for (size_t i = 0; i < BLOCK; i++) {
        unsigned char c = (unsigned char)at[i];
        odd |= (unsigned char)((c < 0x20) | (c > 0x7e));
    }
    return odd == 0;
}

const char *rules_text(struct span text)
{
    if (text.n == 0)
        return SAY_TEXT_RULES;
    while (text.n) {
        if (text.n >= BLOCK && is_plain_block(text.at)) {
            text.at += BLOCK;
            text.n -= BLOCK;
            continue;
        }
        uint32_t c;
        size_t n = utf8_next(text, &c);
        if (n == 0 || (c < 0x20 && c != '\t' && c != '\n') || (c >= 0x7f && c < 0xa0))
            return SAY_TEXT_RULES;
        text.at += n;
        text.n -= n;
    }
    return NULL;
}
