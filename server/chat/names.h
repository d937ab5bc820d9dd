/* The names in use. The name desk's alone; the text of a name may be read by whoever has the session that holds it. */
#ifndef CHAT_NAMES_H
#define CHAT_NAMES_H

#include <stdint.h>

#include <uthash.h>

#include "common/span.h"

struct name {
    UT_hash_handle hh;
    uint8_t n;
    char text[];
};

/* All zero is an empty registry. */
struct names {
    struct name *by_text;
};

/* Claims a free name. NULL: somebody has it (errno EEXIST) or there is no memory (errno ENOMEM). */
struct name *names_claim(struct names *names, struct span text);
/* Frees *name and makes it NULL; harmless when it is NULL already. */
void names_release(struct names *names, struct name **name);

static inline struct span name_text(const struct name *name)
{
    return (struct span){name->text, name->n};
}

#endif
