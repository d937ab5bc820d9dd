/* A small architecture for tests. */
#include "tests/unit/desks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/net.h"
#include "common/protocol.h"
#include "server/chat/names.h"
#include "server/door/wire.h"

enum { TURNS_MAX = 2000000 /* more than any test needs: it goes round and round */ };

/* ---- The hall ---- */

static void add_desk(struct hall *hall, struct desk *desk)
{
    desk->scratch = hall->scratch;
    desk->count = &hall->count;
    desk->time = &hall->time;
    desk->runner = &hall->busy;
    desk->deadline = NEVER;
}

void hall_open_at(struct hall *hall, const char *path)
{
    struct catalog_note *notes;
    *hall = (struct hall){.limits = {.max_message = MESSAGE_MAX_DEFAULT,
                                     .max_clients = PERSONS_MAX,
                                     .max_chats = 10000,
                                     .room_linger = 3600 * SECOND,
                                     .name_timeout = PATIENCE * SECOND}};
    hall->time = (struct moment){.now = 1000 * SECOND, .wall = 1750000000};
    hall->scratch = calloc(1, sizeof *hall->scratch);
    assert_non_null(hall->scratch);
    hall->epoll = epoll_create1(EPOLL_CLOEXEC);
    assert_true(hall->epoll >= 0);
    list_init(&hall->idle.list);
    list_init(&hall->busy);
    list_init(&hall->waiting);
    snprintf(hall->path, sizeof hall->path, "%s", path);
    assert_null(catalog_load(&hall->catalog, path, &notes));
    catalog_notes_free(notes);
    name_init(&hall->name, &hall->limits);
    lobby_init(&hall->lobby, &hall->limits, &hall->catalog);
    bye_init(&hall->bye, &hall->limits);
    add_desk(hall, &hall->name.desk);
    add_desk(hall, &hall->lobby.desk);
    add_desk(hall, &hall->bye.desk);
}

void hall_open(struct hall *hall)
{
    char path[FILES_PATH];
    files_open(path);
    hall_open_at(hall, path);
}

static void release(struct hall *hall, struct session *session)
{
    for (uint32_t i = 0; i < hall->n; i++) {
        if (hall->persons[i]->session == session)
            hall->persons[i]->session = NULL;
    }
    names_release(&hall->name.names, &session->name);
    net_close(session->fd);
    session_free(session);
}

void hall_end_room(struct hall *hall, const char *chat)
{
    struct chat *entry = catalog_find(&hall->catalog, span_of(chat));
    bool dirty;
    assert_int_equal(entry->room->desk.n, 0);
    int fd = room_free(entry->room, &dirty);
    if (fd >= 0)
        close(fd);
    entry->room = NULL;
}

static void clear_desk(struct hall *hall, struct desk *desk)
{
    while (desk->n > 0) {
        struct session *session = desk->people[desk->n - 1];
        desk_unseat(desk, session);
        release(hall, session);
    }
}

void hall_close(struct hall *hall)
{
    clear_desk(hall, &hall->name.desk);
    clear_desk(hall, &hall->lobby.desk);
    clear_desk(hall, &hall->bye.desk);
    for (uint32_t i = 0; i < hall->catalog.n; i++) {
        struct chat *chat = hall->catalog.chats[i];
        if (!chat->room)
            continue;
        clear_desk(hall, &chat->room->desk);
        hall_end_room(hall, chat->name);
    }
    desk_free(&hall->name.desk);
    desk_free(&hall->lobby.desk);
    desk_free(&hall->bye.desk);
    for (uint32_t i = 0; i < hall->n; i++) {
        if (hall->persons[i]->session) /* still on its way */
            release(hall, hall->persons[i]->session);
    }
    for (uint32_t i = 0; i < hall->n; i++) {
        person_close(hall->persons[i]);
        buf_free(&hall->persons[i]->heard);
        free(hall->persons[i]);
    }
    catalog_close(&hall->catalog);
    tail_free(&hall->scratch->window);
    free(hall->scratch->file);
    free(hall->scratch);
    close(hall->epoll);
    files_close(hall->path);
}

struct room *hall_room(struct hall *hall, const char *chat)
{
    struct chat *entry = catalog_find(&hall->catalog, span_of(chat));
    assert_non_null(entry);
    if (!entry->room) {
        entry->room = room_new(&hall->limits, &hall->catalog.folder, entry, &hall->idle);
        assert_non_null(entry->room);
        add_desk(hall, &entry->room->desk);
    }
    return entry->room;
}

/* ---- A turn ---- */

static void again(struct hall *hall)
{
    for (struct list *link = hall->busy.next, *next; link != &hall->busy; link = next) {
        next = link->next;
        desk_again(list_entry(link, struct desk, busy));
    }
}

static void add_if_due(struct hall *hall, struct desk *desk)
{
    if (desk->deadline <= hall->time.now)
        list_append_once(&hall->busy, &desk->busy);
}

static void add_due(struct hall *hall)
{
    add_if_due(hall, &hall->name.desk);
    add_if_due(hall, &hall->lobby.desk);
    add_if_due(hall, &hall->bye.desk);
    for (uint32_t i = 0; i < hall->catalog.n; i++) {
        if (hall->catalog.chats[i]->room)
            add_if_due(hall, &hall->catalog.chats[i]->room->desk);
    }
}

static void watch(struct hall *hall)
{
    struct epoll_event events[EVENTS_MAX];
    int n = epoll_wait(hall->epoll, events, EVENTS_MAX, 0);
    for (int i = 0; i < n; i++) {
        struct session *session = events[i].data.ptr;
        uint32_t what = events[i].events;
        desk_event(session->desk, session,
                   (what & ~(uint32_t)EPOLLOUT ? EVENT_IN : 0u) | (what & ~(uint32_t)EPOLLIN ? EVENT_OUT : 0u));
    }
}

static void apply(struct hall *hall, struct session *session)
{
    struct epoll_event event = {.events = (session->want & WANT_IN ? EPOLLIN : 0u) |
                                          (session->want & WANT_OUT ? EPOLLOUT : 0u),
                                .data.ptr = session};
    int operation = session->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;
    assert_int_equal(epoll_ctl(hall->epoll, operation, session->fd, &event), 0);
    session->armed = session->want;
    session->watched = true;
}

static void forget(struct hall *hall, struct session *session)
{
    if (session->watched)
        assert_int_equal(epoll_ctl(hall->epoll, EPOLL_CTL_DEL, session->fd, NULL), 0);
    session->watched = false;
    session->armed = 0;
}

static void finish(struct hall *hall, struct desk *desk, struct list *gone)
{
    struct list *link;
    desk->deadline = desk_finish(desk);
    assert_true(list_empty(&desk->again) || desk->deadline == hall->time.now);
    while ((link = list_pop(&desk->changed))) {
        struct session *session = list_entry(link, struct session, changed);
        if (desk_gone(session)) {
            forget(hall, session);
            list_append(gone, link);
            continue;
        }
        assert_ptr_equal(session->desk, desk);
        assert_true(session->want != session->armed || !session->watched);
        apply(hall, session);
    }
    if (!list_empty(&desk->again))
        list_append_once(&hall->busy, &desk->busy);
}

static void carry(struct hall *hall, struct session *session)
{
    hall->carried++;
    switch (session->next.to) {
    case NAME:
        desk_take(&hall->name.desk, session);
        break;
    case LOBBY:
        desk_take(&hall->lobby.desk, session);
        break;
    case ROOM:
        desk_take(&hall_room(hall, session->next.chat->name)->desk, session);
        break;
    case BYE:
        desk_take(&hall->bye.desk, session);
        break;
    case GATE:
        release(hall, session);
        break;
    case STAY:
    case LATER:
        fail_msg("a session goes nowhere");
    }
}

bool hall_turn(struct hall *hall)
{
    struct list gone, busy, *link;
    list_init(&gone);
    list_init(&busy);
    again(hall);
    watch(hall);
    add_due(hall);
    list_move_all(&busy, &hall->busy);
    bool worked = !list_empty(&busy);
    while ((link = list_pop(&busy)))
        finish(hall, list_entry(link, struct desk, busy), &gone);
    list_move_all(&hall->waiting, &gone);
    if (!hall->held)
        list_move_all(&gone, &hall->waiting);
    while ((link = list_pop(&gone)))
        carry(hall, list_entry(link, struct session, changed));
    return worked || !list_empty(&hall->busy);
}

void hall_run(struct hall *hall)
{
    for (int turns = 0; hall_turn(hall); turns++)
        assert_true(turns < TURNS_MAX);
}

void hall_talk(struct hall *hall)
{
    for (bool heard = true; heard;) {
        heard = false;
        hall_run(hall);
        for (uint32_t i = 0; i < hall->n; i++) {
            uint32_t before = hall->persons[i]->heard.n;
            person_hear(hall->persons[i]);
            heard |= hall->persons[i]->heard.n != before;
        }
    }
}

void hall_rest(struct hall *hall)
{
    hall_talk(hall);
    assert_int_equal(counter_get(&hall->count.due), 0);
}

int64_t hall_deadline(const struct hall *hall)
{
    int64_t first = hall->name.desk.deadline;
    if (hall->lobby.desk.deadline < first)
        first = hall->lobby.desk.deadline;
    if (hall->bye.desk.deadline < first)
        first = hall->bye.desk.deadline;
    for (uint32_t i = 0; i < hall->catalog.n; i++) {
        const struct room *room = hall->catalog.chats[i]->room;
        if (room && room->desk.deadline < first)
            first = room->desk.deadline;
    }
    return first;
}

/* ---- Coming in ---- */

struct person *hall_enter(struct hall *hall)
{
    int ends[2];
    struct person *person = calloc(1, sizeof *person);
    assert_non_null(person);
    assert_true(hall->n < PERSONS_MAX);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    if (hall->send_buffer)
        assert_int_equal(setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &hall->send_buffer, sizeof hall->send_buffer), 0);
    person->fd = ends[1];
    person->session = session_new(ends[0], &door_wire);
    assert_non_null(person->session);
    hall->persons[hall->n++] = person;
    desk_take(&hall->name.desk, person->session);
    return person;
}

struct person *hall_enter_as(struct hall *hall, const char *name, const char *chat)
{
    struct person *person = hall_enter(hall);
    person_say(person, SET_NAME, name);
    hall_talk(hall);
    if (chat && !catalog_find(&hall->catalog, span_of(chat)))
        person_say(person, CREATE_CHAT, chat);
    if (chat)
        person_say(person, CONNECT_CHAT, chat);
    hall_talk(hall);
    person_skip(person);
    return person;
}
