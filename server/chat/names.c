/* The registry of names in use. */
#define HASH_NONFATAL_OOM 1
#include "server/chat/names.h"

#include <errno.h>
#include <stdlib.h>

struct name *names_claim(struct names *names, struct span text)
{
    struct name *name;
    HASH_FIND(hh, names->by_text, text.at, (unsigned)text.n, name);
    if (name) {
        errno = EEXIST;
        return NULL;
    }
    name = calloc(1, sizeof *name + text.n + 1);
    if (!name)
        return NULL;
    name->n = (uint8_t)text.n;
    memcpy(name->text, text.at, text.n);
    HASH_ADD_KEYPTR(hh, names->by_text, name->text, (unsigned)name->n, name);
    if (!name->hh.tbl) { /* the table itself found no memory */
        free(name);
        errno = ENOMEM;
        return NULL;
    }
    return name;
}

void names_release(struct names *names, struct name **name)
{
    if (!*name)
        return;
    HASH_DELETE(hh, names->by_text, *name);
    free(*name);
    *name = NULL;
}
