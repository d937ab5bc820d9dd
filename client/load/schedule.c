/* When things are due. */
#include "client/load/schedule.h"

#include "common/clock.h"

void schedule_make(struct schedule *schedule, const struct load_phase *phases, size_t n, int64_t begin, bool paced)
{
    uint64_t first = 0;
    schedule->n = n;
    for (size_t i = 0; i < n; i++) {
        double seconds = (double)phases[i].length / SECOND;
        uint64_t messages = paced ? (uint64_t)(seconds * phases[i].value + 0.5) : 0;
        schedule->slots[i] = (struct slot){begin, begin + phases[i].length, phases[i].value, first, messages};
        begin += phases[i].length;
        first += messages;
    }
}

static int64_t due_in(const struct slot *slot, uint64_t number)
{
    return slot->begin + (int64_t)((double)number * (double)SECOND / slot->value);
}

int64_t schedule_due(const struct schedule *schedule, uint64_t number)
{
    for (const struct slot *slot = schedule->slots; slot < schedule->slots + schedule->n; slot++)
        if (number < slot->first + slot->n)
            return due_in(slot, number - slot->first);
    return NEVER;
}

int schedule_slot(const struct schedule *schedule, int64_t at)
{
    int i = 0;
    if (schedule->n == 0 || at < schedule->slots[0].begin)
        return -1;
    while (i < (int)schedule->n && at >= schedule->slots[i].end)
        i++;
    return i;
}

/* How many of its messages are due at that moment, to the last one that schedule_due calls due then. */
static uint64_t due_by(const struct slot *slot, int64_t at)
{
    double about = slot->n ? (double)(at - slot->begin) * slot->value / (double)SECOND : 0;
    uint64_t n = about < (double)slot->n ? (uint64_t)about : slot->n;
    while (n > 0 && due_in(slot, n - 1) > at)
        n--;
    while (n < slot->n && due_in(slot, n) <= at)
        n++;
    return n;
}

void schedule_cut(struct schedule *schedule, int64_t at)
{
    uint64_t first = 0;
    for (struct slot *slot = schedule->slots; slot < schedule->slots + schedule->n; slot++) {
        if (slot->begin > at) {
            slot->begin = slot->end = at;
            slot->n = 0;
        } else if (slot->end > at) {
            slot->n = due_by(slot, at);
            slot->end = at;
        }
        slot->first = first;
        first += slot->n;
    }
}

int64_t schedule_begin(const struct schedule *schedule)
{
    return schedule->n ? schedule->slots[0].begin : 0;
}

int64_t schedule_end(const struct schedule *schedule)
{
    return schedule->n ? schedule->slots[schedule->n - 1].end : 0;
}
