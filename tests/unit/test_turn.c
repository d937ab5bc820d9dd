/* Tests of the turn: what a session waits for, who is served without an event, timers, and the order to close. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "common/net.h"
#include "common/protocol.h"
#include "server/chat/names.h"
#include "tests/unit/hall.h"

/* Chats whose list is many times as long as a narrow socket takes at once. */
static void make_chats(int n)
{
    char name[128];
    for (int i = 0; i < n; i++) {
        snprintf(name, sizeof name, "%060d", i);
        assert_non_null(catalog_create(&hall.catalog, span_of(name)));
    }
}

static void assert_lists(struct person *person)
{
    struct answer answer;
    assert_true(person_next(person, &answer));
    assert_int_equal(answer.request, GET_CHATS);
    assert_int_equal(answer.response, SUCCESS);
    assert_true(span_equal(answer.text, catalog_list(&hall.catalog, hall.catalog.n)));
}

static void say_often(struct person *person, int32_t request, const char *text, int times)
{
    struct buf script = {0};
    for (int i = 0; i < times; i++)
        script_add(&script, request, span_of(text));
    person_say_script(person, &script);
}

static void at_rest_everybody_waits_for_input(void **state)
{
    (void)state;
    struct person *persons[] = {hall_enter(&hall), hall_enter_as(&hall, "ann", NULL), hall_enter_as(&hall, "bob", "c")};
    hall_rest(&hall);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(persons[i]->session->want, WANT_IN);
        assert_int_equal(persons[i]->session->armed, WANT_IN);
    }
    assert_int_equal(counter_get(&hall.count.people), 3);
    assert_false(hall_turn(&hall));
}

/* As long as the answer to one request has not gone nothing is served, and nothing is read. */
static void who_does_not_read_is_not_served(void **state)
{
    (void)state;
    make_chats(300);
    hall.send_buffer = NARROW;
    struct person *ann = hall_enter_as(&hall, "ann", NULL);
    for (int i = 0; i < 5; i++)
        person_say(ann, GET_CHATS, "");
    hall_run(&hall);
    assert_int_equal(ann->session->want, WANT_OUT);
    assert_int_equal(counter_get(&hall.count.due), 1);
    uint64_t requests = counter_get(&hall.count.requests);
    say_often(ann, SET_NAME, "ann", 100);
    hall_run(&hall);
    assert_int_equal(counter_get(&hall.count.requests), requests);
    assert_int_equal(ann->session->want, WANT_OUT);
    hall_rest(&hall);
    for (int i = 0; i < 5; i++)
        assert_lists(ann);
    for (int i = 0; i < 100; i++)
        assert_hears(ann, SET_NAME, FAILURE, say_misplaced[SET_NAME]);
    assert_quiet(ann);
    assert_int_equal(ann->session->want, WANT_IN);
}

/* The same for answers that are kept until they have gone: at most one waits, whatever was asked for. */
static void who_does_not_read_is_kept_one_answer(void **state)
{
    (void)state;
    enum { MANY = 2000 };
    hall.send_buffer = NARROW;
    struct person *ann = hall_enter_as(&hall, "ann", NULL);
    say_often(ann, RECEIVE_MESSAGE, "", MANY);
    hall_run(&hall);
    assert_int_equal(ann->session->own, 1);
    assert_true(ann->session->out.n <= sizeof(struct answer_head) + SERVER_HEADER + strlen(SAY_WRONG_REQUEST));
    hall_rest(&hall);
    for (int i = 0; i < MANY; i++)
        assert_hears(ann, WRONG_REQUEST, FAILURE, SAY_WRONG_REQUEST);
    assert_quiet(ann);
}

/* A list that nobody asked for keeps nobody from being served: OUT and IN. */
static void a_push_is_no_reason_to_be_deaf(void **state)
{
    (void)state;
    make_chats(300);
    hall.send_buffer = NARROW;
    struct person *ann = hall_enter_as(&hall, "ann", NULL), *bob = hall_enter_as(&hall, "bob", NULL);
    person_say(bob, CREATE_CHAT, "new");
    hall_run(&hall);
    assert_int_equal(ann->session->want, WANT_IN | WANT_OUT);
    hall_rest(&hall);
    assert_lists(ann);
    assert_quiet(ann);
}

/* In one turn at most SERVE_MAX requests of one session are served; the next one is not delayed by the rest. */
static void one_does_not_keep_the_others_waiting(void **state)
{
    (void)state;
    enum { MANY = 2 * SERVE_MAX + 5 };
    struct person *ann = hall_enter_as(&hall, "ann", "c"), *bob = hall_enter_as(&hall, "bob", "c");
    say_often(ann, SEND_MESSAGE, "a", MANY);
    uint64_t before = counter_get(&hall.count.requests);
    person_say(bob, LEAVE_CHAT, "");
    for (bool restless = true; restless;) {
        restless = hall_turn(&hall);
        uint64_t now = counter_get(&hall.count.requests);
        assert_true(now - before <= SERVE_MAX + 1);
        if (now - before > 0)
            assert_ptr_not_equal(bob->session->desk, &hall_room(&hall, "c")->desk);
        if (ann->session->again.next)
            assert_int_equal(hall_deadline(&hall), hall.time.now);
        before = now;
        person_hear(ann);
    }
    hall_rest(&hall);
    for (int i = 0; i < MANY; i++)
        assert_hears_record(ann, RECEIVE_MESSAGE, "ann", "a");
    assert_quiet(ann);
    assert_int_not_equal(hall_deadline(&hall), hall.time.now);
}

/* Who stands on the again list has input left: nothing more is read meanwhile. */
static void nothing_is_read_while_input_is_left(void **state)
{
    (void)state;
    enum { MANY = 3 * SERVE_MAX };
    struct person *ann = hall_enter_as(&hall, "ann", "c");
    say_often(ann, SEND_MESSAGE, "", MANY);
    while (hall_turn(&hall)) {
        if (ann->session && ann->session->again.next)
            assert_false(ann->session->want & WANT_IN);
        person_hear(ann);
    }
}

static void the_end_of_input_comes_last(void **state)
{
    (void)state;
    enum { MANY = SERVE_MAX + 3 };
    struct person *ann = hall_enter_as(&hall, "ann", NULL);
    say_often(ann, GET_CHATS, "", MANY);
    person_say_bytes(ann, "half", 4);
    shutdown(ann->fd, SHUT_WR);
    hall_rest(&hall);
    for (int i = 0; i < MANY; i++)
        assert_lists(ann);
    assert_quiet(ann);
    assert_true(ann->ended);
    person_close(ann);
    hall_rest(&hall);
    assert_null(ann->session);
}

/* A hang-up ends a session whatever it waits for. */
static void a_hang_up_ends(void **state)
{
    (void)state;
    make_chats(300);
    hall.send_buffer = NARROW;
    struct person *at_name = hall_enter(&hall), *at_lobby = hall_enter_as(&hall, "ann", NULL);
    struct person *in_room = hall_enter_as(&hall, "bob", "c"), *waiting = hall_enter_as(&hall, "cem", NULL);
    struct person *unserved = hall_enter_as(&hall, "dan", NULL), *half = hall_enter_as(&hall, "eve", NULL);
    person_say(waiting, GET_CHATS, "");
    person_say(unserved, GET_CHATS, "");
    hall_run(&hall);
    person_say(unserved, GET_CHATS, "");
    person_say_bytes(half, "\0\0\0", 3);
    hall_run(&hall);
    struct person *all[] = {at_name, at_lobby, in_room, waiting, unserved, half};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        person_close(all[i]);
        hall_rest(&hall);
        assert_null(all[i]->session);
        assert_int_equal(counter_get(&hall.count.people), 5 - i);
    }
    assert_null(hall.name.names.by_text);
}

/* A hang-up with very much unread costs no more than a client may cost. */
static void a_hang_up_is_no_reason_to_read_on(void **state)
{
    (void)state;
    static char bytes[150 * 1000];
    struct person *ann = hall_enter_as(&hall, "ann", "c");
    for (int i = 0; i < 100; i++) /* each a message of 1488 tabs */
        protocol_client_header(memset(bytes + i * 1500, '\t', 1500), SEND_MESSAGE, 1500 - CLIENT_HEADER);
    person_say_bytes(ann, bytes, sizeof bytes);
    hall_turn(&hall);
    person_close(ann);
    size_t most = session_bytes_most(&hall.limits);
    while (hall_turn(&hall)) {
        const struct session *session = ann->session;
        if (session)
            assert_true(sizeof *session + session->in.room + session->out.room <= most);
    }
    assert_null(ann->session);
}

static void half_a_frame_has_limited_time(void **state)
{
    (void)state;
    static const char *const chats[] = {NULL, "c"};
    for (size_t i = 0; i < 2; i++) {
        struct person *ann = hall_enter_as(&hall, "ann", chats[i]);
        hall_rest(&hall);
        assert_true(hall_deadline(&hall) >= hall.time.now + 3600 * SECOND);
        person_say_bytes(ann, "\3\0\0\0\2", 5);
        hall_rest(&hall);
        int64_t end = hall.time.now + PATIENCE * SECOND;
        assert_int_equal(hall_deadline(&hall), end);
        /* More of it is no reason to wait longer. */
        for (int k = 0; k < 3; k++) {
            hall.time.now += SECOND;
            person_say_bytes(ann, "", 1);
            hall_rest(&hall);
            assert_int_equal(hall_deadline(&hall), end);
        }
        hall.time.now = end - 1;
        assert_false(hall_turn(&hall));
        assert_quiet(ann);
        hall.time.now = end;
        hall_rest(&hall);
        assert_hears(ann, WRONG_REQUEST, FAILURE, SAY_FRAME_TOO_SLOW);
        assert_quiet(ann);
        assert_true(ann->ended);
        person_close(ann);
        hall_rest(&hall);
    }
}

static void every_whole_request_gives_new_time(void **state)
{
    (void)state;
    static const char whole_and_half[] = "\x08\0\0\0\0\0\0\0\0\0\0\0\x08\0\0\0\0\0";
    enum { WHOLE = CLIENT_HEADER, HALF = 6 };
    struct person *ann = hall_enter_as(&hall, "ann", NULL);
    person_say_bytes(ann, whole_and_half, WHOLE + HALF);
    hall_rest(&hall);
    assert_int_equal(hall_deadline(&hall), hall.time.now + PATIENCE * SECOND);
    for (int i = 0; i < 5; i++) {
        hall.time.now += (PATIENCE - 1) * SECOND;
        /* The other half, and half of the next one. */
        person_say_bytes(ann, whole_and_half + HALF, WHOLE);
        hall_rest(&hall);
        assert_int_equal(hall_deadline(&hall), hall.time.now + PATIENCE * SECOND);
    }
    person_say_bytes(ann, whole_and_half + HALF, WHOLE - HALF);
    hall_rest(&hall);
    assert_true(hall_deadline(&hall) == NEVER);
    for (int i = 0; i < 7; i++)
        assert_lists(ann);
    assert_quiet(ann);
}

/* Time runs for a client that could be served, not for one that the server keeps waiting. */
static void no_time_runs_while_nothing_is_served(void **state)
{
    (void)state;
    make_chats(300);
    hall.send_buffer = NARROW;
    struct person *ann = hall_enter_as(&hall, "ann", NULL);
    person_say(ann, GET_CHATS, "");
    person_say_bytes(ann, "\x08\0\0\0\0\0\0\0\0\0\0", 11);
    hall_run(&hall);
    hall.time.now += 2 * PATIENCE * SECOND;
    hall_rest(&hall);
    assert_lists(ann);
    assert_quiet(ann);
    assert_int_equal(hall_deadline(&hall), hall.time.now + PATIENCE * SECOND);
    person_say_bytes(ann, "", 1);
    hall_rest(&hall);
    assert_lists(ann);
}

static void timers_run_out_in_order(void **state)
{
    (void)state;
    struct person *persons[5];
    for (int i = 0; i < 5; i++) {
        persons[i] = hall_enter(&hall);
        hall_rest(&hall);
        hall.time.now += SECOND;
    }
    for (int i = 0; i < 5; i++) {
        hall.time.now = 1000 * SECOND + (PATIENCE + i) * SECOND;
        hall_rest(&hall);
        for (int k = 0; k < 5; k++)
            assert_int_equal(persons[k]->ended, k <= i);
    }
}

/* The server stops: everybody gets what is due and is sent home, and so is whoever arrives; nobody is served. */
static void closing_sends_all_home(void **state)
{
    (void)state;
    struct person *at_name = hall_enter(&hall), *ann = hall_enter_as(&hall, "ann", NULL);
    struct person *bob = hall_enter_as(&hall, "bob", "c"), *late = hall_enter_as(&hall, "cem", NULL);
    hall_rest(&hall);
    person_skip(ann);
    person_skip(late);
    person_say(late, CONNECT_CHAT, "c");
    hall.held = true; /* on its way while the order comes */
    hall_run(&hall);
    desk_close(&hall.name.desk);
    desk_close(&hall.lobby.desk);
    desk_close(&hall_room(&hall, "c")->desk);
    person_say(ann, GET_CHATS, "");
    person_say(bob, SEND_MESSAGE, "too late");
    hall.held = false;
    hall_rest(&hall);
    assert_hears(late, CONNECT_CHAT, SUCCESS, "c");
    struct person *all[] = {at_name, ann, bob, late};
    for (size_t i = 0; i < 4; i++) {
        assert_quiet(all[i]);
        assert_true(all[i]->ended);
        person_close(all[i]);
    }
    struct person *newcomer = hall_enter(&hall);
    hall_rest(&hall);
    assert_quiet(newcomer);
    assert_true(newcomer->ended);
    person_close(newcomer);
    hall_rest(&hall);
    assert_int_equal(counter_get(&hall.count.people), 0);
    assert_null(hall.name.names.by_text);
    files_assert(hall.path, "c.chat", (struct span){0});
}

static void what_is_due_is_sent_before_closing(void **state)
{
    (void)state;
    char text[1000] = {0};
    memset(text, 'x', sizeof text - 1);
    make_chats(300);
    struct person *bob = hall_enter_as(&hall, "bob", "c");
    hall.send_buffer = NARROW;
    struct person *ann = hall_enter_as(&hall, "ann", NULL), *slow = hall_enter_as(&hall, "cem", "c");
    for (int i = 0; i < 50; i++) {
        person_say(bob, SEND_MESSAGE, text);
        hall_run(&hall);
    }
    person_say(ann, GET_CHATS, "");
    hall_run(&hall);
    desk_close(&hall.name.desk);
    desk_close(&hall.lobby.desk);
    desk_close(&hall_room(&hall, "c")->desk);
    hall_rest(&hall);
    assert_lists(ann);
    assert_quiet(ann);
    assert_true(ann->ended);
    for (int i = 0; i < 50; i++)
        assert_hears_record(slow, RECEIVE_MESSAGE, "bob", text);
    assert_quiet(slow);
    assert_true(slow->ended);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HALL_TEST(at_rest_everybody_waits_for_input),
        HALL_TEST(who_does_not_read_is_not_served),
        HALL_TEST(who_does_not_read_is_kept_one_answer),
        HALL_TEST(a_push_is_no_reason_to_be_deaf),
        HALL_TEST(one_does_not_keep_the_others_waiting),
        HALL_TEST(nothing_is_read_while_input_is_left),
        HALL_TEST(the_end_of_input_comes_last),
        HALL_TEST(a_hang_up_ends),
        HALL_TEST(a_hang_up_is_no_reason_to_read_on),
        HALL_TEST(half_a_frame_has_limited_time),
        HALL_TEST(every_whole_request_gives_new_time),
        HALL_TEST(no_time_runs_while_nothing_is_served),
        HALL_TEST(timers_run_out_in_order),
        HALL_TEST(closing_sends_all_home),
        HALL_TEST(what_is_due_is_sent_before_closing),
    };
    return cmocka_run_group_tests_name("unit/turn", tests, NULL, NULL);
}
