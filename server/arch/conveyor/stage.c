/* A turn of a stage, on one page: wait; take arrivals; events; finish; carry on.
 *
 * Threads: everything here runs in the stage's own thread, but stage_open, stage_edge and stage_begin (before it) and
 * stage_collect and stage_close (after it). There is no lock: what crosses between stages rides belts. */
#include "server/arch/conveyor/stage.h"

#include <errno.h>
#include <stdlib.h>

#include "common/clock.h"
#include "server/arch/conveyor/line.h"
#include "server/chat/owner.h"
#include "server/desk/turn.h"
#include "server/teeth.h"

enum { STACK = 512 * 1024 };

#define RETRY (10 * MILLISECOND)

int stage_open(struct stage *stage, struct line *line, const struct stage_ops *ops, const char *name,
               struct counters *count)
{
    *stage = (struct stage){.ops = ops, .name = name, .line = line, .until = NEVER};
    list_init(&stage->gone);
    list_init(&stage->pending);
    if (!belt_open(&stage->in))
        return errno;
    int error = shift_open(&stage->shift, count) ? 0 : errno;
    if (error) {
        belt_close(&stage->in);
        return error;
    }
    error = shift_watch(&stage->shift, stage->in.take, EPOLLIN, SOURCE_BELT, NULL);
    if (!error)
        error = shift_watch(&stage->shift, line->stop, EPOLLIN, SOURCE_STOP, NULL);
    if (!error)
        error = shift_watch(&stage->shift, line->end, EPOLLIN, SOURCE_END, NULL);
    if (error)
        stage_close(stage);
    return error;
}

struct outlet *stage_edge(struct stage *stage, const struct stage *to)
{
    struct outlet *outlet = &stage->outlets[stage->n_outlets++];
    outlet_open(outlet, to->in.put);
    return outlet;
}

void stage_close(struct stage *stage)
{
    shift_close(&stage->shift);
    belt_close(&stage->in);
}

static void take_client(struct stage *stage, struct session *session)
{
    struct counters *count = stage->shift.crew.count;
    owner_take(session);
    int64_t rode = stage->shift.crew.time.now - session->sent_at;
    counter_add(&count->belt_time, rode > 0 ? (uint64_t)rode : 0);
    stage->taken++;
    stage->ops->take(stage, session);
}

static void take_item(struct stage *stage, const struct belt_item *item)
{
    if (item->kind == BELT_CLIENT)
        take_client(stage, (struct session *)(uintptr_t)item->word);
    else if (stage->ops->word)
        stage->ops->word(stage, item);
    else
        abort(); /* a word nobody here understands: our own mistake */
}

/* Takes at most ARRIVALS_MAX records, so that arrivals can't keep events waiting. How many. */
static int take_belt(struct stage *stage)
{
    const int most = BELT_BATCH, all = ARRIVALS_MAX;
    struct belt_item items[BELT_BATCH];
    int taken = 0, n;
    do {
        n = belt_take(&stage->in, items, all < most ? all : most);
        for (int i = 0; i < n; i++)
            take_item(stage, &items[i]);
        taken += n > 0 ? n : 0;
    } while (n == most && taken < all);
    if (n < 0) { /* the order to stop: nobody will send any more */
        shift_unwatch(&stage->shift, stage->in.take);
        stage->over = true;
    }
    return taken;
}

static void drain(struct stage *stage)
{
    shift_unwatch(&stage->shift, stage->line->stop);
    stage->ops->drain(stage);
}

/* There is room on a belt again: the flush at the end of the turn uses it. */
static void disarm(struct stage *stage, struct outlet *outlet)
{
    shift_unwatch(&stage->shift, outlet->put);
    outlet->armed = false;
    list_append_once(&stage->pending, &outlet->pending);
}

/* One event; how many records it brought. */
static int handle(struct stage *stage, const struct epoll_event *event)
{
    switch (shift_source(event)) {
    case SOURCE_SESSION:
        shift_session(event);
        return 1;
    case SOURCE_BELT:
        return take_belt(stage);
    case SOURCE_OUTLET:
        disarm(stage, shift_what(event));
        return 0;
    case SOURCE_STOP:
        drain(stage);
        return 0;
    case SOURCE_END:
        stage->ending = true;
        return 0;
    case SOURCE_LISTENER:
        stage->ops->source(stage, event);
        return 1;
    case SOURCE_MASK:
        break;
    }
    abort();
}

static void send_on(struct stage *stage, struct outlet *outlet, struct session *session)
{
    shift_forget(&stage->shift, session);
    outlet_put(outlet, session);
    counter_add(&stage->shift.crew.count->departures, 1);
    list_append_once(&stage->pending, &outlet->pending);
}

void stage_say(struct stage *stage, struct outlet *outlet, struct belt_item word)
{
    outlet_say(outlet, word);
    list_append_once(&stage->pending, &outlet->pending);
}

/* A full belt is watched for room, and only as long as it is full. */
static void flush_outlets(struct stage *stage)
{
    struct list pending, *link;
    list_init(&pending);
    list_move_all(&pending, &stage->pending);
    while ((link = list_pop(&pending))) {
        struct outlet *outlet = list_entry(link, struct outlet, pending);
        if (outlet->armed || outlet_flush(outlet, stage->shift.crew.time.now) || WITHOUT_WATCHING_FULL_BELTS)
            continue;
        outlet->armed = shift_watch(&stage->shift, outlet->put, EPOLLOUT, SOURCE_OUTLET, outlet) == 0;
        if (!outlet->armed) { /* no memory to watch it: look again soon */
            list_append(&stage->pending, &outlet->pending);
            stage->until = stage->shift.crew.time.now + RETRY;
        }
    }
}

/* Everybody who goes leaves the epoll set first, then rides; from the write on the next stage has the session. */
static void carry_on(struct stage *stage)
{
    struct list *link;
    while ((link = list_pop(&stage->gone))) {
        struct session *session = list_entry(link, struct session, changed);
        send_on(stage, stage->ops->outlet(stage, session), session);
    }
    flush_outlets(stage);
}

static void turn(struct stage *stage)
{
    int n = shift_wait(&stage->shift, stage->until);
    int batch = 0;
    for (int i = 0; i < n; i++) {
        batch += handle(stage, &stage->shift.events[i]);
        if (WITHOUT_DEFERRED_HANDOVER) {
            shift_finish(&stage->shift, &stage->gone, 0);
            carry_on(stage);
        }
    }
    shift_finish(&stage->shift, &stage->gone, (uint64_t)batch);
    stage->until = NEVER;
    if (stage->ops->after)
        stage->ops->after(stage);
    carry_on(stage);
}

static bool idle(const struct stage *stage)
{
    for (int i = 0; i < stage->n_outlets; i++)
        if (!outlet_idle(&stage->outlets[i]))
            return false;
    return true;
}

static void *run(void *argument)
{
    struct stage *stage = argument;
    while (!stage->ending && !(stage->over && idle(stage)))
        turn(stage);
    if (stage->over && !stage->ending) {
        stage->ops->last(stage);
        flush_outlets(stage);
        while (!stage->ending && !idle(stage))
            turn(stage);
    }
    return NULL;
}

int stage_begin(struct stage *stage)
{
    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK);
    int error = pthread_create(&stage->thread, &attributes, run, stage);
    pthread_attr_destroy(&attributes);
    if (!error)
        pthread_setname_np(stage->thread, stage->name);
    return error;
}

static void collect_belt(struct stage *stage, struct list *left)
{
    struct belt_item items[BELT_BATCH];
    int n;
    while ((n = belt_take(&stage->in, items, BELT_BATCH)) > 0)
        for (int i = 0; i < n; i++)
            if (items[i].kind == BELT_CLIENT)
                list_append(left, &((struct session *)(uintptr_t)items[i].word)->changed);
}

static void collect_desk(struct desk *desk, struct list *left)
{
    while (desk->n > 0) {
        struct session *session = desk->people[desk->n - 1];
        owner_inherit(session);
        desk_unseat(desk, session);
        list_remove(&session->changed);
        list_remove(&session->again);
        list_remove(&session->hungry);
        list_remove(&session->timer);
        list_append(left, &session->changed);
    }
}

void stage_collect(struct stage *stage, struct list *left)
{
    for (struct list *link = stage->shift.crew.desks.next; link != &stage->shift.crew.desks; link = link->next)
        collect_desk(list_entry(link, struct desk, peer), left);
    list_move_all(left, &stage->gone);
    for (int i = 0; i < stage->n_outlets; i++)
        list_move_all(left, &stage->outlets[i].waiting);
    collect_belt(stage, left);
}
