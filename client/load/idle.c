/* The profile idle: clients that have a name, and say nothing. */
#include "client/load/bot.h"
#include "client/load/profile.h"

static void lobby(struct bot *bot, struct span list)
{
    (void)list;
    if (bot->worker->seen_mode == MODE_RUN && !worker_wants(bot->worker, bot))
        bot_quit(bot);
}

static bool rests(const struct bot *bot)
{
    return bot->place == BOT_LOBBY;
}

const struct profile profile_idle = {
    .name = "idle",
    .about = "named connections that are held and say nothing",
    .settles = true,
    .main = KIND_NAME,
    .lobby = lobby,
    .rests = rests,
};
