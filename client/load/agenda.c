/* Who does something later: a heap by time. */
#include "client/load/agenda.h"

#include <stdlib.h>

#include "common/clock.h"

static void place(struct agenda *agenda, size_t at, struct appointment appointment)
{
    struct appointment *heap = agenda->heap;
    for (; at > 0 && heap[(at - 1) / 2].at > appointment.at; at = (at - 1) / 2)
        heap[at] = heap[(at - 1) / 2];
    heap[at] = appointment;
}

bool agenda_add(struct agenda *agenda, int64_t at, struct bot *bot)
{
    if (agenda->n == agenda->room) {
        size_t room = agenda->room ? 2 * agenda->room : 64;
        struct appointment *heap = realloc(agenda->heap, room * sizeof *heap);
        if (!heap)
            return false;
        agenda->heap = heap;
        agenda->room = room;
    }
    place(agenda, agenda->n++, (struct appointment){at, bot});
    return true;
}

int64_t agenda_next(const struct agenda *agenda)
{
    return agenda->n ? agenda->heap[0].at : NEVER;
}

struct bot *agenda_take(struct agenda *agenda, int64_t now)
{
    struct appointment *heap = agenda->heap;
    if (agenda_next(agenda) > now || agenda->n == 0)
        return NULL;
    struct bot *first = heap[0].bot;
    struct appointment last = heap[--agenda->n];
    size_t hole = 0, child;
    while ((child = 2 * hole + 1) < agenda->n) {
        if (child + 1 < agenda->n && heap[child + 1].at < heap[child].at)
            child++;
        if (heap[child].at >= last.at)
            break;
        heap[hole] = heap[child];
        hole = child;
    }
    if (agenda->n)
        heap[hole] = last;
    return first;
}

void agenda_free(struct agenda *agenda)
{
    free(agenda->heap);
    *agenda = (struct agenda){0};
}
