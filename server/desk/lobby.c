/* The lobby. The LIST only grows and an older list is its beginning, so what a client was promised is two numbers:
 * how many chats (`listed`) and how many bytes of that frame have gone (`skip`). */
#include "server/desk/lobby.h"

#include <errno.h>

#include "common/log.h"
#include "common/protocol.h"
#include "common/rules.h"
#include "server/desk/turn.h"
#include "server/teeth.h"

enum { LEAD_MAX = 64 /* the end of a short answer rides with the list behind it */ };

static struct lobby_desk *self(const struct desk *desk)
{
    return (struct lobby_desk *)(void *)desk;
}

static void ask_for_list(struct desk *desk, struct session *session)
{
    session->list = session->skip && !WITHOUT_OWN_LISTS ? LIST_BOTH : LIST_OWN;
    desk_touch(desk, session);
}

static struct go arrive(struct desk *desk, struct session *session)
{
    session->skip = 0;
    session->list = LIST_NONE;
    if (!session->refused)
        ask_for_list(desk, session);
    session->refused = false;
    return desk_stay();
}

/* Everybody in the lobby gets the longer list: for the creator it is the answer, the others are due one by now. */
static void tell_everybody(struct desk *desk)
{
    for (uint32_t i = 0; i < desk->n; i++)
        desk_touch(desk, desk->people[i]);
}

const char *lobby_create(struct catalog *catalog, const struct limits *limits, struct span name)
{
    const char *reason = WITHOUT_NAME_RULES ? NULL : rules_chat(name);
    if (reason)
        return reason;
    if (catalog_find(catalog, name))
        return SAY_CHAT_EXISTS;
    if (catalog->n >= limits->max_chats)
        return SAY_TOO_MANY_CHATS;
    if (!catalog_create(catalog, name)) {
        log_at(LOG_ERROR, "lobby", "Chat creation error", LOG_S("chat", name), LOG_C("error", strerror(errno)));
        return SAY_CHAT_NOT_CREATED;
    }
    log_at(LOG_INFO, "lobby", "Chat created", LOG_S("chat", name), LOG_N("chats", catalog->n));
    return NULL;
}

static struct go create_chat(struct desk *desk, struct session *session, struct span name)
{
    const char *reason = lobby_create(self(desk)->catalog, desk->limits, name);
    if (reason) {
        desk_refuse(desk, session, CREATE_CHAT, reason);
        return desk_stay();
    }
    ask_for_list(desk, session);
    tell_everybody(desk);
    return desk_stay();
}

static struct go connect_chat(struct desk *desk, struct session *session, struct span name)
{
    struct chat *chat = catalog_find(self(desk)->catalog, name);
    session->resume = false;
    if (!chat) {
        desk_refuse(desk, session, CONNECT_CHAT, SAY_NO_SUCH_CHAT);
        return desk_stay();
    }
    return (struct go){ROOM, chat};
}

bool lobby_read_offset(struct span text, uint64_t *offset, struct span *chat)
{
    const char *end = text.n ? memchr(text.at, '\n', text.n) : NULL;
    if (!end || end == text.at || end - text.at > 18)
        return false;
    *offset = 0;
    for (const char *at = text.at; at < end; at++) {
        if (*at < '0' || *at > '9')
            return false;
        *offset = *offset * 10 + (uint64_t)(*at - '0');
    }
    *chat = (struct span){end + 1, text.n - (size_t)(end + 1 - text.at)};
    return true;
}

static struct go connect_from(struct desk *desk, struct session *session, struct span text)
{
    uint64_t offset;
    struct span name;
    if (!lobby_read_offset(text, &offset, &name)) {
        desk_refuse(desk, session, CONNECT_FROM, SAY_OFFSET_FORM);
        return desk_stay();
    }
    struct go go = connect_chat(desk, session, name);
    session->resume = go.to == ROOM;
    session->cursor = offset;
    return go;
}

static struct go serve(struct desk *desk, struct session *session, const struct request *request)
{
    if (desk_too_long(desk, session, request, request->text))
        return desk_stay();
    switch (request->kind) {
    case CREATE_CHAT:
        return create_chat(desk, session, request->text);
    case CONNECT_CHAT:
        return connect_chat(desk, session, request->text);
    case CONNECT_FROM:
        return connect_from(desk, session, request->text);
    case GET_CHATS:
        ask_for_list(desk, session);
        return desk_stay();
    default:
        return desk_serve_anywhere(desk, session, request);
    }
}

/* A list is to be sent: one half gone, one asked for, or a longer one than the client knows. */
static bool list_due(const struct desk *desk, const struct session *session)
{
    return session->skip || session->list != LIST_NONE ||
           (session->listed < self(desk)->catalog->n && session->next.to == STAY);
}

/* n bytes of the frame of the first `items` chats' list, `size` bytes long, have gone. */
static void list_sent(struct session *session, uint32_t items, size_t size, size_t n)
{
    if (n == 0)
        return;
    session->listed = items;
    if (session->skip + n < size) {
        if (session->list == LIST_NONE)
            session->list = LIST_PUSH;
        session->skip += (uint32_t)n;
        return;
    }
    session->list = session->list == LIST_BOTH ? LIST_OWN : LIST_NONE;
    session->skip = 0;
}

/* Sends a list's frame, or what is left of it, with the end of the answers before it if that is short. -1: dead. */
static ssize_t send_list(struct desk *desk, struct session *session)
{
    const struct catalog *catalog = self(desk)->catalog;
    char lead[LEAD_MAX + LIST_HEAD_MAX];
    uint32_t items = session->skip ? session->listed : catalog->n;
    struct span answer = session->skip ? ((struct span){0}) : session_answer_rest(session);
    struct span text = catalog_list(catalog, items);
    if (answer.n)
        memcpy(lead, answer.at, answer.n);
    size_t head = session->door->list_head(text.n, lead + answer.n);
    size_t size = head + text.n;
    struct span first = {lead, answer.n + head};
    if (session->skip) {
        size_t gone = session->skip < head ? session->skip : head;
        first = (struct span){lead + gone, head - gone};
        text.at += session->skip - gone;
        text.n -= session->skip - gone;
    }
    size_t most = desk->feed < FEED_MAX ? desk->feed : FEED_MAX;
    if (text.n > most)
        text.n = most;
    ssize_t n = first.n ? desk_send(session, first, text) : desk_send(session, text, (struct span){0});
    if (n <= 0)
        return n;
    desk->feed -= (uint32_t)((size_t)n < desk->feed ? (size_t)n : desk->feed);
    size_t answered = (size_t)n < answer.n ? (size_t)n : answer.n;
    if (answered)
        session_answer_sent(session, answered);
    list_sent(session, items, size, (size_t)n - answered);
    return n;
}

/* True when the first answer is the last one and short enough to ride with a list. */
static bool short_answer(const struct session *session)
{
    struct span rest = session_answer_rest(session);
    return rest.n <= LEAD_MAX && session->out.n == sizeof(struct answer_head) + session_answer_head(session).n;
}

/* Order: the rest of a list that is half gone; answers; lists. */
static bool send_due(struct desk *desk, struct session *session)
{
    while (!session->blocked) {
        bool list = list_due(desk, session);
        if (session->skip == 0 && session->out.n && !(list && short_answer(session))) {
            ssize_t n = desk_send(session, session_answer_rest(session), (struct span){0});
            if (n < 0)
                return false;
            session_answer_sent(session, (size_t)n);
        } else if (!list || desk->feed == 0) {
            return true; /* with a list still due the budget is spent: the rest in another turn */
        } else if (send_list(desk, session) < 0) {
            return false;
        }
    }
    return true;
}

/* Answers to somebody on the way out travel with it; a list is finished here. */
static bool owes(const struct desk *desk, const struct session *session)
{
    return list_due(desk, session) || (session->out.n && session->next.to == STAY);
}

void lobby_init(struct lobby_desk *lobby, const struct limits *limits, struct catalog *catalog)
{
    static const struct desk_ops ops = {
        .arrive = arrive, .serve = serve, .send = send_due, .owes = owes, .late = desk_late};
    *lobby = (struct lobby_desk){.catalog = catalog};
    desk_init(&lobby->desk, &ops, "lobby", LOBBY, limits);
}
