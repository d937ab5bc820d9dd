/* Who does something later: the one whose time comes first stands in front. */
#ifndef LOAD_AGENDA_H
#define LOAD_AGENDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bot;

struct appointment {
    int64_t at;
    struct bot *bot;
};

/* All zero is a valid, empty agenda. */
struct agenda {
    struct appointment *heap;
    size_t n, room;
};

/* False without memory. */
bool agenda_add(struct agenda *agenda, int64_t at, struct bot *bot);
/* When the first one's time comes; NEVER when there is none. */
int64_t agenda_next(const struct agenda *agenda);
/* Takes the first one out if its time has come, else NULL. */
struct bot *agenda_take(struct agenda *agenda, int64_t now);
void agenda_free(struct agenda *agenda);

#endif
