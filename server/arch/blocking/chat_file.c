/* The file of a chat in use: each member reads on from an offset of its own, which is 0 when it comes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "common/protocol.h"
#include "server/arch/blocking/chat_message.h"
#include "server/arch/blocking/talk.h"

enum { RECORD_AND_END = RECORD_MAX + 1 };

/* Sends the first record of some bytes of the file. Its length there, 0 when it is not whole; a run that has no end goes in
 * pieces. */
static size_t send_record(struct room_step *room, struct session *session, struct span bytes, bool last)
{
    const char *end = memchr(bytes.at, RECORD_END, bytes.n);
    size_t n = end ? (size_t)(end - bytes.at) : bytes.n < RECORD_AND_END ? bytes.n : RECORD_MAX;
    if (!end && !last && bytes.n < RECORD_AND_END)
        return 0;
    if (n == RECORD_MAX && !end && !room->said_endless) {
        room->said_endless = true;
        log_at(LOG_WARN, "room", "A run without an end is served in pieces", LOG_S("chat", chat_name(room->chat)),
               LOG_N("offset", session->cursor));
    }
    talk_answer(session, RECEIVE_MESSAGE, SUCCESS, (struct span){bytes.at, n});
    return end ? n + 1 : n;
}

/* Sends whole records of the n bytes in room->file, which stand at the member's offset, and moves it on. */
static void send_records(struct room_step *room, struct session *session, size_t n, bool last)
{
    struct span rest = {room->file, n};
    size_t sent = 1;
    while (rest.n > 0 && sent > 0 && !session->dead) {
        sent = send_record(room, session, rest, last);
        rest.at += sent;
        rest.n -= sent;
        session->cursor += sent;
    }
}

void chat_file_feed(struct room_step *room, struct session *session)
{
    uint64_t end = session->stop < room->history.committed ? session->stop : room->history.committed;
    while (!session->dead && session->cursor < end) {
        size_t most = end - session->cursor < RECORD_AND_END ? (size_t)(end - session->cursor) : RECORD_AND_END;
        if (!room->file)
            room->file = malloc(RECORD_AND_END);
        errno = ENOMEM;
        ssize_t n = room->file ? history_read(&room->history, session->cursor, room->file, most) : -1;
        if (n <= 0) {
            log_at(LOG_ERROR, "room", "Can't read a chat's file", LOG_S("chat", chat_name(room->chat)),
                   LOG_N("offset", session->cursor), LOG_C("error", strerror(errno)));
            session->dead = true;
            return;
        }
        send_records(room, session, (size_t)n, session->cursor + (uint64_t)n == end);
    }
}

int chat_file_open(struct room_step *room)
{
    if (room->history.fd >= 0)
        return 0;
    int error = history_open(&room->history, &room->step.house->server->catalog.folder, room->chat);
    if (error)
        log_at(LOG_ERROR, "room", "Can't open a chat's file", LOG_S("chat", chat_name(room->chat)),
               LOG_C("error", strerror(error)));
    return error;
}

static void sync_now(struct room_step *room)
{
    int error = history_sync_file(room->history.fd, room->chat);
    room->history.dirty = false;
    if (error)
        log_at(LOG_ERROR, "room", "A sync failed, the chat is read-only", LOG_S("chat", chat_name(room->chat)),
               LOG_C("error", strerror(error)));
}

void chat_file_close(struct room_step *room)
{
    if (room->history.dirty)
        sync_now(room);
    int fd = history_release(&room->history, room->chat);
    if (fd >= 0)
        close(fd);
    buf_free(&room->record);
    free(room->file);
    room->file = NULL;
}

void chat_file_tend(struct room_step *room)
{
    const struct history *history = &room->history;
    if (history->dirty && clock_now() >= history->dirty_since + room->step.house->limits->sync_period)
        sync_now(room);
}

int chat_file_append(struct room_step *room)
{
    struct history *history = &room->history;
    enum sync_level sync = room->step.house->limits->sync;
    int error = history_append(history, room->chat, buf_span(&room->record), sync == SYNC_ALWAYS);
    if (!error && !history->dirty && sync == SYNC_PERIOD) {
        history->dirty = true;
        history->dirty_since = clock_now();
    }
    return error;
}
