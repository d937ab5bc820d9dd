/* Who sends when.
 *
 * With a schedule, turn k of the run belongs to the sender whose seat is k modulo their number, and to the moment
 * schedule_due(k). A sender that can't take its turn, because the server takes nothing more from it or is gone, or because
 * its last visit is not over, owes it and all that follow, and takes them when it can, with the times at which they were due. */
#include "client/load/turns.h"

#include "client/load/bot.h"
#include "common/clock.h"

enum { BURST_BYTES = 64 * 1024 /* put at once: no more than a socket is likely to take */ };

bool turns_paced(const struct worker *worker)
{
    return load_paced(worker->config);
}

/* The number of the message at a turn of the worker: its senders have some of all seats, in order. */
static uint64_t number_at(const struct worker *worker, uint64_t turn)
{
    return turn / worker->n_senders * worker->load->n_senders + worker->senders[turn % worker->n_senders]->seat;
}

int64_t turns_next(const struct worker *worker)
{
    if (!turns_paced(worker) || worker->seen_mode != MODE_RUN || worker->n_senders == 0)
        return NEVER;
    return schedule_due(&worker->schedule, number_at(worker, worker->turn));
}

bool turns_over(const struct worker *worker)
{
    return turns_next(worker) == NEVER;
}

void turns_begin(struct worker *worker)
{
    worker->turn = 0;
    for (uint32_t i = 0; i < worker->n_senders; i++)
        worker->senders[i]->next = worker->senders[i]->seat;
}

/* In a closed loop a room's senders begin one behind the other: what is delivered together stays together from then on, and a
 * start in turn, one of each room, would have a server deliver by twos and threes for as long as it lasts. */
void turns_open(struct worker *worker)
{
    for (uint32_t i = 0; !turns_paced(worker) && i < worker->n; i++)
        if (worker->bots[i].sends)
            bot_make_due(&worker->bots[i]);
}

void turns_ready(struct bot *bot)
{
    bot->free_since = bot->worker->now;
    bot_make_due(bot);
}

void turns_take(struct worker *worker)
{
    while (turns_next(worker) <= worker->now)
        bot_make_due(worker->senders[worker->turn++ % worker->n_senders]);
}

/* Every message of its own before the turn that comes next is due. */
static bool owes(const struct bot *bot)
{
    const struct worker *worker = bot->worker;
    uint64_t rounds = worker->turn / worker->n_senders;
    uint64_t round = bot->next / worker->load->n_senders;
    if (round < rounds)
        return true;
    return round == rounds && bot->turn < worker->turn % worker->n_senders;
}

bool turns_paid(const struct bot *bot)
{
    return !bot->sends || !turns_paced(bot->worker) || !owes(bot);
}

/* The generator's own part of a delay: from when the message was due and the server would have taken it. */
static void note_lag(const struct bot *bot, int64_t due)
{
    struct worker *worker = bot->worker;
    hist_add(&worker_tally(worker, due)->times[KIND_LAG],
             worker->now - (due > bot->free_since ? due : bot->free_since));
}

static void pay(struct bot *bot)
{
    int64_t due = schedule_due(&bot->worker->schedule, bot->next);
    note_lag(bot, due);
    bot->worker->profile->begin(bot, due);
    bot->next += bot->worker->load->n_senders;
}

/* It is its turn, or it has been answered in a closed loop, while time runs. */
static bool may_say(const struct bot *bot)
{
    const struct worker *worker = bot->worker;
    if (turns_paced(worker))
        return (worker->seen_mode == MODE_RUN || worker->seen_mode == MODE_SETTLE) && owes(bot);
    int slot = schedule_slot(&worker->schedule, worker->now);
    return worker->seen_mode == MODE_RUN && slot >= 0 && slot < (int)worker->schedule.n &&
           bot->said - bot->seen < worker->config->window;
}

static bool is_ready(const struct bot *bot)
{
    return bot->worker->profile->ready(bot);
}

bool turns_more(const struct bot *bot)
{
    return bot->sends && is_ready(bot) && bot_writes(bot) && may_say(bot);
}

void turns_catch_up(struct bot *bot)
{
    if (!turns_more(bot))
        return;
    do {
        if (turns_paced(bot->worker))
            pay(bot);
        else
            bot_say(bot, bot->worker->now);
    } while (bot->out.n < BURST_BYTES && is_ready(bot) && may_say(bot));
}

/* What its sender could have sent was not sent for want of time: that is the generator's lag as well. */
static uint64_t forget(struct bot *bot)
{
    uint64_t unsent = 0;
    for (int64_t due; (due = schedule_due(&bot->worker->schedule, bot->next)) != NEVER; unsent++) {
        if (is_ready(bot) && bot_writes(bot))
            note_lag(bot, due);
        bot->next += bot->worker->load->n_senders;
    }
    return unsent;
}

void turns_forget(struct worker *worker)
{
    uint64_t unsent = 0;
    for (uint32_t i = 0; turns_paced(worker) && i < worker->n_senders; i++)
        unsent += forget(worker->senders[i]);
    if (unsent)
        counter_add(&worker_tally(worker, worker->now)->errors[ERROR_UNSENT], unsent);
}
