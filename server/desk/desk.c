/* What all desks share: answers, refusals, seats. */
#include "server/desk/desk.h"

#include <stdio.h>
#include <stdlib.h>

#include "common/log.h"
#include "common/net.h"
#include "common/protocol.h"
#include "server/chat/names.h"
#include "server/chat/owner.h"
#include "server/desk/turn.h"
#include "server/teeth.h"

void desk_init(struct desk *desk, const struct desk_ops *ops, const char *label, enum place place,
               const struct limits *limits)
{
    *desk =
        (struct desk){.ops = ops, .label = label, .place = place, .limits = limits, .patience = limits->name_timeout};
    desk->feed = FEED_ALL_MAX;
    list_init(&desk->changed);
    list_init(&desk->again);
    list_init(&desk->hungry);
    list_init(&desk->fed);
    list_init(&desk->timers);
}

void desk_free(struct desk *desk)
{
    list_remove(&desk->busy);
    free(desk->people);
    desk->people = NULL;
    desk->n = desk->room = desk->front = 0;
}

static void log_answer(const struct desk *desk, const struct session *session, int32_t request, int32_t response,
                       struct span text)
{
    log_at(LOG_DEBUG, desk->label, "Sent response to client", LOG_N("socket", session->fd),
           LOG_C("response.client_request_e",
                 request >= 0 && request < REQUEST_KINDS ? request_names[request] : "unknown"),
           LOG_C("response.server_response_e", response_names[response == FAILURE]), LOG_S("response.message", text));
}

static void answered(struct desk *desk, struct session *session, bool done)
{
    if (!done) {
        log_at(LOG_ERROR, desk->label, "No memory to answer a client", LOG_N("socket", session->fd));
        session->dead = true;
    }
    desk_touch(desk, session);
}

static uint64_t answer_at(struct desk *desk, struct session *session)
{
    return desk->ops->answer_at ? desk->ops->answer_at(desk, session) : 0;
}

void desk_answer_after(struct desk *desk, struct session *session, uint64_t after, int32_t request, int32_t response,
                       struct span text)
{
    log_answer(desk, session, request, response, text);
    answered(desk, session, session_answer(session, after, request, response, text));
}

void desk_answer(struct desk *desk, struct session *session, int32_t request, int32_t response, struct span text)
{
    desk_answer_after(desk, session, answer_at(desk, session), request, response, text);
}

void desk_tell(struct desk *desk, struct session *session, int32_t request, struct span text)
{
    uint64_t after = answer_at(desk, session);
    log_answer(desk, session, request, SUCCESS, text);
    answered(desk, session, session_tell(session, after, request, SUCCESS, text));
}

void desk_refuse(struct desk *desk, struct session *session, int32_t request, const char *sentence)
{
    desk_answer(desk, session, request, FAILURE, span_of(sentence));
}

/* True for the requests that a text may come with, or not: all that the protocol knows from clients. */
static bool known(int64_t kind)
{
    return kind >= 0 && kind < REQUEST_KINDS && (say_misplaced[kind] || kind == DISCONNECT);
}

/* Names have rules of their own, however short messages must be. */
static bool carries_name(int64_t kind)
{
    return kind == SET_NAME || kind == CREATE_CHAT || kind == CONNECT_CHAT || kind == CONNECT_FROM;
}

static void misplaced(struct desk *desk, struct session *session, int64_t kind)
{
    if (known(kind) && say_misplaced[kind])
        desk_refuse(desk, session, (int32_t)kind, say_misplaced[kind]);
    else
        desk_refuse(desk, session, WRONG_REQUEST, SAY_WRONG_REQUEST);
}

/* Gives a client up whose stream is broken or too slow, with a word about it. */
static struct go give_up(struct desk *desk, struct session *session, const char *sentence)
{
    desk_refuse(desk, session, WRONG_REQUEST, sentence);
    log_at(LOG_INFO, desk->label, "Gave up a client", LOG_N("socket", session->fd), LOG_C("reason", sentence));
    session->deaf = true;
    return (struct go){BYE, NULL};
}

struct go desk_late(struct desk *desk, struct session *session)
{
    return give_up(desk, session, SAY_FRAME_TOO_SLOW);
}

struct go desk_serve_anywhere(struct desk *desk, struct session *session, const struct request *request)
{
    if (request->kind == REQUEST_END)
        return (struct go){BYE, NULL};
    if (request->kind == REQUEST_BROKEN)
        return give_up(desk, session, SAY_FRAME_TOO_LONG);
    if (request->kind == DISCONNECT) {
        session->farewell = !WITHOUT_NAME_BEFORE_BYE;
        if (WITHOUT_NAME_BEFORE_BYE) {
            desk_answer(desk, session, DISCONNECT, SUCCESS, (struct span){0});
            desk_send_answers(session);
        }
        return (struct go){BYE, NULL};
    }
    misplaced(desk, session, request->kind);
    return desk_stay();
}

bool desk_too_long(struct desk *desk, struct session *session, const struct request *request, struct span text)
{
    char sentence[128];
    if (text.n <= desk->limits->max_message || !known(request->kind) || carries_name(request->kind))
        return false;
    snprintf(sentence, sizeof sentence, SAY_TEXT_TOO_LONG, desk->limits->max_message);
    desk_refuse(desk, session, (int32_t)request->kind, sentence);
    return true;
}

/* What followed from an attempt to send so many bytes. */
static ssize_t sent(struct session *session, ssize_t n, size_t of)
{
    owner_assert(session);
    if (n < 0)
        session->dead = true;
    else if ((size_t)n < of)
        session->blocked = true;
    return n;
}

ssize_t desk_send(struct session *session, struct span first, struct span second)
{
    ssize_t n = second.n ? net_send_two(session->fd, first, second) : net_send(session->fd, first);
    return sent(session, n, first.n + second.n);
}

static bool send_answers(struct session *session, ssize_t (*send)(int fd, struct span bytes))
{
    while (session->out.n && !session->blocked) {
        struct span rest = session_answer_rest(session);
        ssize_t n = sent(session, send(session->fd, rest), rest.n);
        if (n < 0)
            return false;
        session_answer_sent(session, (size_t)n);
    }
    return true;
}

bool desk_send_answers(struct session *session)
{
    return send_answers(session, net_send);
}

bool desk_send_last_answers(struct session *session)
{
    return send_answers(session, net_send_last);
}

static void swap_seats(struct desk *desk, uint32_t a, uint32_t b)
{
    struct session *at_a = desk->people[a];
    desk->people[a] = desk->people[b];
    desk->people[b] = at_a;
    desk->people[a]->seat = a;
    desk->people[b]->seat = b;
}

bool desk_seat(struct desk *desk, struct session *session)
{
    owner_assert(session);
    if (desk->n == desk->room) {
        uint32_t room = desk->room ? 2 * desk->room : 8;
        struct session **people = realloc(desk->people, room * sizeof(struct session *));
        if (!people)
            return false;
        desk->people = people;
        desk->room = room;
    }
    session->seat = desk->n;
    desk->people[desk->n++] = session;
    return true;
}

void desk_unseat(struct desk *desk, struct session *session)
{
    owner_assert(session);
    desk_to_back(desk, session);
    swap_seats(desk, session->seat, desk->n - 1);
    desk->n--;
}

void desk_to_front(struct desk *desk, struct session *session)
{
    if (!desk_in_front(desk, session))
        swap_seats(desk, session->seat, desk->front++);
}

void desk_to_back(struct desk *desk, struct session *session)
{
    if (desk_in_front(desk, session))
        swap_seats(desk, session->seat, --desk->front);
}
