/* The room desk: gathers the messages of a turn, stores them with one write, and only then shows them. */
#include "server/desk/room.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "common/log.h"
#include "common/protocol.h"
#include "common/rules.h"
#include "server/chat/names.h"
#include "server/desk/feed.h"
#include "server/desk/turn.h"
#include "server/teeth.h"

static struct room *self(const struct desk *desk)
{
    return (struct room *)(void *)desk;
}

/* An answer has its place behind what is committed now. */
static uint64_t answer_at(struct desk *desk, struct session *session)
{
    feed_fall_behind(self(desk), session);
    return WITHOUT_OUT_AFTER ? 0 : self(desk)->history.committed;
}

/* Back to the lobby as if it never had been away, but for the answer. */
static struct go turn_away(struct desk *desk, struct session *session, int32_t request, const char *reason)
{
    desk_answer_after(desk, session, 0, request, FAILURE, span_of(reason));
    session->refused = true;
    session->cursor = session->stop = 0;
    return (struct go){LOBBY, NULL};
}

static void become_idle(struct room *room)
{
    list_append(&room->idle_rooms->list, &room->idle);
    room->idle_rooms->n++;
}

static void become_busy(struct room *room)
{
    if (!list_linked(&room->idle))
        return;
    list_remove(&room->idle);
    room->idle_rooms->n--;
}

static int open_history(struct room *room)
{
    if (room->history.fd >= 0)
        return 0;
    int error = history_open(&room->history, room->folder, room->chat);
    if (error)
        log_at(LOG_ERROR, room->desk.label, "Can't open a chat's file", LOG_S("chat", chat_name(room->chat)),
               LOG_C("error", strerror(error)));
    return error;
}

static struct go arrive(struct desk *desk, struct session *session)
{
    struct room *room = self(desk);
    char reason[128];
    bool resume = session->resume;
    become_busy(room);
    session->resume = false;
    session->skip = 0;
    session->unsettled = session->refusals = 0;
    if (!resume)
        session->cursor = 0;
    int error = open_history(room);
    if (error) {
        snprintf(reason, sizeof reason, SAY_CHAT_NOT_OPENED, strerror(error));
        return turn_away(desk, session, CONNECT_CHAT, reason);
    }
    if (resume && !history_begins_at(&room->history, session->cursor))
        return turn_away(desk, session, CONNECT_FROM, SAY_NO_RECORD_THERE);
    session->stop = NO_STOP;
    desk_answer_after(desk, session, session->cursor, CONNECT_CHAT, SUCCESS, chat_name(room->chat));
    return desk_stay();
}

static void depart(struct desk *desk, struct session *session)
{
    struct room *room = self(desk);
    if (session->stop != NO_STOP)
        return;
    feed_fall_behind(room, session);
    session->stop = WITHOUT_STOP_AT_LEAVING ? NO_STOP : room->history.committed;
}

static void leave(struct desk *desk, struct session *session)
{
    session->skip = 0;
    session->stop = NO_STOP;
    if (desk->n > 1)
        return;
    self(desk)->empty_since = desk->time->now;
    become_idle(self(desk));
}

/* The date is made once a second, not once a record. */
static const char *stamp(struct room *room)
{
    if (room->stamp_of != room->desk.time->wall || !room->stamp[0]) {
        time_t wall = (time_t)room->desk.time->wall;
        struct tm tm;
        localtime_r(&wall, &tm);
        strftime(room->stamp, sizeof room->stamp, "%T %D", &tm);
        room->stamp_of = room->desk.time->wall;
    }
    return room->stamp;
}

/* What a message costs in the file: author TAB stamp NL text CR. */
static size_t record_size(const struct session *session, struct span text)
{
    return session->name->n + 1u + STAMP_LENGTH + 1u + text.n + 1u;
}

/* Writes the record, its CR included, where it has the room. */
static void write_record(struct room *room, char *at, const struct session *session, struct span text)
{
    at = mempcpy(at, session->name->text, session->name->n);
    *at++ = '\t';
    at = mempcpy(at, stamp(room), STAMP_LENGTH);
    *at++ = '\n';
    at = mempcpy(at, text.at, text.n);
    *at = RECORD_END;
}

/* The tail is kept while somebody is behind; when all have everything its memory is used from the beginning again.
 * How much is kept depends on how many it serves, so that a client costs the same wherever it is. */
static void prepare_tail(struct room *room)
{
    uint64_t most = (uint64_t)room->desk.n * TAIL_SHARE;
    if (most > TAIL_MAX)
        most = TAIL_MAX;
    if (room->desk.front == room->desk.n)
        tail_clear(&room->tail);
    else if (room->tail.frames.n > most && !WITHOUT_TAIL_MAX)
        tail_shrink(&room->tail, (uint32_t)most / 2);
}

/* Takes a message into this turn. False without memory; then nothing of it is left. */
static bool gather(struct room *room, struct session *session, struct span text)
{
    size_t size = record_size(session, text);
    uint64_t file = room->history.committed + room->gather.n;
    if (room->gather.n == 0)
        prepare_tail(room);
    if (!buf_reserve(&room->gather, size))
        return false;
    char *record = room->gather.at + room->gather.n;
    write_record(room, record, session, text);
    if (!tail_add(&room->tail, session->door, (struct span){record, size - 1}, file, size))
        return false;
    room->gather.n += (uint32_t)size;
    session->unsettled++;
    return true;
}

/* The sender may send `rate_limit` messages in each second that begins with one. Takes one of them, or says that there
 * is none left. The sentence is good until the next call for this room. */
static const char *too_fast(struct desk *desk, struct session *session)
{
    struct room *room = self(desk);
    if (!desk->limits->rate_limit || WITHOUT_RATE_LIMIT)
        return NULL;
    if (session->tokens_at == 0 || desk->time->now - session->tokens_at >= SECOND) {
        session->tokens_at = desk->time->now;
        session->tokens = desk->limits->rate_limit;
    }
    if (session->tokens == 0) {
        snprintf(room->sentence, sizeof room->sentence, SAY_TOO_FAST, desk->limits->rate_limit);
        return room->sentence;
    }
    session->tokens--;
    return NULL;
}

static bool read_only(const struct room *room)
{
    return !WITHOUT_READ_ONLY && atomic_load_explicit(&room->chat->sync_failed, memory_order_relaxed) != 0;
}

/* Why a message can't be taken, NULL when it has been. */
static const char *take_message(struct room *room, struct session *session, struct span text)
{
    const char *reason = WITHOUT_TEXT_RULES ? NULL : rules_text(text);
    if (!reason && read_only(room))
        reason = SAY_READ_ONLY;
    if (!reason)
        reason = too_fast(&room->desk, session);
    if (!reason && !gather(room, session, text)) {
        snprintf(room->sentence, sizeof room->sentence, SAY_NOT_STORED, strerror(ENOMEM));
        reason = room->sentence;
    }
    return reason;
}

static struct go send_message(struct desk *desk, struct session *session, struct span text)
{
    struct room *room = self(desk);
    bool full = !WITHOUT_GATHER_MAX && room->gather.n && room->gather.n + record_size(session, text) > GATHER_MAX;
    if (full)
        return (struct go){LATER, NULL};
    const char *reason = take_message(room, session, text);
    if (!reason)
        return desk_stay();
    if (session->unsettled && !WITHOUT_LATER_REFUSALS) /* a refusal is an answer, and waits its turn like one */
        return (struct go){LATER, NULL};
    desk_refuse(desk, session, SEND_MESSAGE, reason);
    return desk_stay();
}

static struct session *find_member(const struct desk *desk, struct span name)
{
    for (uint32_t i = 0; i < desk->n; i++) {
        struct session *session = desk->people[i];
        if (!session->dead && session->next.to == STAY && span_equal(name_text(session->name), name))
            return session;
    }
    return NULL;
}

/* Says that the one who was asked for can't have the message. */
static void not_delivered(struct desk *desk, struct session *session, const char *form, struct span name)
{
    char sentence[USER_BYTES_MAX + 32];
    snprintf(sentence, sizeof sentence, form, (int)name.n, name.at);
    desk_refuse(desk, session, PRIVATE_MESSAGE, sentence);
}

static void deliver(struct desk *desk, struct session *from, struct session *to, struct span text)
{
    size_t size = record_size(from, text);
    char *record = malloc(size);
    if (!record) {
        desk_refuse(desk, from, PRIVATE_MESSAGE, strerror(ENOMEM));
        return;
    }
    write_record(self(desk), record, from, text);
    struct span shown = {record, size - 1};
    desk_answer(desk, from, PRIVATE_MESSAGE, SUCCESS, shown);
    if (to != from)
        desk_tell(desk, to, PRIVATE_MESSAGE, shown);
    free(record);
}

/* Why a private message can't be sent, NULL when it can. */
static const char *refuse_private(struct desk *desk, struct session *session, struct span name, struct span said)
{
    const char *reason = rules_text(said);
    if (!reason)
        reason = rules_user(name);
    return reason ? reason : too_fast(desk, session);
}

static struct go private_message(struct desk *desk, struct session *session, const struct request *request)
{
    struct span text = request->text;
    const char *end = text.n ? memchr(text.at, '\n', text.n) : NULL;
    if (!end) {
        desk_refuse(desk, session, PRIVATE_MESSAGE, SAY_PRIVATE_FORM);
        return desk_stay();
    }
    struct span name = {text.at, (size_t)(end - text.at)};
    struct span said = {end + 1, text.n - name.n - 1};
    if (desk_too_long(desk, session, request, said))
        return desk_stay();
    const char *reason = refuse_private(desk, session, name, said);
    if (reason) {
        desk_refuse(desk, session, PRIVATE_MESSAGE, reason);
        return desk_stay();
    }
    struct session *to = find_member(desk, name);
    if (to && to->out.n >= OUT_MAX && !to->blocked) /* it may just not have had its turn */
        to->dead = !feed_send(desk, to);
    if (!to)
        not_delivered(desk, session, SAY_NOT_HERE, name);
    else if (to->out.n >= OUT_MAX && !WITHOUT_PRIVATE_MAX)
        not_delivered(desk, session, SAY_NOT_READING, name);
    else
        deliver(desk, session, to, said);
    return desk_stay();
}

static struct go serve(struct desk *desk, struct session *session, const struct request *request)
{
    if (request->kind == SEND_MESSAGE && request->text.n <= desk->limits->max_message)
        return send_message(desk, session, request->text);
    if (session->unsettled && !WITHOUT_LATER) /* what follows a message waits until it is stored */
        return (struct go){LATER, NULL};
    if (request->kind == PRIVATE_MESSAGE)
        return private_message(desk, session, request);
    if (desk_too_long(desk, session, request, request->text))
        return desk_stay();
    if (request->kind == LEAVE_CHAT)
        return (struct go){LOBBY, NULL};
    return desk_serve_anywhere(desk, session, request);
}

/* Nothing of the turn is kept; every sender is told so, once for each message. */
static void refuse_turn(struct room *room, int error)
{
    struct desk *desk = &room->desk;
    if (!WITHOUT_TAIL_CUT)
        tail_cut(&room->tail, room->history.committed);
    log_at(LOG_ERROR, desk->label, "Could not store messages", LOG_S("chat", chat_name(room->chat)),
           LOG_C("error", strerror(error)), LOG_N("bytes", room->gather.n));
    if (read_only(room))
        snprintf(room->not_stored, sizeof room->not_stored, "%s", SAY_READ_ONLY);
    else
        snprintf(room->not_stored, sizeof room->not_stored, SAY_NOT_STORED, strerror(error));
    for (struct list *link = desk->changed.next; link != &desk->changed; link = link->next) {
        struct session *session = list_entry(link, struct session, changed);
        if (session->unsettled)
            feed_fall_behind(room, session);
        session->refusals += session->unsettled;
    }
}

static void all_settled(struct room *room)
{
    struct desk *desk = &room->desk;
    for (struct list *link = desk->changed.next; link != &desk->changed; link = link->next)
        list_entry(link, struct session, changed)->unsettled = 0;
}

static void settle(struct desk *desk)
{
    struct room *room = self(desk);
    struct history *history = &room->history;
    uint64_t from = history->committed;
    if (room->gather.n == 0)
        return;
    if (WITHOUT_APPEND_BEFORE_SHOW)
        feed_front(room, from);
    int error = WITHOUT_READ_ONLY ? 0 : atomic_load(&room->chat->sync_failed);
    if (!error)
        error = history_append(history, room->chat, buf_span(&room->gather), desk->limits->sync == SYNC_ALWAYS);
    if (error) {
        refuse_turn(room, error);
    } else {
        if (!history->dirty)
            history->dirty_since = desk->time->now;
        history->dirty = desk->limits->sync == SYNC_PERIOD;
        if (!WITHOUT_APPEND_BEFORE_SHOW)
            feed_front(room, from);
    }
    all_settled(room);
    room->gather.n = 0;
}

static int64_t tick(struct desk *desk)
{
    struct room *room = self(desk);
    if (read_only(room) && !room->said_read_only) {
        room->said_read_only = true;
        log_at(LOG_ERROR, desk->label, "A sync failed, the chat is read-only", LOG_S("chat", chat_name(room->chat)),
               LOG_C("error", strerror(atomic_load(&room->chat->sync_failed))));
    }
    int64_t sync = room->history.dirty && desk->limits->sync == SYNC_PERIOD
                       ? room->history.dirty_since + desk->limits->sync_period
                       : NEVER;
    int64_t end = desk->n == 0 ? room->empty_since + desk->limits->room_linger : NEVER;
    return sync < end ? sync : end;
}

struct room *room_new(const struct limits *limits, const struct folder *folder, struct chat *chat,
                      struct idle_rooms *idle_rooms)
{
    static const struct desk_ops ops = {.arrive = arrive,
                                        .serve = serve,
                                        .depart = depart,
                                        .leave = leave,
                                        .settle = settle,
                                        .send = feed_send,
                                        .owes = feed_owes,
                                        .answer_at = answer_at,
                                        .tick = tick,
                                        .late = desk_late};
    struct room *room = calloc(1, sizeof *room);
    if (!room)
        return NULL;
    desk_init(&room->desk, &ops, "room", ROOM, limits);
    room->chat = chat;
    room->folder = folder;
    room->history.fd = -1;
    room->idle_rooms = idle_rooms;
    become_idle(room);
    return room;
}

int room_free(struct room *room, bool *dirty)
{
    *dirty = room->history.dirty && !WITHOUT_SYNC_AT_THE_END;
    int fd = history_release(&room->history, room->chat);
    feed_forget(room);
    become_busy(room);
    tail_free(&room->tail);
    buf_free(&room->gather);
    desk_free(&room->desk);
    free(room);
    return fd;
}

bool room_sync_due(const struct room *room, int64_t now)
{
    return room->history.dirty && room->desk.limits->sync == SYNC_PERIOD &&
           now >= room->history.dirty_since + room->desk.limits->sync_period;
}

void room_sync_asked(struct room *room, int64_t now, bool accepted)
{
    room->history.dirty = !accepted || WITHOUT_SYNC_AGAIN;
    room->history.dirty_since = WITHOUT_SYNC_AGAIN ? NEVER / 2 : now;
}
