/* Framed records in memory, found by their place in the file. */
#include "server/chat/tail.h"

#include <stdlib.h>

bool tail_grow(struct tail *tail)
{
    uint32_t room = tail->room ? 2 * tail->room : 16;
    struct tail_mark *marks = realloc(tail->marks, room * sizeof *marks);
    if (!marks)
        return false;
    tail->marks = marks;
    tail->room = room;
    return true;
}

void tail_clear(struct tail *tail)
{
    tail->n = 0;
    tail->frames.n = 0;
}

/* The last record that begins at or before `file`; the tail must cover it. */
static uint32_t find(const struct tail *tail, uint64_t file)
{
    uint32_t low = 0, high = tail->n;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (tail->marks[middle].file <= file)
            low = middle;
        else
            high = middle;
    }
    return low;
}

/* Drops the first n records. */
static void drop(struct tail *tail, uint32_t n)
{
    if (n == 0)
        return;
    if (n >= tail->n) {
        tail_clear(tail);
        return;
    }
    uint32_t gone = tail->marks[n].frame;
    buf_drop(&tail->frames, gone);
    tail->n -= n;
    memmove(tail->marks, tail->marks + n, tail->n * sizeof *tail->marks);
    for (uint32_t i = 0; i < tail->n; i++)
        tail->marks[i].frame -= gone;
}

void tail_shrink(struct tail *tail, uint32_t most)
{
    uint32_t n = 0;
    while (n < tail->n && tail->frames.n - tail->marks[n].frame > most)
        n++;
    drop(tail, n);
}

void tail_cut(struct tail *tail, uint64_t file)
{
    if (tail->n == 0 || file >= tail->end)
        return;
    if (file <= tail->marks[0].file) {
        tail_clear(tail);
        return;
    }
    uint32_t at = find(tail, file);
    tail->frames.n = tail->marks[at].frame;
    tail->n = at;
    tail->end = file;
}

void tail_free(struct tail *tail)
{
    buf_free(&tail->frames);
    free(tail->marks);
    *tail = (struct tail){0};
}

struct span tail_from(const struct tail *tail, struct position position, uint64_t limit)
{
    uint32_t from = tail->marks[find(tail, position.record)].frame + position.skip;
    uint32_t to = limit >= tail->end ? tail->frames.n : tail->marks[find(tail, limit)].frame;
    return (struct span){tail->frames.at + from, to - from};
}

struct position tail_advance(const struct tail *tail, struct position position, size_t n)
{
    uint32_t at = find(tail, position.record);
    uint64_t frame = tail->marks[at].frame + position.skip + n;
    if (frame >= tail->frames.n)
        return (struct position){.record = tail->end};
    uint32_t low = at, high = tail->n;
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (tail->marks[middle].frame <= frame)
            low = middle;
        else
            high = middle;
    }
    return (struct position){.record = tail->marks[low].file, .skip = (uint32_t)(frame - tail->marks[low].frame)};
}
