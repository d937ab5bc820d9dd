/* A thread of bots.
 *
 * Threading: a worker's bots, sockets, ledgers and agenda are touched by its thread alone. The driver says what is to be
 * done by `order`, and hears by `finished` that it is. Until the next order the driver may read what the worker holds: nothing
 * is on its way then, though a server may still say what nobody asked for. Counts may be read at any time. */
#include "client/load/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "client/load/bot.h"
#include "client/load/events.h"
#include "client/load/modes.h"
#include "client/load/turns.h"
#include "common/clock.h"

#define BEAT_EVERY (5 * MILLISECOND)
#define IDLE_MOST (100 * MILLISECOND)

enum { EVENTS = 256 };

void worker_die(const char *what)
{
    fprintf(stderr, "conveyor-load: %s%s%s\n", what, errno ? ": " : "", errno ? strerror(errno) : "");
    _exit(1);
}

/* ---- Counting ---- */

struct tally *worker_tally_of(struct worker *worker, int64_t at)
{
    const struct schedule *schedule = &worker->schedule;
    int slot = schedule_slot(schedule, at);
    worker->tally = &worker->tallies[slot + 1];
    worker->tally_begin = slot < 0                  ? INT64_MIN
                          : slot < (int)schedule->n ? schedule->slots[slot].begin
                                                    : schedule_end(schedule);
    worker->tally_end = slot < 0                  ? (schedule->n ? schedule->slots[0].begin : INT64_MAX)
                        : slot < (int)schedule->n ? schedule->slots[slot].end
                                                  : INT64_MAX;
    return worker->tally;
}

void worker_error(struct worker *worker, enum error error)
{
    counter_add(&worker_tally(worker, worker->now)->errors[error], 1);
}

void worker_entering(struct worker *worker, struct bot *bot, bool entering)
{
    worker->entering += (uint32_t)entering - (uint32_t)bot->entering;
    bot->entering = entering;
}

void worker_present(struct worker *worker, struct bot *bot, bool present)
{
    uint32_t now = atomic_load_explicit(&worker->present, memory_order_relaxed);
    atomic_store_explicit(&worker->present, now + (uint32_t)present - (uint32_t)bot->present, memory_order_relaxed);
    bot->present = present;
    if (present)
        atomic_store_explicit(&worker->had_anybody, true, memory_order_relaxed);
}

/* ---- Who is there ---- */

bool worker_wants(const struct worker *worker, const struct bot *bot)
{
    return worker_goes_on(worker) && (uint32_t)(bot - worker->bots) < worker->target;
}

/* How many of so many clients are this worker's. */
static uint32_t share_of(const struct worker *worker, uint32_t clients)
{
    uint32_t threads = worker->config->threads, nth = (uint32_t)(worker - worker->load->workers);
    return (clients + threads - 1 - nth) / threads;
}

/* Those who have nothing begun and are too many go; those who are too few come, when others have arrived. */
static void set_target(struct worker *worker, uint32_t target)
{
    worker->target = target;
    for (uint32_t i = target; i < worker->started; i++)
        if (worker->bots[i].place == BOT_LOBBY)
            bot_quit(&worker->bots[i]);
    if (worker->started > target)
        worker->started = target;
}

static void let_in(struct worker *worker)
{
    while (worker_goes_on(worker) && worker->started < worker->target && worker->entering < WORKER_ENTERING) {
        struct bot *bot = &worker->bots[worker->started++];
        if (bot->place == BOT_AWAY && !bot->waits)
            bot_come(bot);
    }
}

static void call_back(struct worker *worker)
{
    if (!worker_goes_on(worker))
        return;
    for (struct bot *bot; (bot = agenda_take(&worker->agenda, worker->now));) {
        if (worker_wants(worker, bot))
            bot_connect(bot);
        else
            bot->waits = false;
    }
}

/* ---- The loop ---- */

/* All that were given since, in their order: this thread may have slept through some. */
static void take_orders(struct worker *worker)
{
    uint64_t rings;
    (void)!read(worker->bell, &rings, sizeof rings);
    unsigned order = atomic_load_explicit(&worker->order, memory_order_acquire);
    while (worker->seen < order) {
        worker->seen = order >= ORDER_QUIT && worker->seen < ORDER_QUIT ? ORDER_QUIT : worker->seen + 1;
        modes_enter(worker, order_mode(worker->seen));
    }
}

/* Time begins, or a phase that may want another number of clients. */
static void look_at_schedule(struct worker *worker)
{
    const struct schedule *schedule = &worker->schedule;
    int slot = schedule_slot(schedule, worker->now);
    worker->slot_end = slot < 0 ? schedule->slots[0].begin : NEVER;
    if (slot < 0 || slot == (int)schedule->n)
        return;
    worker->slot_end = schedule->slots[slot].end;
    if (slot == 0) /* making ready does not count */
        modes_begin_effort(worker);
    if (worker->profile->rooms)
        turns_open(worker);
    else if (turns_paced(worker))
        set_target(worker, worker->n);
    else
        set_target(worker, share_of(worker, (uint32_t)schedule->slots[slot].value));
}

static void flush_due(struct worker *worker)
{
    struct bot *list = worker->due;
    worker->due = NULL;
    for (struct bot *bot = list; bot; bot = list) {
        list = bot->next_due;
        bot->due = false;
        turns_catch_up(bot);
        bot_flush(bot);
        if (turns_more(bot))
            bot_make_due(bot);
    }
    if (worker->config->events)
        events_flush(worker);
}

/* When it must look whether the mode is over. While it runs that can't be before the schedule's end: a timer that is set for each
 * wait, and a short one, would cost more than what is waited for. */
static int64_t next_check(const struct worker *worker)
{
    if (worker_has_finished(worker, worker->seen))
        return NEVER;
    if (worker->seen_mode == MODE_RUN && worker->now < schedule_end(&worker->schedule))
        return schedule_end(&worker->schedule);
    return worker->checked + WORKER_CHECK;
}

static int64_t wait_until(const struct worker *worker)
{
    int64_t until = worker->now + IDLE_MOST;
    bool runs = worker->seen_mode == MODE_RUN;
    int64_t next[] = {worker_goes_on(worker) ? agenda_next(&worker->agenda) : NEVER,
                      turns_next(worker),
                      runs ? worker->slot_end : NEVER,
                      runs ? worker->next_beat : NEVER,
                      next_check(worker),
                      worker->due ? worker->now : NEVER};
    for (size_t i = 0; i < sizeof next / sizeof *next; i++)
        until = next[i] < until ? next[i] : until;
    return until;
}

/* How late the thread is with moments that were known beforehand: it is as late with whatever a server sends. */
static void beat(struct worker *worker)
{
    for (; worker->seen_mode == MODE_RUN && worker->next_beat <= worker->now; worker->next_beat += BEAT_EVERY)
        hist_add(&worker->beats, worker->now - worker->next_beat);
}

static void turn(struct worker *worker)
{
    struct epoll_event events[EVENTS];
    int64_t wait = wait_until(worker) - clock_now();
    struct timespec timeout = {.tv_sec = wait > 0 ? wait / SECOND : 0, .tv_nsec = wait > 0 ? wait % SECOND * 1000 : 0};
    int n = epoll_pwait2(worker->epoll, events, EVENTS, &timeout, NULL);
    if (n < 0 && errno != EINTR)
        worker_die("epoll_pwait2");
    worker->now = clock_now();
    for (int i = 0; i < n; i++) {
        if (events[i].data.ptr)
            bot_event(events[i].data.ptr, events[i].events);
        else
            take_orders(worker);
    }
    if (worker->seen_mode == MODE_RUN && worker->now >= worker->slot_end)
        look_at_schedule(worker);
    turns_take(worker);
    call_back(worker);
    let_in(worker);
    flush_due(worker);
    beat(worker);
    modes_check(worker);
}

void *worker_run(void *at)
{
    struct worker *worker = at;
    pthread_setname_np(pthread_self(), worker->name);
    if (turns_paced(worker))
        prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL); /* messages are due at exact times */
    worker->now = clock_now();
    modes_enter(worker, MODE_ENTER);
    if (worker->profile->settles && !worker->config->staged)
        worker->target = worker->n;
    while (worker->seen_mode != MODE_END)
        turn(worker);
    modes_finish(worker);
    return NULL;
}

void worker_order(struct worker *worker, unsigned order)
{
    atomic_store_explicit(&worker->order, order, memory_order_release);
    (void)!write(worker->bell, &(uint64_t){1}, sizeof(uint64_t));
}
