/* The desks of one turn: what begins it, what ends it. */
#include "server/arch/crew.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "common/clock.h"
#include "server/desk/turn.h"

void crew_init(struct crew *crew, struct scratch *scratch, struct counters *count)
{
    *crew = (struct crew){.scratch = scratch, .count = count, .deadline = NEVER};
    list_init(&crew->desks);
    list_init(&crew->busy);
}

void crew_add(struct crew *crew, struct desk *desk)
{
    desk->scratch = crew->scratch;
    desk->count = crew->count;
    desk->time = &crew->time;
    desk->runner = &crew->busy;
    desk->deadline = NEVER;
    list_append(&crew->desks, &desk->peer);
}

void crew_remove(struct crew *crew, struct desk *desk)
{
    (void)crew;
    list_remove(&desk->peer);
    list_remove(&desk->busy);
}

void crew_begin(struct crew *crew)
{
    crew->time.now = clock_now();
    crew->time.wall = clock_wall() / SECOND;
    for (struct list *link = crew->busy.next, *next; link != &crew->busy; link = next) {
        next = link->next;
        desk_again(list_entry(link, struct desk, busy));
    }
    crew->ticked = crew->time.now >= crew->deadline;
    if (!crew->ticked)
        return;
    for (struct list *link = crew->desks.next; link != &crew->desks; link = link->next) {
        struct desk *desk = list_entry(link, struct desk, peer);
        if (desk->deadline <= crew->time.now)
            list_append_once(&crew->busy, &desk->busy);
    }
}

static void finish_desk(struct desk *desk, struct list *wanting, struct list *gone)
{
    struct list *link;
    int64_t deadline = desk_finish(desk);
    desk->deadline = desk_restless(desk) ? NEVER : deadline; /* a restless one has its next turn anyway */
    while ((link = list_pop(&desk->changed)))
        list_append(desk_gone(list_entry(link, struct session, changed)) ? gone : wanting, link);
}

static void find_deadline(struct crew *crew)
{
    crew->deadline = NEVER;
    for (struct list *link = crew->desks.next; link != &crew->desks; link = link->next) {
        struct desk *desk = list_entry(link, struct desk, peer);
        if (desk->deadline < crew->deadline)
            crew->deadline = desk->deadline;
    }
}

static void count_turn(struct crew *crew, uint64_t batch)
{
    struct counters *count = crew->count;
    counter_add(&count->turns, 1);
    counter_add(&count->batch, batch);
    if (batch > counter_get(&count->batch_most))
        counter_set(&count->batch_most, batch);
    counter_add(&count->busy_time, (uint64_t)(clock_now() - crew->time.now));
}

void crew_finish(struct crew *crew, struct list *wanting, struct list *gone, uint64_t batch)
{
    struct list busy, *link;
    list_init(&busy);
    list_move_all(&busy, &crew->busy);
    while ((link = list_pop(&busy))) {
        struct desk *desk = list_entry(link, struct desk, busy);
        finish_desk(desk, wanting, gone);
        if (desk_restless(desk))
            list_append_once(&crew->busy, &desk->busy);
        if (desk->deadline < crew->deadline)
            crew->deadline = desk->deadline;
    }
    if (crew->ticked)
        find_deadline(crew);
    count_turn(crew, batch);
}

/* Mapped, not allocated: pages that are never needed are never there. */
struct scratch *crew_scratch_new(size_t own)
{
    /* cppcheck-suppress invalidFunctionArg */
    char *at = mmap(NULL, own + sizeof(struct scratch), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? NULL : (struct scratch *)(void *)(at + own);
}

void crew_scratch_free(struct scratch *scratch, size_t own)
{
    if (!scratch)
        return;
    tail_free(&scratch->window);
    free(scratch->file);
    munmap((char *)scratch - own, own + sizeof *scratch);
}
