/* The routine for the members of a chat. */
#include "server/arch/blocking/chat_message.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>

#include "common/protocol.h"
#include "common/rules.h"
#include "server/arch/blocking/routines.h"
#include "server/arch/blocking/talk.h"

/* Back to the lobby as if it never had been away, but for the answer. */
static void turn_away(struct session *session, int32_t request, const char *reason)
{
    talk_refuse(session, request, reason);
    session->refused = true;
    session->next = (struct go){LOBBY, NULL};
}

static void arrive(struct step *step, struct session *session)
{
    struct room_step *room = room_step_of(step);
    char reason[128];
    if (!session->resume)
        session->cursor = 0;
    session->stop = 0;
    int error = chat_file_open(room);
    if (error) {
        snprintf(reason, sizeof reason, SAY_CHAT_NOT_OPENED, strerror(error));
        turn_away(session, CONNECT_CHAT, reason);
    } else if (session->resume && !history_begins_at(&room->history, session->cursor)) {
        turn_away(session, CONNECT_FROM, SAY_NO_RECORD_THERE);
    } else {
        session->stop = NO_STOP;
        talk_answer(session, CONNECT_CHAT, SUCCESS, chat_name(room->chat));
    }
}

/* Makes the record at hand, its CR included. False without memory. */
static bool make_record(struct room_step *room, const struct session *session, struct span text)
{
    char stamp[STAMP_LENGTH + 3];
    time_t now = time(NULL);
    struct tm tm;
    localtime_r(&now, &tm);
    size_t n = strftime(stamp, sizeof stamp, "\t%T %D\n", &tm);
    room->record.n = 0;
    return buf_append(&room->record, session->name->text, session->name->n) && buf_append(&room->record, stamp, n) &&
           buf_append(&room->record, text.at, text.n) && buf_append(&room->record, "\r", 1);
}

/* Takes one of the messages it may send in this second, or says that there is none left. */
static bool too_fast(const struct step *step, struct session *session)
{
    uint32_t most = step->house->limits->rate_limit;
    int64_t now = clock_now();
    if (session->tokens_at == 0 || now - session->tokens_at >= SECOND) {
        session->tokens_at = now;
        session->tokens = most;
    }
    if (most && session->tokens == 0)
        return true;
    session->tokens -= most ? 1 : 0;
    return false;
}

/* Stores a message. NULL, or why not; the reason may be written to `sentence`. */
static const char *store(struct room_step *room, struct session *session, struct span text, char sentence[128])
{
    const char *reason = rules_text(text);
    if (reason)
        return reason;
    if (atomic_load(&room->chat->sync_failed))
        return SAY_READ_ONLY;
    if (too_fast(&room->step, session)) {
        snprintf(sentence, 128, SAY_TOO_FAST, room->step.house->limits->rate_limit);
        return sentence;
    }
    int error = make_record(room, session, text) ? chat_file_append(room) : ENOMEM;
    if (!error)
        return NULL;
    snprintf(sentence, 128, SAY_NOT_STORED, strerror(error));
    return atomic_load(&room->chat->sync_failed) ? SAY_READ_ONLY : sentence;
}

static void send_message(struct room_step *room, struct session *session, struct span text)
{
    char sentence[128];
    const char *reason = store(room, session, text, sentence);
    if (reason)
        talk_refuse(session, SEND_MESSAGE, reason);
}

static struct session *find_member(const struct step *step, struct span name)
{
    for (struct list *link = step->people.next; link != &step->people; link = link->next) {
        struct session *session = list_entry(link, struct session, changed);
        if (!session->dead && span_equal(name_text(session->name), name))
            return session;
    }
    return NULL;
}

/* Why a private message can't be sent; NULL when it can, to *to. The reason may be written to `sentence`. */
static const char *address(struct room_step *room, struct session *session, struct span name, struct span said,
                           struct session **to, char sentence[USER_BYTES_MAX + 32])
{
    const char *reason = rules_text(said);
    if (!reason)
        reason = rules_user(name);
    if (reason)
        return reason;
    if (too_fast(&room->step, session)) {
        snprintf(sentence, USER_BYTES_MAX + 32, SAY_TOO_FAST, room->step.house->limits->rate_limit);
        return sentence;
    }
    *to = find_member(&room->step, name);
    if (*to)
        return make_record(room, session, said) ? NULL : strerror(ENOMEM);
    snprintf(sentence, USER_BYTES_MAX + 32, SAY_NOT_HERE, (int)name.n, name.at);
    return sentence;
}

static void private_message(struct room_step *room, struct session *session, const struct request *request)
{
    struct span text = request->text;
    const char *end = text.n ? memchr(text.at, '\n', text.n) : NULL;
    if (!end) {
        talk_refuse(session, PRIVATE_MESSAGE, SAY_PRIVATE_FORM);
        return;
    }
    struct span name = {text.at, (size_t)(end - text.at)};
    struct span said = {end + 1, text.n - name.n - 1};
    struct session *to = NULL;
    char sentence[USER_BYTES_MAX + 32];
    if (talk_too_long(&room->step, session, request, said))
        return;
    const char *reason = address(room, session, name, said, &to, sentence);
    if (reason) {
        talk_refuse(session, PRIVATE_MESSAGE, reason);
        return;
    }
    struct span record = {room->record.at, room->record.n - 1};
    talk_answer(session, PRIVATE_MESSAGE, SUCCESS, record);
    if (to == session)
        return;
    chat_file_feed(room, to);
    talk_answer(to, PRIVATE_MESSAGE, SUCCESS, record);
}

static void serve(struct step *step, struct session *session, const struct request *request)
{
    struct room_step *room = room_step_of(step);
    chat_file_feed(room, session); /* every answer stands behind the records that were stored before it */
    if (request->kind == PRIVATE_MESSAGE) {
        private_message(room, session, request);
    } else if (!talk_too_long(step, session, request, request->text)) {
        if (request->kind == SEND_MESSAGE)
            send_message(room, session, request->text);
        else if (request->kind == LEAVE_CHAT)
            session->next = (struct go){LOBBY, NULL};
        else
            talk_anywhere(session, request);
    }
}

/* Who goes is owed what is stored at that moment. */
static void leave(struct step *step, struct session *session)
{
    chat_file_feed(room_step_of(step), session);
}

/* Whoever misses records is sent them. */
static void feed_all(struct step *step)
{
    struct room_step *room = room_step_of(step);
    for (struct list *link = step->people.next; link != &step->people; link = link->next)
        chat_file_feed(room, list_entry(link, struct session, changed));
    chat_file_tend(room);
}

/* Empty, and nobody is on the way either: the lobby sends people under the same mutex. It is not waited for, because who has it
 * may be waiting for room in this step's pipe. */
static bool over(struct step *step)
{
    struct house *house = step->house;
    struct room_step *room = room_step_of(step);
    int on_the_way = 0;
    if (!list_empty(&step->people) || pthread_mutex_trylock(&house->chats))
        return false;
    bool ended = ioctl(step->take, FIONREAD, &on_the_way) == 0 && on_the_way == 0;
    if (ended) {
        room->running = false;
        list_append(&house->ended, &room->over);
    }
    pthread_mutex_unlock(&house->chats);
    return ended;
}

const struct step_ops chat_message_ops = {
    .arrive = arrive, .serve = serve, .leave = leave, .round = feed_all, .over = over};
