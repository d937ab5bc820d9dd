/* What bots ask. Nothing is sent here: that happens once for all that a bot has to say, when a batch of events is over. */
#include <stdio.h>
#include <string.h>

#include "client/load/bot.h"
#include "client/load/events.h"
#include "client/load/random.h"
#include "common/clock.h"

void bot_make_due(struct bot *bot)
{
    if (bot->due)
        return;
    bot->due = true;
    bot->next_due = bot->worker->due;
    bot->worker->due = bot;
}

/* Room for a frame with so long a text, its header written; where the text goes. */
static char *put_header(struct bot *bot, int32_t request, size_t n)
{
    if (!buf_reserve(&bot->out, CLIENT_HEADER + n))
        worker_die("no memory");
    char *to = bot->out.at + bot->out.n;
    protocol_client_header(to, request, n);
    bot->out.n += (uint32_t)(CLIENT_HEADER + n);
    counter_add(&worker_tally(bot->worker, bot->worker->now)->counts[COUNT_REQUESTS], 1);
    bot_make_due(bot);
    return to + CLIENT_HEADER;
}

void bot_put(struct bot *bot, int32_t request, struct span text)
{
    char *to = put_header(bot, request, text.n);
    if (text.n)
        memcpy(to, text.at, text.n);
    if (bot->worker->config->events)
        events_wrote(bot, request, text);
}

void bot_await(struct bot *bot, enum place place)
{
    bot->place = place;
}

/* Its answer is waited for at this place; the time runs from now. */
static void ask(struct bot *bot, int32_t request, struct span text, enum place place)
{
    bot->asked_at = bot->worker->now;
    bot_put(bot, request, text);
    bot_await(bot, place);
}

void bot_new_name(struct bot *bot)
{
    snprintf(bot->name, sizeof bot->name, "Bot%016llx", (unsigned long long)random_next(&bot->random));
}

void bot_name(struct bot *bot)
{
    ask(bot, SET_NAME, span_of(bot->name), BOT_NAMING);
}

struct ledger *bot_ledger(struct bot *bot, struct span chat)
{
    struct ledger *ledger = book_ledger(&bot->worker->book, chat);
    if (!ledger)
        worker_die("no memory");
    return ledger;
}

struct ledger *bot_room(struct bot *bot, uint32_t number)
{
    const struct load_config *config = bot->worker->config;
    char name[64];
    load_chat_name(config, number % config->rooms, name);
    return bot_ledger(bot, span_of(name));
}

void bot_create(struct bot *bot, struct span chat)
{
    bot->chat = bot_ledger(bot, chat);
    ask(bot, CREATE_CHAT, chat, BOT_CREATING);
}

/* The chat is sent from its beginning on, whoever has been there before. */
void bot_head_for(struct bot *bot, struct ledger *chat)
{
    bot->chat = chat;
    bot->at = bot->gap_from = bot->gap_to = 0;
}

void bot_join(struct bot *bot, struct ledger *chat)
{
    bot_head_for(bot, chat);
    ask(bot, CONNECT_CHAT, ledger_name(chat), BOT_JOINING);
}

/* Whoever leaves is owed what is there when the server hears of it: at least what others have been sent by now, and what the
 * founder put there. */
static void note_owed(struct bot *bot)
{
    uint64_t history = bot->worker->profile->replays ? bot->worker->config->history : 0;
    bot->owed = bot->chat->n > history ? bot->chat->n : history;
}

void bot_leave(struct bot *bot)
{
    note_owed(bot);
    ask(bot, LEAVE_CHAT, (struct span){0}, BOT_LEAVING);
}

void bot_leave_ahead(struct bot *bot)
{
    note_owed(bot);
    bot_put(bot, LEAVE_CHAT, (struct span){0});
}

void bot_quit(struct bot *bot)
{
    ask(bot, DISCONNECT, (struct span){0}, BOT_QUITTING);
}

/* The first one of a connection has it take a voice. */
static uint32_t voice_of(struct bot *bot)
{
    if (!bot->voice) {
        bot->voice = atomic_fetch_add_explicit(&bot->worker->load->voices, 1, memory_order_relaxed);
        if (bot->voice >= MARK_VOICES)
            worker_die("more than 16 million connections have spoken in this run");
    }
    return bot->voice;
}

void bot_say(struct bot *bot, int64_t due)
{
    struct worker *worker = bot->worker;
    struct load *load = worker->load;
    uint32_t size = worker->config->size;
    struct mark mark = {voice_of(bot), bot->said++, mark_when(due - load->epoch, worker->now - due)};
    char *text = put_header(bot, SEND_MESSAGE, size);
    mark_put(text, &load->key, &mark);
    memset(text + MARK_BYTES, '.', size - MARK_BYTES);
    counter_add(&worker_tally(worker, due)->counts[COUNT_SENT], 1);
    counter_add(&worker_tally(worker, worker->now)->came[KIND_LAG], 1);
    if (worker->config->events)
        events_wrote(bot, SEND_MESSAGE, (struct span){text, size});
}
