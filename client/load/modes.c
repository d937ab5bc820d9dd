/* What a worker does between one order of the driver's and the next: how each mode begins, and when it is over. */
#include "client/load/modes.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "client/load/bot.h"
#include "client/load/turns.h"
#include "common/clock.h"

#define PATIENCE (10 * SECOND) /* without any progress for so long nothing more is waited for */
enum { PATIENCE_IN_ALL = 12 /* times as long */ };
#define STOOD_STILL SECOND /* a thread that does not look for so long has not been waiting, but was stopped */
#define GRACE SECOND       /* for messages that are due and the thread is late with */

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

void modes_begin_effort(struct worker *worker)
{
    read_effort(&worker->cpu_ran, &worker->cpu_waited);
}

static void begin_run(struct worker *worker)
{
    for (size_t i = 1; i < worker->n_tallies; i++)
        tally_clear(&worker->tallies[i]);
    if (worker->profile->rooms)
        worker->started = 0; /* whoever went while nobody was to come is let in again */
    worker->schedule = worker->load->schedule;
    worker->tally_end = INT64_MIN;
    worker->slot_end = INT64_MIN;
    hist_clear(&worker->beats);
    worker->next_beat = turns_paced(worker) ? schedule_begin(&worker->schedule) : NEVER;
    modes_begin_effort(worker);
    turns_begin(worker);
}

static void watch_slow_ones(struct worker *worker)
{
    for (uint32_t i = 0; worker->config->slow && i < worker->n; i++)
        if (worker->bots[i].slow)
            bot_watch(&worker->bots[i]);
}

/* Who has not come in yet does not come any more. */
static void say_goodbye(struct worker *worker)
{
    for (uint32_t i = 0; i < worker->n; i++) {
        struct bot *bot = &worker->bots[i];
        if (bot->place < BOT_LOBBY)
            bot_close(bot);
        else if (bot->place < BOT_QUITTING)
            bot_quit(bot);
    }
}

/* Turns that have come by now are still taken: what was due is sent. */
void modes_enter(struct worker *worker, enum mode mode)
{
    bool gave_up = atomic_load_explicit(&worker->gave_up, memory_order_relaxed) || worker->seen_mode == MODE_ENTER;
    if (mode == MODE_SETTLE)
        turns_take(worker);
    worker->seen_mode = mode;
    worker->mode_since = worker->progress = worker->checked = worker->now;
    worker->patience = gave_up && (mode == MODE_DRAIN || mode == MODE_QUIT) ? PATIENCE / 4 : PATIENCE; /* not again */
    if (mode == MODE_RUN || mode == MODE_QUIT)
        atomic_store_explicit(&worker->gave_up, false, memory_order_relaxed);
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

void modes_finish(struct worker *worker)
{
    atomic_store_explicit(&worker->finished, worker->seen + 1, memory_order_release);
    (void)!write(worker->load->news, &(uint64_t){1}, sizeof(uint64_t));
}

/* Progress is that there are more than ever: who comes and is sent away again and again is none. */
static bool all_at_home(struct worker *worker)
{
    enum place home = worker->profile->rooms ? BOT_CHAT : BOT_LOBBY;
    uint32_t n = 0;
    for (uint32_t i = 0; i < worker->target; i++)
        n += worker->bots[i].place == home;
    if (n > worker->at_home)
        worker->progress = worker->now;
    worker->at_home = n > worker->at_home ? n : worker->at_home;
    atomic_store_explicit(&worker->missing, worker->target - n, memory_order_relaxed);
    return n == worker->target;
}

static bool all_rest(const struct worker *worker)
{
    for (uint32_t i = 0; i < worker->n; i++) {
        const struct bot *bot = &worker->bots[i];
        if ((bot->place != BOT_AWAY && !worker->profile->rests(bot)) || turns_more(bot))
            return false;
    }
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

/* Those who are to be here and wait to try again, but for visitors who came when it was full: then others were here; and who is not
 * here because that is how a visit ends. */
static void count_missing(struct worker *worker)
{
    uint32_t missing = 0, parted = 0;
    for (uint32_t i = 0; i < worker->target; i++) {
        const struct bot *bot = &worker->bots[i];
        missing += bot->waits && !(worker->profile->visits && bot->lost_by == ERROR_FULL);
    }
    for (uint32_t i = 0; worker->profile->visits && i < worker->started; i++)
        parted += worker->bots[i].place == BOT_AWAY && !worker->bots[i].waits;
    atomic_store_explicit(&worker->missing, missing, memory_order_relaxed);
    atomic_store_explicit(&worker->parted, parted, memory_order_relaxed);
}

static bool is_done(struct worker *worker)
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

static bool is_silent(const struct worker *worker)
{
    return worker->now - worker->progress > worker->patience;
}

/* What has not come by now does not come any more; but as long as something comes, nobody knows that it is lost. */
static void give_up(struct worker *worker)
{
    bool lost = is_silent(worker);
    atomic_store_explicit(&worker->gave_up, true, memory_order_relaxed);
    for (uint32_t i = 0; i < worker->n; i++) {
        struct bot *bot = &worker->bots[i];
        if (worker->seen_mode == MODE_SETTLE && bot->place != BOT_AWAY && !worker->profile->rests(bot)) {
            worker_error(worker, ERROR_UNANSWERED);
            if (lost)
                bot_check_echoes(bot);
        }
        bool hungry = worker->seen_mode == MODE_DRAIN && !has_all(worker, bot);
        if (hungry && !lost)
            worker_error(worker, ERROR_UNANSWERED);
        else if (hungry)
            bot_check_records(bot, atomic_load_explicit(&worker->load->ends[bot->room], memory_order_relaxed));
        if (worker->seen_mode == MODE_QUIT && bot->place != BOT_AWAY) {
            worker_error(worker, ERROR_UNANSWERED);
            bot_close(bot);
        }
    }
}

/* Something may come for ever: from others who talk in the same chats, or from a server that has lost its wits. */
static bool is_hopeless(const struct worker *worker)
{
    bool too_long = worker->now - worker->mode_since > PATIENCE_IN_ALL * worker->patience;
    return is_silent(worker) || (too_long && worker->seen_mode != MODE_ENTER);
}

void modes_check(struct worker *worker)
{
    if (worker_has_finished(worker, worker->seen) || worker->now < worker->checked + WORKER_CHECK)
        return;
    if (worker->now > worker->checked + STOOD_STILL)
        worker->progress = worker->now; /* what came meanwhile has not been looked at */
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
        modes_finish(worker);
}
