/* The name desk. Whoever leaves the server comes by here once more, so that a name is free before its client is told goodbye. */
#include "server/desk/name.h"

#include <errno.h>
#include <stdio.h>

#include "common/log.h"
#include "common/protocol.h"
#include "common/rules.h"
#include "server/teeth.h"

static struct name_desk *self(struct desk *desk)
{
    return (struct name_desk *)(void *)desk;
}

static struct go arrive(struct desk *desk, struct session *session)
{
    if (!session->leaving)
        return desk_stay();
    if (!WITHOUT_RELEASING_THE_VANISHED || !session->dead)
        names_release(&self(desk)->names, &session->name);
    return (struct go){BYE, NULL};
}

static struct go set_name(struct desk *desk, struct session *session, struct span text)
{
    const char *reason = rules_user(text);
    if (!reason) {
        session->name = names_claim(&self(desk)->names, text);
        if (!session->name)
            reason = errno == EEXIST ? SAY_NAME_TAKEN : strerror(ENOMEM);
    }
    if (reason) {
        desk_refuse(desk, session, SET_NAME, reason);
        return desk_stay();
    }
    desk_answer(desk, session, SET_NAME, SUCCESS, (struct span){0});
    return (struct go){LOBBY, NULL};
}

static struct go serve(struct desk *desk, struct session *session, const struct request *request)
{
    if (desk_too_long(desk, session, request, request->text))
        return desk_stay();
    if (request->kind == SET_NAME)
        return set_name(desk, session, request->text);
    return desk_serve_anywhere(desk, session, request);
}

/* Silence, or half a frame that never became whole. */
static struct go late(struct desk *desk, struct session *session)
{
    char sentence[64];
    if (session->in.n > 0)
        return desk_late(desk, session);
    snprintf(sentence, sizeof sentence, SAY_NO_NAME_WITHIN, (long long)((desk->patience + SECOND - 1) / SECOND));
    desk_refuse(desk, session, SET_NAME, sentence);
    session->deaf = true;
    return (struct go){BYE, NULL};
}

static bool send_due(struct desk *desk, struct session *session)
{
    (void)desk;
    return desk_send_answers(session);
}

static bool owes(const struct desk *desk, const struct session *session)
{
    (void)desk;
    return session->out.n > 0 && session->next.to == STAY;
}

void name_init(struct name_desk *name, const struct limits *limits)
{
    static const struct desk_ops ops = {.arrive = arrive, .serve = serve, .send = send_due, .owes = owes, .late = late};
    *name = (struct name_desk){0};
    desk_init(&name->desk, &ops, "name", NAME, limits);
}
