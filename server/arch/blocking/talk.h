/* Speaking with a client as the thesis's threaded server did: field by field, and waiting each time. */
#ifndef BLOCKING_TALK_H
#define BLOCKING_TALK_H

#include <stdbool.h>

#include "common/span.h"
#include "server/chat/session.h"

struct step;

/* How long receiving waits, in microseconds: of the limits tried the one that is closest to the thesis's text. */
enum { TALK_RECEIVE_LIMIT = 500000 };

/* Receives a whole request; its text lies in step->text until the next one. False when there is none: session->next, or
 * `dead`, tells what becomes of the client, who was told if there is something to tell. */
bool talk_receive(struct step *step, struct session *session, struct request *request);
/* Sends an answer, however long its reader takes. A broken connection makes the session dead. */
void talk_answer(struct session *session, int32_t request, int32_t response, struct span text);
void talk_refuse(struct session *session, int32_t request, const char *sentence);
/* The same for bytes that are an answer already. */
void talk_send(struct session *session, struct span bytes);
/* What every routine answers alike: disconnect, and what has no meaning there. */
void talk_anywhere(struct session *session, const struct request *request);
/* True, and answered, when this text of the request is longer than a message may be. */
bool talk_too_long(const struct step *step, struct session *session, const struct request *request, struct span text);

#endif
