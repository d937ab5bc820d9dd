/* The routine for people without a name. */
#include <stdio.h>

#include "common/protocol.h"
#include "common/rules.h"
#include "server/arch/blocking/routines.h"
#include "server/arch/blocking/talk.h"

static void arrive(struct step *step, struct session *session)
{
    (void)step, (void)session;
}

static void set_name(struct step *step, struct session *session, struct span name)
{
    const char *reason = rules_user(name);
    if (!reason)
        reason = house_name(step->house, session, name);
    if (reason) {
        talk_refuse(session, SET_NAME, reason);
        return;
    }
    talk_answer(session, SET_NAME, SUCCESS, (struct span){0});
    session->next = (struct go){LOBBY, NULL};
}

static void serve(struct step *step, struct session *session, const struct request *request)
{
    if (talk_too_long(step, session, request, request->text))
        return;
    if (request->kind == SET_NAME)
        set_name(step, session, request->text);
    else
        talk_anywhere(session, request);
}

static void late(struct step *step, struct session *session)
{
    char sentence[64];
    int64_t patience = step->house->limits->name_timeout;
    snprintf(sentence, sizeof sentence, SAY_NO_NAME_WITHIN, (long long)((patience + SECOND - 1) / SECOND));
    session->next = (struct go){BYE, NULL};
    talk_refuse(session, SET_NAME, sentence);
}

const struct step_ops user_name_enter_ops = {.arrive = arrive, .serve = serve, .late = late};
