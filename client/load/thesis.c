/* The profile thesis: what the bots of the thesis do.
 *
 * Outside chats a bot creates a chat now and then, and whenever there are few; otherwise it enters one of those listed.
 * There it sends without waiting for anything, and after each message leaves with a small probability; then it waits for the
 * list, past all that comes before it. All of that, or a creation, is one turn: it takes the next at once, or when it is due. */
#include <stdio.h>
#include <string.h>

#include "client/load/bot.h"
#include "client/load/profile.h"
#include "client/load/random.h"
#include "client/load/turns.h"

/* Messages of a burst and bytes: a probability of leaving near 0 would have it put them for ever. */
enum { BURST_MOST = 10000, BURST_BYTES = 16 * 1024 * 1024 };

static uint64_t count_lines(const struct buf *list)
{
    uint64_t lines = 0;
    const char *at = list->at, *end = list->at + list->n;
    while (at < end && (at = memchr(at, '\n', (size_t)(end - at)))) {
        lines++;
        at++;
    }
    return lines;
}

static struct span line_at(const struct buf *list, uint64_t number)
{
    const char *at = list->at, *end = list->at + list->n;
    while (number--)
        at = (const char *)memchr(at, '\n', (size_t)(end - at)) + 1;
    return (struct span){at, (size_t)((const char *)memchr(at, '\n', (size_t)(end - at)) - at)};
}

static void keep_list(struct bot *bot, struct span list)
{
    bot->list.n = 0;
    if (!buf_append(&bot->list, list.at, list.n))
        worker_die("no memory");
}

static void create(struct bot *bot)
{
    char name[32];
    snprintf(name, sizeof name, "Chat%016llx", (unsigned long long)random_next(&bot->random));
    bot_create(bot, span_of(name));
}

static void enter(struct bot *bot, uint64_t chats)
{
    bot_join(bot, bot_ledger(bot, line_at(&bot->list, random_below(&bot->random, chats))));
}

static void take_turn(struct bot *bot)
{
    const struct load_config *config = bot->worker->config;
    uint64_t chats = count_lines(&bot->list);
    if (chats == 0 || chats < config->least_chats || random_chance(&bot->random, config->create_chance))
        create(bot);
    else
        enter(bot, chats);
}

static bool ready(const struct bot *bot)
{
    return bot->place == BOT_LOBBY;
}

/* Its first request was due then; what follows, when that is answered. */
static void begin(struct bot *bot, int64_t due)
{
    take_turn(bot);
    bot->asked_at = due;
}

/* What next, outside chats. */
static void go_on(struct bot *bot)
{
    if (turns_paced(bot->worker))
        turns_ready(bot);
    else if (worker_wants(bot->worker, bot))
        take_turn(bot);
    else if (bot->worker->seen_mode == MODE_RUN)
        bot_quit(bot);
}

static void lobby(struct bot *bot, struct span list)
{
    keep_list(bot, list);
    go_on(bot);
}

static void chat(struct bot *bot)
{
    const struct worker *worker = bot->worker;
    bool goes_on = worker_goes_on(worker) || turns_paced(worker); /* what was due is done, late as it may be */
    for (int i = 0; i < BURST_MOST && bot->out.n < BURST_BYTES && goes_on; i++) {
        if (random_chance(&bot->random, worker->config->leave_chance))
            break;
        bot_say(bot, worker->now);
    }
    bot_leave(bot);
}

const struct profile profile_thesis = {
    .name = "thesis",
    .about = "the thesis's bots: wander between chats, send in bursts, until they are stopped",
    .endless = true,
    .main = KIND_SEND,
    .lobby = lobby,
    .list = keep_list,
    .chat = chat,
    .refused = go_on,
    .ready = ready,
    .begin = begin,
    .rests = ready,
};
