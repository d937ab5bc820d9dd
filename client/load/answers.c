/* What the server's frames mean to a bot. */
#include <string.h>

#include "client/load/bot.h"
#include "client/load/events.h"
#include "client/load/violation.h"
#include "common/clock.h"

/* The bot's last request has been answered. */
static void answered(struct bot *bot, enum kind kind, int32_t request, int32_t response, struct span text)
{
    struct worker *worker = bot->worker;
    if (response == SUCCESS)
        worker_time(worker, kind, bot->asked_at);
    if (worker->config->events)
        events_read(bot, request, response, text, worker->now - bot->asked_at);
}

static bool take_name(struct bot *bot, int32_t response, struct span text)
{
    if (bot->place != BOT_NAMING)
        return false;
    answered(bot, KIND_NAME, SET_NAME, response, text);
    if (response == SUCCESS) {
        bot->place = BOT_NAMED;
        return true;
    }
    if (!span_equal(text, span_of(SAY_NAME_TAKEN)) || bot->named_before)
        worker_error(bot->worker, ERROR_NAME);
    bot_new_name(bot);
    if (bot->worker->config->ahead)
        bot_await(bot, BOT_QUITTING); /* the goodbye is on its way: what is refused before it is no news */
    else
        bot_name(bot);
    return true;
}

static void arrive_in_lobby(struct bot *bot, struct span list)
{
    bot->place = BOT_LOBBY;
    bot->chat = NULL;
    bot->tries = 0;
    bot->named_before = true;
    bot_arrived(bot);
    bot->worker->profile->lobby(bot, list);
}

/* Its own chat stands in the list, so this is the answer: what others have created was shown before. */
static bool lists_chat(struct span list, struct span name)
{
    for (const char *at = list.at, *end = list.at + list.n, *line; at < end; at = line + 1) {
        line = memchr(at, '\n', (size_t)(end - at));
        if (!line)
            return false;
        if (span_equal((struct span){at, (size_t)(line - at)}, name))
            return true;
    }
    return false;
}

static bool take_list(struct bot *bot, int32_t response, struct span list)
{
    struct worker *worker = bot->worker;
    if (response != SUCCESS)
        return false;
    switch (bot->place) {
    case BOT_NAMED:
        if (worker->config->events)
            events_read(bot, GET_CHATS, response, list, -1);
        arrive_in_lobby(bot, list);
        return true;
    case BOT_LEAVING:
        answered(bot, KIND_LEAVE, GET_CHATS, response, list);
        bot_check_echoes(bot);
        if (worker->config->verify)
            bot_check_records(bot, bot->owed);
        arrive_in_lobby(bot, list);
        return true;
    case BOT_CREATING:
        if (lists_chat(list, ledger_name(bot->chat))) {
            bot->unsure++;
            answered(bot, KIND_CREATE, GET_CHATS, response, list);
            arrive_in_lobby(bot, list);
            return true;
        }
        break;
    case BOT_LOBBY:
    case BOT_JOINING:
    case BOT_QUITTING:
        break;
    default:
        return false;
    }
    if (worker->config->events)
        events_read(bot, GET_CHATS, response, list, -1);
    if (worker->profile->list)
        worker->profile->list(bot, list);
    return true;
}

/* Somebody else had made it. When it asked for others that it is unsure of, this may be about one of those: then what it asked for
 * last is what it is unsure of, and they are as many as before. */
static bool take_creation(struct bot *bot, int32_t response, struct span reason)
{
    bool waits = bot->place == BOT_CREATING, unsure = bot->unsure > 0;
    if (response != FAILURE || (!waits && !unsure && bot->place != BOT_QUITTING))
        return false;
    worker_error(bot->worker, ERROR_CREATE);
    if (!waits) {
        bot->unsure -= unsure;
        return true;
    }
    answered(bot, KIND_CREATE, CREATE_CHAT, response, reason);
    bot->place = BOT_LOBBY;
    bot->worker->profile->refused(bot);
    return true;
}

static bool take_entry(struct bot *bot, int32_t response, struct span text)
{
    if (bot->place == BOT_QUITTING)
        return true;
    if (bot->place != BOT_JOINING || (response == SUCCESS && !span_equal(text, ledger_name(bot->chat))))
        return false;
    answered(bot, KIND_JOIN, CONNECT_CHAT, response, text);
    bot->unsure = 0; /* what was asked before has been answered */
    if (response == SUCCESS) {
        bot->place = BOT_CHAT;
        bot->free_since = bot->worker->now;
        if (!bot->worker->profile->rooms || !bot->entered_at)
            bot->entered_at = bot->worker->now; /* who comes back to its room is owed what was said meanwhile */
        bot_arrived(bot);
        bot->worker->profile->chat(bot);
        return true;
    }
    worker_error(bot->worker, ERROR_JOIN);
    bot->place = BOT_LOBBY;
    bot->worker->profile->refused(bot);
    return true;
}

/* Messages are answered one by one, in their order: by a record or by a refusal. */
static bool take_refusal(struct bot *bot, int32_t response, struct span reason)
{
    if (response != FAILURE || bot->seen == bot->said)
        return false;
    if (bot->worker->config->events)
        events_read(bot, SEND_MESSAGE, response, reason, -1);
    worker_error(bot->worker, ERROR_SEND);
    bot->seen++;
    if (bot->worker->profile->echo)
        bot->worker->profile->echo(bot);
    return true;
}

/* Asked for together with an entry or a name that was refused: that was counted. */
static bool take_leave_refusal(struct bot *bot, int32_t response, struct span reason)
{
    if (response != FAILURE || bot->place != BOT_QUITTING)
        return false;
    if (bot->worker->config->events)
        events_read(bot, LEAVE_CHAT, response, reason, -1);
    return true;
}

static bool take_goodbye(struct bot *bot, int32_t response, struct span text)
{
    if (bot->place != BOT_QUITTING || response != SUCCESS)
        return false;
    answered(bot, KIND_QUIT, DISCONNECT, response, text);
    bot_check_echoes(bot);
    bot->place = BOT_PARTING;
    return true;
}

/* The bots ask for nothing that could be wrong: the server is full, or was kept waiting. It closes then. */
static bool take_dismissal(struct bot *bot, int32_t response, struct span reason)
{
    if (response != FAILURE || span_equal(reason, span_of(SAY_WRONG_REQUEST)))
        return false;
    if (bot->worker->config->events)
        events_read(bot, WRONG_REQUEST, response, reason, -1);
    bot->turned_away = span_equal(reason, span_of(SAY_SERVER_FULL)) || span_equal(reason, span_of(SAY_ADDRESS_FULL))
                           ? ERROR_FULL
                           : ERROR_OTHER;
    return true;
}

static bool is_in_chat(const struct bot *bot)
{
    return bot->chat && bot->place >= BOT_CHAT && bot->place <= BOT_QUITTING;
}

/* Anybody in the chat may whisper; it is no record. */
static bool take_whisper(struct bot *bot, int32_t response, struct span text)
{
    if (response != SUCCESS || !is_in_chat(bot))
        return false;
    if (bot->worker->config->events)
        events_read(bot, PRIVATE_MESSAGE, response, text, -1);
    return true;
}

bool bot_frame(struct bot *bot, int32_t request, int32_t response, struct span text)
{
    switch (request) {
    case RECEIVE_MESSAGE:
        if (response != SUCCESS || !is_in_chat(bot))
            return false;
        bot_record(bot, text);
        return true;
    case SET_NAME:
        return take_name(bot, response, text);
    case GET_CHATS:
        return take_list(bot, response, text);
    case CREATE_CHAT:
        return take_creation(bot, response, text);
    case CONNECT_CHAT:
        return take_entry(bot, response, text);
    case SEND_MESSAGE:
        return take_refusal(bot, response, text);
    case LEAVE_CHAT:
        return take_leave_refusal(bot, response, text);
    case PRIVATE_MESSAGE:
        return take_whisper(bot, response, text);
    case DISCONNECT:
        return take_goodbye(bot, response, text);
    case WRONG_REQUEST:
        return take_dismissal(bot, response, text);
    default:
        return false;
    }
}
