/* How records reach members. A member is a position in the chat's file; frames are made again whenever they are needed. */
#include "server/desk/feed.h"

#include <errno.h>
#include <stdlib.h>

#include "common/log.h"
#include "common/protocol.h"
#include "server/desk/turn.h"
#include "server/teeth.h"

enum { RECORD_AND_END = RECORD_MAX + 1, MORE = 16 };

static struct room *self(const struct desk *desk)
{
    return (struct room *)(void *)desk;
}

static struct position position_of(const struct session *session)
{
    return (struct position){session->cursor, session->skip};
}

static void set_position(struct session *session, struct position position)
{
    session->cursor = position.record;
    session->skip = WITHOUT_SKIP ? 0 : position.skip;
}

void feed_fall_behind(struct room *room, struct session *session)
{
    if (!desk_in_front(&room->desk, session))
        return;
    desk_to_back(&room->desk, session);
    set_position(session, (struct position){room->history.committed, 0});
}

/* A member that has everything and stays goes in front. */
static void catch_up(struct room *room, struct session *session)
{
    if (session->cursor == room->history.committed && session->skip == 0 && session->out.n == 0 &&
        session->refusals == 0 && session->stop == NO_STOP)
        desk_to_front(&room->desk, session);
}

/* One record of the window's bytes: up to its end, or a piece of a run that has none. Its length in the file. */
static size_t record_length(struct span bytes, bool last)
{
    const char *end = memchr(bytes.at, RECORD_END, bytes.n < RECORD_AND_END ? bytes.n : RECORD_AND_END);
    if (end)
        return (size_t)(end - bytes.at) + 1;
    if (bytes.n >= RECORD_AND_END)
        return RECORD_MAX;
    return last ? bytes.n : 0;
}

static void say_endless(struct room *room, uint64_t file)
{
    if (room->said_endless)
        return;
    room->said_endless = true;
    log_at(LOG_WARN, room->desk.label, "A run without an end is served in pieces", LOG_S("chat", chat_name(room->chat)),
           LOG_N("offset", file));
}

/* Frames whole records of `bytes`, which begin at `file`; at least one if there is one. False without memory. */
static bool frame_all(struct room *room, const struct door *door, struct span bytes, uint64_t file, size_t most)
{
    struct tail *window = &room->desk.scratch->window;
    bool last = file + bytes.n == room->history.committed;
    size_t n;
    tail_clear(window);
    for (size_t done = 0; bytes.n > 0 && (done == 0 || done < most); done += n) {
        n = record_length(bytes, last);
        if (n == 0)
            break;
        bool whole = bytes.at[n - 1] == RECORD_END;
        if (!whole)
            say_endless(room, file);
        if (!tail_add(window, door, (struct span){bytes.at, whole ? n - 1 : n}, file, n))
            return window->n > 0;
        bytes.at += n;
        bytes.n -= n;
        file += n;
    }
    return true;
}

/* Fills the scratch's window with the records from `file` on. False: the file can't be read, or no memory. */
static bool fill_window(struct room *room, const struct door *door, uint64_t file)
{
    struct scratch *scratch = room->desk.scratch;
    scratch->of = NULL;
    if (!scratch->file && !(scratch->file = malloc(RECORD_AND_END)))
        return false;
    /* First a piece of ordinary size; while it holds no whole record, more, up to what one can have. */
    for (size_t size = CHUNK_MAX;; size = size < RECORD_AND_END / MORE ? size * MORE : RECORD_AND_END) {
        ssize_t n = history_read(&room->history, file, scratch->file, size);
        if (n <= 0 || !frame_all(room, door, (struct span){scratch->file, (size_t)n}, file, CHUNK_MAX))
            return false;
        if (scratch->window.n > 0)
            break;
    }
    scratch->of = &room->desk;
    return true;
}

/* Frames that hold the record at `file`: the tail's, or the window's, filled if need be. NULL when they can't be had. */
static const struct tail *frames_at(struct room *room, const struct door *door, uint64_t file)
{
    struct scratch *scratch = room->desk.scratch;
    if (tail_covers(&room->tail, file))
        return &room->tail;
    if (scratch->of == &room->desk && tail_covers(&scratch->window, file))
        return &scratch->window;
    if (fill_window(room, door, file))
        return &scratch->window;
    log_at(LOG_ERROR, room->desk.label, "Can't read a chat's file", LOG_S("chat", chat_name(room->chat)),
           LOG_N("offset", file), LOG_C("error", strerror(errno)));
    return NULL;
}

/* How far this member may be sent records now: to the end, to where it stops, to the next answer's place. */
static uint64_t limit_of(const struct room *room, const struct session *session)
{
    uint64_t limit = room->history.committed;
    if (session->stop < limit)
        limit = session->stop;
    if (session->out.n) {
        uint64_t after = session_answer_head(session).after;
        if (after < limit)
            limit = after;
    }
    return limit;
}

/* Sends records up to the limit, at most *budget bytes. False: the connection is dead. */
static bool send_records(struct room *room, struct session *session, uint64_t limit, size_t *budget)
{
    const struct tail *tail = frames_at(room, session->door, session->cursor);
    if (!tail)
        return false;
    struct span frames = tail_from(tail, position_of(session), limit);
    size_t most = *budget < room->desk.feed ? *budget : room->desk.feed;
    if (frames.n > most && !WITHOUT_FEED_MAX)
        frames.n = most;
    ssize_t n = desk_send(session, frames, (struct span){0});
    if (n < 0)
        return false;
    set_position(session, tail_advance(tail, position_of(session), (size_t)n));
    *budget -= (size_t)n;
    room->desk.feed -= (uint32_t)n;
    return true;
}

bool feed_send(struct desk *desk, struct session *session)
{
    struct room *room = self(desk);
    size_t budget = WITHOUT_DOUBLE_FEED ? FEED_MAX / 4 : FEED_MAX;
    if (desk_in_front(desk, session))
        return true;
    while (!session->blocked) {
        uint64_t limit = limit_of(room, session);
        if (session->skip || session->cursor < limit) {
            if (budget == 0 || desk->feed == 0)
                return true; /* the rest in another turn */
            if (!send_records(room, session, limit, &budget))
                return false;
        } else if (session->out.n) {
            ssize_t n = desk_send(session, session_answer_rest(session), (struct span){0});
            if (n < 0)
                return false;
            session_answer_sent(session, (size_t)n);
        } else if (session->refusals) {
            session->refusals--;
            desk_refuse(desk, session, SEND_MESSAGE, room->not_stored);
        } else {
            break;
        }
    }
    catch_up(room, session);
    return true;
}

bool feed_owes(const struct desk *desk, const struct session *session)
{
    if (desk_in_front(desk, session))
        return false;
    uint64_t end = session->stop < self(desk)->history.committed ? session->stop : self(desk)->history.committed;
    return session->skip || session->refusals || session->cursor < end || (session->out.n && session->next.to == STAY);
}

void feed_front(struct room *room, uint64_t from)
{
    struct desk *desk = &room->desk;
    struct span frames = tail_from(&room->tail, (struct position){from, 0}, UINT64_MAX);
    /* Backwards, so that who falls behind changes places with one who has been served. */
    for (uint32_t i = desk->front; i-- > 0;) {
        struct session *session = desk->people[WITHOUT_FRONT_BACKWARDS ? desk->n - 1 - i : i];
        ssize_t n = desk_send(session, frames, (struct span){0});
        if (n == (ssize_t)frames.n)
            continue;
        desk_to_back(desk, session);
        set_position(session, tail_advance(&room->tail, (struct position){from, 0}, n < 0 ? 0 : (size_t)n));
        desk_touch(desk, session);
    }
}

void feed_forget(struct room *room)
{
    if (room->desk.scratch && room->desk.scratch->of == &room->desk)
        room->desk.scratch->of = NULL;
}
