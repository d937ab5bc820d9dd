/* Whether a text is JSON to the letter: its grammar, one function a rule. Each takes what it is about off the front. */
#include "client/export/strict.h"

#include <stddef.h>
#include <string.h>

#include "common/utf8.h"

enum { DEEPEST = 500 };

static bool take(struct span *text, char c)
{
    if (text->n == 0 || *text->at != c)
        return false;
    text->at++;
    text->n--;
    return true;
}

static bool take_word(struct span *text, const char *word)
{
    while (*word && take(text, *word))
        word++;
    return !*word;
}

static void skip_blanks(struct span *text)
{
    while (take(text, ' ') || take(text, '\t') || take(text, '\r') || take(text, '\n'))
        ;
}

static bool take_digits(struct span *text)
{
    size_t before = text->n;
    while (text->n && *text->at >= '0' && *text->at <= '9')
        take(text, *text->at);
    return text->n < before;
}

static bool take_number(struct span *text)
{
    take(text, '-');
    if (!take(text, '0') && !take_digits(text))
        return false;
    if (take(text, '.') && !take_digits(text))
        return false;
    if (!take(text, 'e') && !take(text, 'E'))
        return true;
    if (!take(text, '+'))
        take(text, '-');
    return take_digits(text);
}

static bool take_hex(struct span *text)
{
    for (int i = 0; i < 4; i++) {
        char c = text->n ? *text->at : '\0';
        if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F')))
            return false;
        take(text, c);
    }
    return true;
}

static bool take_escape(struct span *text)
{
    static const char plain[] = "\"\\/bfnrt";
    if (take(text, 'u'))
        return !(text->n >= 4 && memcmp(text->at, "0000", 4) == 0) && take_hex(text);
    for (const char *c = plain; *c; c++)
        if (take(text, *c))
            return true;
    return false;
}

static bool take_string(struct span *text)
{
    if (!take(text, '"'))
        return false;
    while (!take(text, '"')) {
        uint32_t character;
        size_t n = utf8_next(*text, &character);
        if (n == 0 || character < ' ')
            return false;
        text->at += n;
        text->n -= n;
        if (character == '\\' && !take_escape(text))
            return false;
    }
    return true;
}

static bool take_value(struct span *text, int depth);

/* What stands between the brackets of an object or an array. */
static bool take_members(struct span *text, char end, int depth)
{
    skip_blanks(text);
    if (take(text, end))
        return true;
    do {
        skip_blanks(text);
        if (end == '}') {
            if (!take_string(text))
                return false;
            skip_blanks(text);
            if (!take(text, ':'))
                return false;
        }
        if (!take_value(text, depth))
            return false;
    } while (take(text, ','));
    return take(text, end);
}

static bool take_value(struct span *text, int depth)
{
    bool fine;
    skip_blanks(text);
    if (depth == DEEPEST || text->n == 0)
        return false;
    switch (*text->at) {
    case '{':
        take(text, '{');
        fine = take_members(text, '}', depth + 1);
        break;
    case '[':
        take(text, '[');
        fine = take_members(text, ']', depth + 1);
        break;
    case '"':
        fine = take_string(text);
        break;
    case 't':
        fine = take_word(text, "true");
        break;
    case 'f':
        fine = take_word(text, "false");
        break;
    case 'n':
        fine = take_word(text, "null");
        break;
    default:
        fine = take_number(text);
    }
    skip_blanks(text);
    return fine;
}

bool strict_object(struct span text)
{
    skip_blanks(&text);
    return text.n && *text.at == '{' && take_value(&text, 0) && text.n == 0;
}
