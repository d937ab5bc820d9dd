/* The profile churn: connect, take a name, enter a chat, leave it, say goodbye, and again under the same name, which must be
 * free by then: at once, or at its next turn. */
#include "client/load/bot.h"
#include "client/load/profile.h"

enum { ENTERS, LEAVES };

static struct ledger *own_chat(struct bot *bot)
{
    return bot_room(bot, bot->id);
}

/* With --ahead all requests of the visit leave together, and the answers are taken as they come. */
static void connected(struct bot *bot)
{
    bot->step = ENTERS;
    bot_name(bot);
    if (!bot->worker->config->ahead)
        return;
    bot_head_for(bot, own_chat(bot));
    bot_put(bot, CONNECT_CHAT, ledger_name(bot->chat));
    bot_leave_ahead(bot);
    bot_put(bot, DISCONNECT, (struct span){0});
}

static void lobby(struct bot *bot, struct span list)
{
    (void)list;
    bool ahead = bot->worker->config->ahead;
    if (bot->step == ENTERS && ahead) {
        bot_head_for(bot, own_chat(bot));
        bot_await(bot, BOT_JOINING);
    } else if (bot->step == ENTERS) {
        bot_join(bot, own_chat(bot));
    } else if (ahead) {
        bot_await(bot, BOT_QUITTING);
    } else {
        bot_quit(bot);
    }
}

static void chat(struct bot *bot)
{
    bot->step = LEAVES;
    if (bot->worker->config->ahead)
        bot_await(bot, BOT_LEAVING);
    else
        bot_leave(bot);
}

static void refused(struct bot *bot)
{
    if (bot->worker->config->ahead)
        bot_await(bot, BOT_QUITTING);
    else
        bot_quit(bot);
}

static bool ready(const struct bot *bot)
{
    return bot->place == BOT_AWAY && !bot->waits;
}

static void begin(struct bot *bot, int64_t due)
{
    bot_connect(bot);
    bot->began = due;
}

static bool rests(const struct bot *bot)
{
    return bot->place == BOT_AWAY;
}

const struct profile profile_churn = {
    .name = "churn",
    .about = "whole visits: connect, name, join, leave, quit, again and again",
    .has_chats = true,
    .main = KIND_VISIT,
    .lobby = lobby,
    .chat = chat,
    .refused = refused,
    .connected = connected,
    .visits = true,
    .ready = ready,
    .begin = begin,
    .rests = rests,
};
