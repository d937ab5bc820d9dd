/* A thread of bots.
 *
 * Threading: a worker's bots, sockets, ledgers and agenda are touched by its thread alone. The driver says what is to be
 * done by `mode`, and hears by `finished` that it is; between the two, and whenever a mode is finished and the next one
 * not ordered, the driver may read what the worker holds. Counts may be read at any time. */
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
#include "client/load/turns.h"
#include "common/clock.h"

#define PATIENCE (10 * SECOND) /* without any progress for so long nothing more is waited for */
#define PATIENCE_IN_ALL (120 * SECOND)
#define GRACE SECOND            /* for messages that are due and the thread is late with */
#define CHECK_EVERY MILLISECOND /* whether a mode is finished: that means looking at every bot */
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
    tally_bump(&worker_tally(worker, worker->now)->errors[error], 1);
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

uint32_t worker_share(const struct worker *worker, uint32_t clients)
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
            bot_connect(bot);
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

/* ---- Modes ---- */

/* CPU time of this thread, and time in which it could have run but others did, in nanoseconds. */
static void read_effort(int64_t *ran, int64_t *waited)
{
    char text[128];
    int fd = open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof text - 1);
    char *end = text;
    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = '\0';
    *ran = strtoll(text, &end, 10);
    *waited = strtoll(end, NULL, 10);
}

static void note_effort(struct worker *worker)
{
    int64_t ran, waited;
    read_effort(&ran, &waited);
    atomic_store_explicit(&worker->ran, ran - worker->cpu_ran, memory_order_relaxed);
    atomic_store_explicit(&worker->waited, waited - worker->cpu_waited, memory_order_relaxed);
}

static void begin_run(struct worker *worker)
{
    for (size_t i = 1; i < worker->n_tallies; i++)
        tally_clear(&worker->tallies[i]);
    atomic_store_explicit(&worker->gave_up, false, memory_order_relaxed);
    worker->schedule = worker->load->schedule;
    worker->tally_end = INT64_MIN;
    worker->slot_end = INT64_MIN;
    read_effort(&worker->cpu_ran, &worker->cpu_waited);
    turns_begin(worker);
}

static void watch_slow_ones(struct worker *worker)
{
    for (uint32_t i = 0; worker->config->slow && i < worker->n; i++)
        if (worker->bots[i].slow)
            bot_watch(&worker->bots[i]);
}

static void say_goodbye(struct worker *worker)
{
    for (uint32_t i = 0; i < worker->n; i++) {
        struct bot *bot = &worker->bots[i];
        if (bot->place == BOT_AWAY || bot->place == BOT_CONNECTING)
            bot_close(bot);
        else if (bot->place < BOT_QUITTING)
            bot_quit(bot);
    }
}

static void enter_mode(struct worker *worker, int mode)
{
    worker->seen_mode = mode;
    worker->mode_since = worker->progress = worker->checked = worker->now;
    if (mode == MODE_RUN)
        begin_run(worker);
    if (mode == MODE_SETTLE) {
        note_effort(worker);
        schedule_cut(&worker->schedule, worker->now);
        worker->tally_end = INT64_MIN;
    }
    if (mode == MODE_RUN || mode == MODE_SETTLE)
        watch_slow_ones(worker);
    if (mode == MODE_QUIT)
        say_goodbye(worker);
}

static void finish(struct worker *worker)
{
    atomic_store_explicit(&worker->finished, worker->seen_mode, memory_order_release);
    (void)!write(worker->load->news, &(uint64_t){1}, sizeof(uint64_t));
}

static bool all_at_home(const struct worker *worker)
{
    enum place home = worker->profile->rooms ? BOT_CHAT : BOT_LOBBY;
    for (uint32_t i = 0; i < worker->target; i++)
        if (worker->bots[i].place != home)
            return false;
    return true;
}

static bool all_rest(const struct worker *worker)
{
    for (uint32_t i = 0; i < worker->n; i++)
        if (worker->bots[i].place != BOT_AWAY && !worker->profile->rests(&worker->bots[i]))
            return false;
    return true;
}

static bool has_all(const struct worker *worker, const struct bot *bot)
{
    return bot->place != BOT_CHAT ||
           bot->at >= atomic_load_explicit(&worker->load->ends[bot->room], memory_order_relaxed);
}

static bool all_have_all(const struct worker *worker)
{
    for (uint32_t i = 0; worker->profile->rooms && worker->config->verify && i < worker->n; i++)
        if (!has_all(worker, &worker->bots[i]))
            return false;
    return true;
}

static bool all_away(const struct worker *worker)
{
    for (uint32_t i = 0; i < worker->n; i++)
        if (worker->bots[i].place != BOT_AWAY)
            return false;
    return true;
}

/* All that this thread's members were sent, for those of other threads. */
static void publish_ends(const struct worker *worker)
{
    for (uint32_t i = 0; worker->profile->rooms && i < worker->n; i++) {
        const struct bot *bot = &worker->bots[i];
        _Atomic uint64_t *end = &worker->load->ends[bot->room];
        uint64_t known = atomic_load(end);
        while (bot->chat && bot->chat->n > known && !atomic_compare_exchange_weak(end, &known, bot->chat->n))
            ;
    }
}

static void count_missing(struct worker *worker)
{
    uint32_t missing = 0;
    for (uint32_t i = 0; i < worker->n; i++)
        missing += worker->bots[i].lost && worker->bots[i].place == BOT_AWAY;
    atomic_store_explicit(&worker->missing, missing, memory_order_relaxed);
}

static bool is_done(const struct worker *worker)
{
    switch (worker->seen_mode) {
    case MODE_ENTER:
        return all_at_home(worker);
    case MODE_RUN:
        return worker->now >= schedule_end(&worker->schedule) &&
               (turns_over(worker) || worker->now >= schedule_end(&worker->schedule) + GRACE);
    case MODE_SETTLE:
        return all_rest(worker);
    case MODE_DRAIN:
        return all_have_all(worker);
    case MODE_QUIT:
        return all_away(worker);
    default:
        return true;
    }
}

/* What has not come by now does not come any more. */
static void give_up(struct worker *worker)
{
    atomic_store_explicit(&worker->gave_up, true, memory_order_relaxed);
    for (uint32_t i = 0; i < worker->n; i++) {
        struct bot *bot = &worker->bots[i];
        if (worker->seen_mode == MODE_SETTLE && bot->place != BOT_AWAY && !worker->profile->rests(bot)) {
            worker_error(worker, ERROR_UNANSWERED);
            bot_check_echoes(bot);
        }
        if (worker->seen_mode == MODE_DRAIN && !has_all(worker, bot))
            bot_check_records(bot, atomic_load_explicit(&worker->load->ends[bot->room], memory_order_relaxed));
        if (worker->seen_mode == MODE_QUIT && bot->place != BOT_AWAY) {
            worker_error(worker, ERROR_UNANSWERED);
            bot_close(bot);
        }
    }
}

/* Others who talk in the same chats keep something coming for ever. */
static bool is_hopeless(const struct worker *worker)
{
    return worker->now > worker->progress + (worker->seen_mode == MODE_QUIT ? PATIENCE / 4 : PATIENCE) ||
           (worker->seen_mode != MODE_ENTER && worker->now > worker->mode_since + PATIENCE_IN_ALL);
}

static void check_mode(struct worker *worker)
{
    if (atomic_load_explicit(&worker->finished, memory_order_relaxed) == worker->seen_mode ||
        worker->now < worker->checked + CHECK_EVERY)
        return;
    worker->checked = worker->now;
    bool done = is_done(worker);
    if (!done && worker->seen_mode != MODE_RUN && is_hopeless(worker)) {
        give_up(worker);
        done = true;
    }
    if (done && worker->seen_mode == MODE_SETTLE) {
        turns_forget(worker);
        publish_ends(worker);
        count_missing(worker);
    }
    if (done)
        finish(worker);
}

/* ---- The loop ---- */

static void take_orders(struct worker *worker)
{
    uint64_t rings;
    (void)!read(worker->bell, &rings, sizeof rings);
    int mode = atomic_load_explicit(&worker->mode, memory_order_acquire);
    while (worker->seen_mode < mode || (worker->seen_mode > mode && mode == MODE_RUN))
        enter_mode(worker, worker->seen_mode > mode ? mode : worker->seen_mode + 1);
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
        read_effort(&worker->cpu_ran, &worker->cpu_waited);
    if (worker->profile->rooms)
        turns_open(worker);
    else
        set_target(worker, worker_share(worker, (uint32_t)schedule->slots[slot].value));
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
        if (bot_writes(bot) && bot->place == BOT_CHAT && !turns_paid(bot))
            bot_make_due(bot);
    }
    if (worker->config->events)
        events_flush(worker);
}

static int64_t wait_until(const struct worker *worker)
{
    int64_t until = worker->now + IDLE_MOST;
    bool finished = atomic_load_explicit(&worker->finished, memory_order_relaxed) == worker->seen_mode;
    int64_t next[] = {worker_goes_on(worker) ? agenda_next(&worker->agenda) : NEVER, turns_next(worker),
                      worker->seen_mode == MODE_RUN ? worker->slot_end : NEVER,
                      finished ? NEVER : worker->checked + CHECK_EVERY, worker->due ? worker->now : NEVER};
    for (size_t i = 0; i < sizeof next / sizeof *next; i++)
        until = next[i] < until ? next[i] : until;
    return until;
}

static void turn(struct worker *worker)
{
    struct epoll_event events[EVENTS];
    int64_t wait = wait_until(worker) - worker->now;
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
    check_mode(worker);
}

void *worker_run(void *at)
{
    struct worker *worker = at;
    pthread_setname_np(pthread_self(), worker->name);
    prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL); /* messages are due at exact times */
    worker->now = worker->progress = clock_now();
    if (worker->profile->settles && !worker->config->staged)
        worker->target = worker->n;
    while (worker->seen_mode != MODE_END)
        turn(worker);
    finish(worker);
    return NULL;
}

void worker_order(struct worker *worker, enum mode mode)
{
    atomic_store_explicit(&worker->mode, mode, memory_order_release);
    (void)!write(worker->bell, &(uint64_t){1}, sizeof(uint64_t));
}

bool worker_has_finished(const struct worker *worker, enum mode mode)
{
    return atomic_load_explicit(&worker->finished, memory_order_acquire) == (int)mode;
}
