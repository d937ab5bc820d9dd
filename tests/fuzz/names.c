/* Fuzz target: what names and texts may be, against a slow reading of the rules; and the registry of names. */
#include <errno.h>

#include "common/rules.h"
#include "common/utf8.h"
#include "server/chat/names.h"
#include "tests/fuzz/fuzz.h"

enum { HELD_MOST = 16 };

/* A character out of its bytes as the standard's table has it; its length, 0 when there is none. */
static size_t slow_character(const unsigned char *at, size_t n, uint32_t *c)
{
    static const struct {
        unsigned char lead_from, lead_to, second_from, second_to;
        size_t n;
        unsigned char mask;
    } table[] = {
        {0x00, 0x7f, 0x00, 0x00, 1, 0x7f}, {0xc2, 0xdf, 0x80, 0xbf, 2, 0x1f}, {0xe0, 0xe0, 0xa0, 0xbf, 3, 0x0f},
        {0xe1, 0xec, 0x80, 0xbf, 3, 0x0f}, {0xed, 0xed, 0x80, 0x9f, 3, 0x0f}, {0xee, 0xef, 0x80, 0xbf, 3, 0x0f},
        {0xf0, 0xf0, 0x90, 0xbf, 4, 0x07}, {0xf1, 0xf3, 0x80, 0xbf, 4, 0x07}, {0xf4, 0xf4, 0x80, 0x8f, 4, 0x07},
    };
    for (size_t row = 0; n && row < sizeof table / sizeof *table; row++) {
        if (at[0] < table[row].lead_from || at[0] > table[row].lead_to)
            continue;
        if (table[row].n > n || (table[row].n > 1 && (at[1] < table[row].second_from || at[1] > table[row].second_to)))
            return 0;
        *c = at[0] & table[row].mask;
        for (size_t i = 1; i < table[row].n; i++) {
            if (at[i] < 0x80 || at[i] > 0xbf)
                return 0;
            *c = *c * 64 + (at[i] - 0x80u);
        }
        return table[row].n;
    }
    return 0;
}

static bool within(uint32_t c, uint32_t first, uint32_t last)
{
    return first <= c && c <= last;
}

/* Category by category: controls, spaces and separators, format characters. */
static bool slow_control(uint32_t c)
{
    return c < 32 || within(c, 127, 159);
}

static bool slow_space(uint32_t c)
{
    return c == ' ' || c == 0xa0 || c == 0x1680 || within(c, 0x2000, 0x200a) || c == 0x2028 || c == 0x2029 ||
           c == 0x202f || c == 0x205f || c == 0x3000;
}

static bool slow_format(uint32_t c)
{
    static const uint32_t single[] = {0xad,  0x61c,  0x6dd,  0x70f,   0x890,   0x891,
                                      0x8e2, 0x180e, 0xfeff, 0x110bd, 0x110cd, 0xe0001};
    for (size_t i = 0; i < sizeof single / sizeof *single; i++)
        if (c == single[i])
            return true;
    return within(c, 0x600, 0x605) || within(c, 0x200b, 0x200f) || within(c, 0x202a, 0x202e) ||
           within(c, 0x2060, 0x2064) || within(c, 0x2066, 0x206f) || within(c, 0xfff9, 0xfffb) ||
           within(c, 0x13430, 0x1343f) || within(c, 0x1bca0, 0x1bca3) || within(c, 0x1d173, 0x1d17a) ||
           within(c, 0xe0020, 0xe007f);
}

/* What a slow reading finds in a text. */
struct findings {
    bool valid, invisible, control, slash;
    size_t characters;
};

static struct findings look(const uint8_t *at, size_t n)
{
    struct findings found = {.valid = true};
    for (size_t step; n > 0; at += step, n -= step) {
        uint32_t c = 0, same = 0;
        step = slow_character(at, n, &c);
        must(utf8_next((struct span){(const char *)at, n}, &same) == step && (step == 0 || same == c),
             "U+%04X of %zu bytes is read as U+%04X", c, step, same);
        if (step == 0) {
            found.valid = false;
            break;
        }
        found.characters++;
        found.invisible |= slow_control(c) || slow_space(c) || slow_format(c);
        found.control |= slow_control(c) && c != '\t' && c != '\n';
        found.slash |= c == '/';
    }
    return found;
}

static void check_rules(const uint8_t *bytes, size_t n)
{
    struct span text = {(const char *)bytes, n};
    struct findings found = look(bytes, n);
    bool visible = found.valid && !found.invisible && n > 0;
    bool user = visible && found.characters <= 32 && n <= 128 && !(n == 8 && memcmp(bytes, "operator", 8) == 0);
    bool chat = visible && found.characters <= 64 && n <= 200 && !found.slash && bytes[0] != '.';
    must(utf8_valid(text) == found.valid, "UTF-8");
    must(!rules_user(text) == user, "a name is %s", user ? "refused" : "accepted");
    must(!rules_chat(text) == chat, "a chat's name is %s", chat ? "refused" : "accepted");
    must(!rules_text(text) == (found.valid && !found.control && n > 0), "a text");
    for (size_t most = 0; found.valid && most < n + 2 && most < 300; most++) {
        size_t fit = utf8_fit(text, most);
        size_t best = most < n ? most : n;
        while (best > 0 && best < n && (bytes[best] & 0xc0) == 0x80)
            best--;
        must(fit == best, "%zu of %zu bytes fit into %zu, not %zu", best, n, most, fit);
    }
}

/* Names claimed and given back in the order of the input, beside a plain list. */
static void check_registry(const uint8_t *bytes, size_t n)
{
    struct names names = {0};
    struct {
        struct name *name;
        struct span text;
    } held[HELD_MOST] = {0};
    while (n > 1) {
        unsigned place = bytes[0] % HELD_MOST;
        size_t length = bytes[0] / HELD_MOST + 1u; /* up to 16 bytes: the same names come again and again */
        bytes++;
        n--;
        if (held[place].name) {
            struct span kept = name_text(held[place].name);
            must(span_equal(kept, held[place].text), "a name has changed");
            names_release(&names, &held[place].name);
            must(!held[place].name, "a released name is still there");
            names_release(&names, &held[place].name);
            continue;
        }
        struct span text = {(const char *)bytes, length < n ? length : n};
        bool taken = false;
        for (size_t i = 0; i < HELD_MOST; i++)
            taken |= held[i].name && span_equal(held[i].text, text);
        errno = 0;
        struct name *name = names_claim(&names, text);
        must(!name == taken, "a name that is %s", taken ? "in use was given out" : "free was refused");
        must(name || errno == EEXIST, "%s", strerror(errno));
        held[place].name = name;
        held[place].text = text;
        bytes += text.n;
        n -= text.n;
    }
    for (size_t i = 0; i < HELD_MOST; i++)
        names_release(&names, &held[i].name);
    must(!names.by_text, "names are left");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (n > 4096)
        return 0;
    check_rules(bytes, n);
    for (size_t from = 0, i = 0; i < n; i++) /* every line too */
        if (bytes[i] == '\n') {
            check_rules(bytes + from, i - from);
            from = i + 1;
        }
    check_registry(bytes, n);
    return 0;
}
