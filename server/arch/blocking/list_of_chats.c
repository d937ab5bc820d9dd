/* The routine for people outside chats: the LIST, and the way into a chat. */
#include "common/protocol.h"
#include "server/arch/blocking/routines.h"
#include "server/arch/blocking/talk.h"
#include "server/desk/lobby.h"

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

static void create_chat(struct step *step, struct session *session, struct span name)
{
    const char *reason = lobby_create(catalog_of(step), step->house->limits, name);
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

static void connect_from(struct step *step, struct session *session, struct span text)
{
    struct span name;
    if (!lobby_read_offset(text, &session->cursor, &name)) {
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
