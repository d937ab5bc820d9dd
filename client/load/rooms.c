/* The profiles rooms and slow: rooms full of members, some of whom send. In `slow` some of them stop reading while time
 * runs, and read all of it afterwards. */
#include "client/load/bot.h"
#include "client/load/profile.h"
#include "client/load/turns.h"

static void lobby(struct bot *bot, struct span list)
{
    (void)list;
    bot_join(bot, bot_room(bot, bot->room));
}

/* Who comes back may have something to send by now. */
static void chat(struct bot *bot)
{
    bot_make_due(bot);
    bot_watch(bot);
}

/* It is tried again from the beginning: the server may have come back without its chats. */
static void refused(struct bot *bot)
{
    bot_quit(bot);
}

static bool ready(const struct bot *bot)
{
    return bot->place == BOT_CHAT;
}

static bool rests(const struct bot *bot)
{
    return bot->place == BOT_CHAT && bot->seen == bot->said && turns_paid(bot);
}

#define IN_ROOMS                                                                                           \
    .rooms = true, .settles = true, .has_chats = true, .main = KIND_DELIVER, .lobby = lobby, .chat = chat, \
    .refused = refused, .echo = bot_make_due, .ready = ready, .begin = bot_say, .rests = rests

const struct profile profile_rooms = {
    .name = "rooms",
    .about = "rooms full of members, some of whom send, by a schedule or as fast as they are answered",
    IN_ROOMS,
};

const struct profile profile_slow = {
    .name = "slow",
    .about = "the same, and some members stop reading until the time is over",
    IN_ROOMS,
};
