/* Blocking receives and sends. Their slowness is the thesis's: each empty text waits out the receive limit, and each answer
 * is four small sends to a socket without TCP_NODELAY. */
#include "server/arch/blocking/talk.h"

#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>

#include "common/log.h"
#include "common/protocol.h"
#include "server/arch/blocking/house.h"

static const char *name_of(int64_t request)
{
    return request >= 0 && request < REQUEST_KINDS ? request_names[request] : "unknown";
}

enum received { WHOLE, ENDED, BROKEN, LATE };

/* Receives n bytes. `until`: when the frame they belong to must be whole. */
static enum received receive(struct step *step, int fd, char *to, size_t n, int64_t until)
{
    size_t done = 0;
    while (done < n) {
        ssize_t got = recv(fd, to + done, n - done, MSG_WAITALL);
        if (got == 0)
            return ENDED;
        if (got < 0 && errno != EAGAIN && errno != EINTR)
            return BROKEN;
        done += got > 0 ? (size_t)got : 0;
        if (done < n && clock_now() >= until)
            return LATE;
        if (done < n && house_draining(step->house))
            return ENDED;
    }
    return WHOLE;
}

/* Receives even an empty text, and so waits for the next byte, or for the limit. */
static enum received receive_text(struct step *step, struct session *session, size_t n, int64_t until)
{
    if (n > 0)
        return receive(step, session->fd, step->text, n, until);
    recv(session->fd, step->text, 0, MSG_WAITALL);
    return WHOLE;
}

/* Gives a client up whose stream is broken or too slow, with a word about it. */
static void give_up(struct session *session, const char *sentence)
{
    log_at(LOG_INFO, "blocking", "Gave up a client", LOG_N("socket", session->fd), LOG_C("reason", sentence));
    session->next = (struct go){BYE, NULL};
    talk_refuse(session, WRONG_REQUEST, sentence);
}

static bool received(struct session *session, enum received how)
{
    if (how == ENDED)
        session->next = (struct go){BYE, NULL};
    else if (how == BROKEN)
        session->dead = true;
    else if (how == LATE)
        give_up(session, SAY_FRAME_TOO_SLOW);
    return how == WHOLE;
}

bool talk_receive(struct step *step, struct session *session, struct request *request)
{
    char header[CLIENT_HEADER];
    const struct span known = {header, sizeof header};
    int64_t until = clock_now() + step->house->limits->name_timeout;
    if (!received(session, receive(step, session->fd, header, 4, until)) ||
        !received(session, receive(step, session->fd, header + 4, 8, until)))
        return false;
    if (session->door->take(known, step->house->limits->max_message, request) < 0) {
        give_up(session, SAY_FRAME_TOO_LONG);
        return false;
    }
    size_t n = session->door->expects(known) - CLIENT_HEADER;
    if (!received(session, receive_text(step, session, n, until)))
        return false;
    *request = (struct request){.kind = protocol_get32(header), .text = {step->text, n}};
    log_at(LOG_DEBUG, "blocking", "Read request from client", LOG_N("socket", session->fd),
           LOG_C("request.client_request_e", name_of(request->kind)), LOG_S("request.message", request->text));
    return true;
}

void talk_send(struct session *session, struct span bytes)
{
    while (!session->dead) {
        ssize_t n = send(session->fd, bytes.at, bytes.n, MSG_NOSIGNAL);
        if (n >= 0 && (size_t)n == bytes.n)
            return;
        if (n < 0 && errno != EINTR)
            session->dead = true;
        bytes.at += n > 0 ? n : 0;
        bytes.n -= n > 0 ? (size_t)n : 0;
    }
}

void talk_answer(struct session *session, int32_t request, int32_t response, struct span text)
{
    char header[SERVER_HEADER];
    protocol_server_header(header, request, response, text.n);
    talk_send(session, (struct span){header, 4});
    talk_send(session, (struct span){header + 4, 4});
    talk_send(session, (struct span){header + 8, 8});
    talk_send(session, text);
    log_at(LOG_DEBUG, "blocking", "Sent response to client", LOG_N("socket", session->fd),
           LOG_C("response.client_request_e", name_of(request)),
           LOG_C("response.server_response_e", response_names[response == FAILURE]), LOG_S("response.message", text));
}

void talk_refuse(struct session *session, int32_t request, const char *sentence)
{
    talk_answer(session, request, FAILURE, span_of(sentence));
}

static bool is_misplaced(int64_t kind)
{
    return kind >= 0 && kind < REQUEST_KINDS && say_misplaced[kind];
}

void talk_anywhere(struct session *session, const struct request *request)
{
    if (request->kind == DISCONNECT) {
        session->farewell = true;
        session->next = (struct go){BYE, NULL};
    } else if (is_misplaced(request->kind)) {
        talk_refuse(session, (int32_t)request->kind, say_misplaced[request->kind]);
    } else {
        talk_refuse(session, WRONG_REQUEST, SAY_WRONG_REQUEST);
    }
}

/* Names have rules of their own, however short messages must be. */
static bool carries_name(int64_t kind)
{
    return kind == SET_NAME || kind == CREATE_CHAT || kind == CONNECT_CHAT || kind == CONNECT_FROM;
}

bool talk_too_long(const struct step *step, struct session *session, const struct request *request, struct span text)
{
    char sentence[128];
    uint32_t most = step->house->limits->max_message;
    bool known = is_misplaced(request->kind) || request->kind == DISCONNECT;
    if (text.n <= most || !known || carries_name(request->kind))
        return false;
    snprintf(sentence, sizeof sentence, SAY_TEXT_TOO_LONG, most);
    talk_refuse(session, (int32_t)request->kind, sentence);
    return true;
}
