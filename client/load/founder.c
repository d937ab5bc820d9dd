/* The founder: a plain client that does one thing after another. */
#include "client/load/founder.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "client/load/dial.h"
#include "client/load/profile.h"
#include "client/load/random.h"
#include "client/load/violation.h"
#include "common/buf.h"
#include "common/clock.h"
#include "common/protocol.h"

enum {
    AHEAD = 64 /* messages on their way while a history is filled */,
    READ_BYTES = 64 * 1024,
    LOOK_EVERY = 50, /* ms */
    NAMES_TRIED = 20
};
#define PATIENCE (10 * SECOND)
#define PATIENCE_IN_ALL (60 * SECOND) /* with what comes instead of an answer */

struct founder {
    const struct load_config *config;
    const char *address;
    int fd;
    struct buf in;
    size_t at;     /* what of it has been looked at */
    int64_t until; /* its question must have been answered then */
    char *complaint;
    load_watch *watch;
    void *with;
};

struct answer {
    int32_t request, response;
    struct span text; /* good until the next one */
};

__attribute__((format(printf, 2, 3))) static bool complain(struct founder *founder, const char *format, ...)
{
    va_list rest;
    int n = snprintf(founder->complaint, LOAD_COMPLAINT, "%s: ", founder->address);
    va_start(rest, format);
    vsnprintf(founder->complaint + n, LOAD_COMPLAINT - (size_t)n, format, rest);
    va_end(rest);
    return false;
}

static bool await(struct founder *founder, short events)
{
    struct pollfd wait = {.fd = founder->fd, .events = events};
    if (clock_now() > founder->until)
        return complain(founder, "no answer for %d s, though other things came", (int)(PATIENCE_IN_ALL / SECOND));
    for (int64_t until = clock_now() + PATIENCE; clock_now() < until;) {
        if (founder->watch && founder->watch(founder->with))
            return complain(founder, "stopped before the bots began");
        if (poll(&wait, 1, LOOK_EVERY) > 0)
            return true;
    }
    return complain(founder, "no answer for %d s", (int)(PATIENCE / SECOND));
}

static bool reach(struct founder *founder, const struct net_address *address)
{
    uint32_t source = 0;
    founder->fd = dial(address, &source);
    if (founder->fd < 0)
        return complain(founder, "%s", strerror(errno));
    if (!await(founder, POLLOUT))
        return false;
    int error = dial_result(founder->fd);
    return !error || complain(founder, "%s", strerror(error));
}

static bool say(struct founder *founder, int32_t request, const char *text)
{
    char frame[CLIENT_HEADER + 1024];
    size_t n = strlen(text), sent = 0;
    founder->until = clock_now() + PATIENCE_IN_ALL;
    protocol_client_header(frame, request, n);
    memcpy(frame + CLIENT_HEADER, text, n);
    for (n += CLIENT_HEADER; sent < n;) {
        if (!await(founder, POLLOUT))
            return false;
        ssize_t more = net_send(founder->fd, (struct span){frame + sent, n - sent});
        if (more < 0)
            return complain(founder, "%s", strerror(errno));
        sent += (size_t)more;
    }
    return true;
}

/* False when there is no whole frame among what has been read. */
static bool next_frame(struct founder *founder, struct answer *answer)
{
    const char *at = founder->in.at + founder->at;
    size_t n = founder->in.n - founder->at;
    uint64_t length = n < SERVER_HEADER ? 0 : protocol_get64(at + 8);
    if (n < SERVER_HEADER || n - SERVER_HEADER < length)
        return false;
    *answer = (struct answer){protocol_get32(at), protocol_get32(at + 4), {at + SERVER_HEADER, (size_t)length}};
    founder->at += SERVER_HEADER + (size_t)length;
    return true;
}

static bool hear(struct founder *founder, struct answer *answer)
{
    while (!next_frame(founder, answer)) {
        buf_drop(&founder->in, founder->at);
        founder->at = 0;
        if (founder->in.n >= SERVER_HEADER && protocol_get64(founder->in.at + 8) > LOAD_FRAME_MOST)
            return complain(founder, "this is no chat server: a frame of impossible length");
        if (!buf_reserve(&founder->in, READ_BYTES))
            return complain(founder, "%s", strerror(ENOMEM));
        if (!await(founder, POLLIN))
            return false;
        ssize_t got = net_read(founder->fd, founder->in.at + founder->in.n, READ_BYTES);
        if (got == 0)
            return complain(founder, "the server closed the connection");
        if (got < 0 && errno != EAGAIN)
            return complain(founder, "%s", strerror(errno));
        founder->in.n += got > 0 ? (uint32_t)got : 0;
    }
    return true;
}

static bool refuse(struct founder *founder, int32_t asked, const struct answer *answer)
{
    char text[SHOWN_BYTES];
    return complain(founder, "%s was not granted: %.150s", request_names[asked],
                    shown(text, answer->text.at, answer->text.n));
}

/* Others talk, whisper and make chats: that may come before an answer. */
static bool is_news(const struct answer *answer)
{
    return answer->response == SUCCESS &&
           (answer->request == GET_CHATS || answer->request == RECEIVE_MESSAGE || answer->request == PRIVATE_MESSAGE);
}

static bool wonder(struct founder *founder, const struct answer *answer)
{
    return complain(founder, "this is no chat server: it said {%d,%d}, which nothing asked for", answer->request,
                    answer->response);
}

/* A list that had the chat was somebody else's, and this is the answer to the founder's own wish for it. */
static bool is_late_refusal(const struct answer *answer)
{
    return answer->request == CREATE_CHAT && answer->response == FAILURE &&
           span_equal(answer->text, span_of(SAY_CHAT_EXISTS));
}

/* The answer that this request should have; news before it are of no interest. */
static bool expect(struct founder *founder, int32_t request, int32_t asked, struct answer *answer)
{
    do {
        if (!hear(founder, answer))
            return false;
        if (is_late_refusal(answer))
            continue;
        if (answer->response == FAILURE)
            return refuse(founder, asked, answer);
        if (answer->request == RECEIVE_MESSAGE && (asked == SET_NAME || asked == DISCONNECT))
            return complain(founder, "this is no chat server: a record came to somebody who is in no chat");
        if (answer->request != request && !is_news(answer))
            return wonder(founder, answer);
    } while (answer->request != request);
    return true;
}

/* Another name for each try: somebody may have begun with the same seed. */
static bool enter(struct founder *founder)
{
    char name[32];
    struct answer answer = {0};
    uint64_t stream = random_stream(founder->config->seed, UINT64_MAX);
    for (int tries = 0; tries < NAMES_TRIED; tries++) {
        snprintf(name, sizeof name, "Bot%016llx", (unsigned long long)random_next(&stream));
        if (!say(founder, SET_NAME, name) || !hear(founder, &answer))
            return false;
        if (answer.request != SET_NAME || !span_equal(answer.text, span_of(SAY_NAME_TAKEN)))
            break;
    }
    if (answer.request != SET_NAME || answer.response != SUCCESS)
        return refuse(founder, SET_NAME, &answer);
    return expect(founder, GET_CHATS, SET_NAME, &answer);
}

/* Who made it before is welcome. */
static bool create(struct founder *founder, const char *chat)
{
    char text[SHOWN_BYTES];
    struct answer answer = {0};
    if (!say(founder, CREATE_CHAT, chat))
        return false;
    do {
        if (!hear(founder, &answer))
            return false;
        if (answer.request == CREATE_CHAT && !span_equal(answer.text, span_of(SAY_CHAT_EXISTS)))
            return complain(founder, "can't create the chat %s: %.150s", chat,
                            shown(text, answer.text.at, answer.text.n));
        if (answer.request != CREATE_CHAT && !is_news(&answer))
            return wonder(founder, &answer);
    } while (answer.request != CREATE_CHAT &&
             (answer.request != GET_CHATS || !memmem(answer.text.at, answer.text.n, chat, strlen(chat))));
    return true;
}

/* The leave tells where the history ends. */
static bool count_records(struct founder *founder, const char *chat, uint32_t *records)
{
    struct answer answer = {0};
    *records = 0;
    if (!say(founder, CONNECT_CHAT, chat) || !say(founder, LEAVE_CHAT, "") ||
        !expect(founder, CONNECT_CHAT, CONNECT_CHAT, &answer))
        return false;
    do {
        founder->until = clock_now() + PATIENCE_IN_ALL;
        if (!hear(founder, &answer))
            return false;
        *records += answer.request == RECEIVE_MESSAGE;
    } while (answer.request == RECEIVE_MESSAGE);
    return answer.request == GET_CHATS || complain(founder, "leaving %s was not answered by the list", chat);
}

static bool fill(struct founder *founder, const char *chat)
{
    uint32_t records, size = founder->config->size < 1000 ? founder->config->size : 1000;
    struct answer answer = {0};
    char text[1024];
    memset(text, '.', size);
    text[size] = '\0';
    if (!count_records(founder, chat, &records) || records >= founder->config->history)
        return records >= founder->config->history;
    if (!say(founder, CONNECT_CHAT, chat) || !expect(founder, CONNECT_CHAT, CONNECT_CHAT, &answer))
        return false;
    for (uint32_t said = records, seen = 0; seen < founder->config->history; seen++) {
        for (; said < founder->config->history && said < seen + AHEAD; said++)
            if (!say(founder, SEND_MESSAGE, text))
                return false;
        if (!expect(founder, RECEIVE_MESSAGE, SEND_MESSAGE, &answer))
            return false;
        founder->until = clock_now() + PATIENCE_IN_ALL; /* what is there is read first, however long it is */
    }
    return say(founder, LEAVE_CHAT, "") && expect(founder, GET_CHATS, LEAVE_CHAT, &answer);
}

static bool found(struct founder *founder)
{
    const struct load_config *config = founder->config;
    struct answer answer = {0};
    uint32_t rooms = config->profile->has_chats ? config->rooms : 0;
    if (!enter(founder))
        return false;
    for (uint32_t room = 0; room < rooms; room++) {
        char chat[64];
        load_chat_name(config, room, chat);
        if (!create(founder, chat) || (config->profile->replays && !fill(founder, chat)))
            return false;
    }
    return say(founder, DISCONNECT, "") && expect(founder, DISCONNECT, DISCONNECT, &answer);
}

bool founder_visit(const struct load_config *config, load_watch *watch, void *with, char complaint[LOAD_COMPLAINT])
{
    bool fine = true;
    for (size_t i = 0; fine && i < config->n_connect; i++) {
        char address[NET_TEXT];
        struct founder founder = {
            .config = config, .address = address, .fd = -1, .complaint = complaint, .watch = watch, .with = with};
        founder.until = clock_now() + PATIENCE_IN_ALL;
        net_text(&config->connect[i], address);
        fine = reach(&founder, &config->connect[i]) && found(&founder);
        net_close(founder.fd);
        buf_free(&founder.in);
    }
    return fine;
}
