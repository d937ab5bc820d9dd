/* The routine for people outside chats: the LIST, and the way into a chat. */
#include <errno.h>
#include <string.h>

#include "common/log.h"
#include "common/protocol.h"
#include "common/rules.h"
#include "server/arch/blocking/routines.h"
#include "server/arch/blocking/talk.h"

static struct catalog *catalog_of(const struct step *step)
{
    return &step->house->server->catalog;
}

static void send_list(struct step *step, struct session *session)
{
    const struct catalog *catalog = catalog_of(step);
    session->listed = catalog->n;
    talk_answer(session, GET_CHATS, SUCCESS, catalog_list(catalog, catalog->n));
}

/* Who was refused by a chat has not been away, but may have missed a list meanwhile. */
static void arrive(struct step *step, struct session *session)
{
    if (!session->refused || session->listed < catalog_of(step)->n)
        send_list(step, session);
    session->refused = false;
}

static const char *create(struct step *step, struct span name)
{
    struct catalog *catalog = catalog_of(step);
    const char *reason = rules_chat(name);
    if (reason)
        return reason;
    if (catalog_find(catalog, name))
        return SAY_CHAT_EXISTS;
    if (catalog->n >= step->house->limits->max_chats)
        return SAY_TOO_MANY_CHATS;
    if (!catalog_create(catalog, name)) {
        log_at(LOG_ERROR, "lobby", "Chat creation error", LOG_S("chat", name), LOG_C("error", strerror(errno)));
        return SAY_CHAT_NOT_CREATED;
    }
    log_at(LOG_INFO, "lobby", "Chat created", LOG_S("chat", name), LOG_N("chats", catalog->n));
    return NULL;
}

static void create_chat(struct step *step, struct session *session, struct span name)
{
    const char *reason = create(step, name);
    if (reason) {
        talk_refuse(session, CREATE_CHAT, reason);
        return;
    }
    for (struct list *link = step->people.next; link != &step->people; link = link->next) {
        struct session *each = list_entry(link, struct session, changed);
        if (!each->dead)
            send_list(step, each);
    }
}

static void connect_chat(struct step *step, struct session *session, struct span name)
{
    struct chat *chat = catalog_find(catalog_of(step), name);
    if (chat)
        session->next = (struct go){ROOM, chat};
    else
        talk_refuse(session, CONNECT_CHAT, SAY_NO_SUCH_CHAT);
}

/* Reads the decimal number before the line feed; false when there is none, or it is out of all reason. */
static bool read_offset(struct span text, uint64_t *offset, struct span *rest)
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
    *rest = (struct span){end + 1, text.n - (size_t)(end + 1 - text.at)};
    return true;
}

static void connect_from(struct step *step, struct session *session, struct span text)
{
    struct span name;
    if (!read_offset(text, &session->cursor, &name)) {
        talk_refuse(session, CONNECT_FROM, SAY_OFFSET_FORM);
        return;
    }
    session->resume = true;
    connect_chat(step, session, name);
}

static void serve(struct step *step, struct session *session, const struct request *request)
{
    session->resume = false;
    if (talk_too_long(step, session, request, request->text))
        return;
    if (request->kind == CREATE_CHAT)
        create_chat(step, session, request->text);
    else if (request->kind == CONNECT_CHAT)
        connect_chat(step, session, request->text);
    else if (request->kind == CONNECT_FROM)
        connect_from(step, session, request->text);
    else if (request->kind == GET_CHATS)
        send_list(step, session);
    else
        talk_anywhere(session, request);
}

static void after_round(struct step *step)
{
    chat_message_join_ended(step->house);
}

const struct step_ops list_of_chats_ops = {.arrive = arrive, .serve = serve, .round = after_round};
