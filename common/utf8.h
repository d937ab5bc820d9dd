/* UTF-8: one character at a time, strictly. */
#ifndef COMMON_UTF8_H
#define COMMON_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/span.h"

/* Takes the character at the front of text. Its length in bytes and *character; 0 when the text is empty
 * or does not begin with a well-formed character (no overlong forms, no surrogates, nothing above U+10FFFF). */
size_t utf8_next(struct span text, uint32_t *character);
bool utf8_valid(struct span text);
/* The longest beginning of text with at most `most` bytes that does not cut a character in two. */
size_t utf8_fit(struct span text, size_t most);

#endif
