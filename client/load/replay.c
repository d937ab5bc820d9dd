/* The profile replay: enter a chat with a long history, read all of it, leave, enter the next.
 *
 * The leave is asked for together with the entry: who leaves is owed what was there at that moment, so the list that
 * answers it is the end of the history, however long that is. */
#include "client/load/bot.h"
#include "client/load/profile.h"

static void enter(struct bot *bot)
{
    bot_join(bot, bot_room(bot, bot->id + bot->step++));
    bot->replay_at = bot->asked_at;
    bot_leave_ahead(bot);
}

static void lobby(struct bot *bot, struct span list)
{
    (void)list;
    struct worker *worker = bot->worker;
    if (bot->replay_at)
        worker_time(worker, KIND_REPLAY, bot->replay_at);
    bot->replay_at = 0;
    if (worker_wants(worker, bot))
        enter(bot);
    else if (worker->seen_mode == MODE_RUN)
        bot_quit(bot);
}

static void chat(struct bot *bot)
{
    bot_await(bot, BOT_LEAVING);
}

/* The leave behind it is refused as well. */
static void refused(struct bot *bot)
{
    bot_quit(bot);
}

static bool rests(const struct bot *bot)
{
    return bot->place == BOT_LOBBY;
}

const struct profile profile_replay = {
    .name = "replay",
    .about = "enter chats with a long history, read all of it, leave",
    .has_chats = true,
    .replays = true,
    .main = KIND_REPLAY,
    .lobby = lobby,
    .chat = chat,
    .refused = refused,
    .rests = rests,
};
