/* Tests of the room: one append a turn, answers in their place among the records, and leaving. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/protocol.h"
#include "tests/unit/hall.h"

static int writes;

/* The system's, counted. */
ssize_t pwrite(int fd, const void *buf, size_t n, off_t offset)
{
    writes++;
    return syscall(SYS_pwrite64, fd, buf, n, offset);
}

static struct desk *desk(void)
{
    return &hall_room(&hall, "c")->desk;
}

static void everybody_hears_a_message(void **state)
{
    (void)state;
    struct person *ann = hall_enter_as(&hall, "ann", "c"), *bob = hall_enter_as(&hall, "bob", "c");
    struct person *lobby = hall_enter_as(&hall, "cem", NULL), *other = hall_enter_as(&hall, "dan", "d");
    person_skip(lobby);
    person_say(ann, SEND_MESSAGE, "hello\n\tall");
    hall_rest(&hall);
    person_skip(lobby); /* a chat was made */
    assert_hears_record(ann, RECEIVE_MESSAGE, "ann", "hello\n\tall");
    assert_hears_record(bob, RECEIVE_MESSAGE, "ann", "hello\n\tall");
    assert_quiet(ann);
    assert_quiet(bob);
    assert_quiet(other);
    assert_int_equal(desk()->front, 2);
    struct buf file = files_get(hall.path, "c.chat");
    assert_int_equal(file.n, record_head("ann") + 10 + 1);
    assert_int_equal(file.at[file.n - 1], RECORD_END);
    buf_free(&file);
}

static void one_append_a_turn(void **state)
{
    (void)state;
    enum { EACH = 5 };
    struct person *persons[] = {hall_enter_as(&hall, "ann", "c"), hall_enter_as(&hall, "bob", "c"),
                                hall_enter_as(&hall, "cem", "c")};
    struct buf script[3] = {0};
    for (int i = 0; i < 3; i++) {
        for (int k = 0; k < EACH; k++)
            script_add(&script[i], SEND_MESSAGE, span_of("same"));
        person_say_script(persons[i], &script[i]);
    }
    int all = 0, turns = 0;
    for (bool worked = true; worked; turns++) {
        writes = 0;
        worked = hall_turn(&hall);
        assert_true(writes <= 1);
        all += writes;
        for (int i = 0; i < 3; i++)
            person_hear(persons[i]);
    }
    size_t bytes = 3 * EACH * (record_head("ann") + 5);
    if ((size_t)GATHER_MAX >= bytes && (int)SERVE_MAX >= EACH)
        assert_int_equal(all, 1);
    hall_rest(&hall);
    struct buf heard[3];
    for (int i = 0; i < 3; i++) {
        struct answer answer;
        heard[i] = persons[i]->heard;
        int n = 0;
        while (person_next(persons[i], &answer))
            n++;
        assert_int_equal(n, 3 * EACH);
        assert_int_equal(heard[i].n, heard[0].n);
        assert_memory_equal(heard[i].at, heard[0].at, heard[0].n);
    }
}

/* Requests sent in one piece are answered in their order, whatever has to wait for what. */
static void answers_keep_their_place(void **state)
{
    (void)state;
    char too_long[128];
    static char longer[MESSAGE_MAX_DEFAULT + 1];
    struct buf script = {0};
    struct person *ann = hall_enter_as(&hall, "ann", "c");
    memset(longer, 'x', sizeof longer);
    snprintf(too_long, sizeof too_long, SAY_TEXT_TOO_LONG, (unsigned)MESSAGE_MAX_DEFAULT);
    script_add(&script, SEND_MESSAGE, span_of("one"));
    script_add(&script, SEND_MESSAGE, span_of("two"));
    script_add(&script, GET_CHATS, (struct span){0});
    script_add(&script, SEND_MESSAGE, span_of("a forged\rrecord"));
    script_add(&script, SEND_MESSAGE, span_of("three"));
    script_add(&script, SEND_MESSAGE, (struct span){longer, sizeof longer});
    script_add(&script, 99, (struct span){0});
    script_add(&script, SEND_MESSAGE, span_of("four"));
    script_add(&script, SEND_MESSAGE, (struct span){0});
    script_add(&script, PRIVATE_MESSAGE, span_of("ann\nto myself"));
    script_add(&script, SEND_MESSAGE, span_of("five"));
    script_add(&script, LEAVE_CHAT, (struct span){0});
    script_add(&script, SEND_MESSAGE, span_of("too late"));
    for (uint32_t piece = script.n; piece > 0; piece /= 40) {
        for (uint32_t at = 0; at < script.n; at += piece) {
            person_say_bytes(ann, script.at + at, piece < script.n - at ? piece : script.n - at);
            if (at / piece % 20 == 0)
                hall_talk(&hall);
        }
        hall_rest(&hall);
        assert_hears_record(ann, RECEIVE_MESSAGE, "ann", "one");
        assert_hears_record(ann, RECEIVE_MESSAGE, "ann", "two");
        assert_hears(ann, GET_CHATS, FAILURE, say_misplaced[GET_CHATS]);
        assert_hears(ann, SEND_MESSAGE, FAILURE, SAY_TEXT_RULES);
        assert_hears_record(ann, RECEIVE_MESSAGE, "ann", "three");
        assert_hears(ann, SEND_MESSAGE, FAILURE, too_long);
        assert_hears(ann, WRONG_REQUEST, FAILURE, SAY_WRONG_REQUEST);
        assert_hears_record(ann, RECEIVE_MESSAGE, "ann", "four");
        assert_hears(ann, SEND_MESSAGE, FAILURE, SAY_TEXT_RULES);
        assert_hears_record(ann, PRIVATE_MESSAGE, "ann", "to myself");
        assert_hears_record(ann, RECEIVE_MESSAGE, "ann", "five");
        assert_hears(ann, GET_CHATS, SUCCESS, "c\n");
        assert_hears(ann, SEND_MESSAGE, FAILURE, say_misplaced[SEND_MESSAGE]);
        assert_quiet(ann);
        struct buf file = files_get(hall.path, "c.chat");
        char offset[64];
        snprintf(offset, sizeof offset, "%u\nc", file.n);
        buf_free(&file);
        person_say(ann, CONNECT_FROM, offset);
        hall_rest(&hall);
        assert_hears(ann, CONNECT_CHAT, SUCCESS, "c");
    }
    buf_free(&script);
}

/* An answer comes after the records that were committed before it, and before those that came later. */
static void an_answer_among_records(void **state)
{
    (void)state;
    struct person *bob = hall_enter_as(&hall, "bob", "c");
    hall.send_buffer = NARROW;
    struct person *ann = hall_enter_as(&hall, "ann", "c");
    write_much(bob, 10);
    person_say(bob, PRIVATE_MESSAGE, "ann\nbetween");
    hall_run(&hall);
    write_much(bob, 7);
    person_say(bob, PRIVATE_MESSAGE, "ann\nagain");
    hall_run(&hall);
    write_much(bob, 5);
    assert_true(ann->session->out.n > 0);
    hall_rest(&hall);
    assert_much(ann, "bob", 10);
    assert_hears_record(ann, PRIVATE_MESSAGE, "bob", "between");
    assert_much(ann, "bob", 7);
    assert_hears_record(ann, PRIVATE_MESSAGE, "bob", "again");
    assert_much(ann, "bob", 5);
    assert_quiet(ann);
    assert_int_equal(desk()->front, 2);
}

static void a_slow_one_is_answered_in_its_place(void **state)
{
    (void)state;
    struct person *bob = hall_enter_as(&hall, "bob", "c");
    hall.send_buffer = NARROW;
    struct person *ann = hall_enter_as(&hall, "ann", "c");
    write_much(bob, 10);
    person_say(ann, GET_CHATS, "");
    person_say(ann, SEND_MESSAGE, "mine");
    hall_run(&hall);
    write_much(bob, 5);
    hall_rest(&hall);
    assert_much(ann, "bob", 10);
    assert_hears(ann, GET_CHATS, FAILURE, say_misplaced[GET_CHATS]);
    assert_much(ann, "bob", 5); /* not served while it is owed the answer */
    assert_hears_record(ann, RECEIVE_MESSAGE, "ann", "mine");
    assert_quiet(ann);
}

/* Who leaves is owed what was committed, gets it, unserved, and nothing that came later. */
static void leaving_with_records_owed(void **state)
{
    (void)state;
    for (int how = 0; how < 3; how++) {
        char chat[] = {'c', (char)('0' + how), '\0'}, list[16];
        hall.send_buffer = 0;
        struct person *bob = hall_enter_as(&hall, "bob", chat);
        hall.send_buffer = NARROW;
        struct person *ann = hall_enter_as(&hall, "ann", chat);
        write_much(bob, 10);
        if (how == 0)
            person_say(ann, LEAVE_CHAT, "");
        else if (how == 1)
            person_say(ann, DISCONNECT, "");
        else
            shutdown(ann->fd, SHUT_WR);
        hall_run(&hall);
        if (how < 2)
            person_say(ann, GET_CHATS, ""); /* not served here any more */
        write_much(bob, 5);
        person_say(bob, PRIVATE_MESSAGE, "ann\nare you here?");
        hall_rest(&hall);
        struct answer answer;
        for (uint32_t at = bob->at; person_next(bob, &answer) && answer.request == RECEIVE_MESSAGE; at = bob->at)
            (void)at;
        assert_int_equal(answer.request, PRIVATE_MESSAGE);
        assert_int_equal(answer.response, FAILURE); /* it is not here */
        assert_much(ann, "bob", 10);
        snprintf(list, sizeof list, "%s", how == 0 ? "c0\n" : "");
        if (how == 0) {
            assert_hears(ann, GET_CHATS, SUCCESS, list);
            assert_hears(ann, GET_CHATS, SUCCESS, list);
        } else if (how == 1) {
            assert_hears(ann, DISCONNECT, SUCCESS, "");
        }
        assert_quiet(ann);
        assert_int_equal(ann->ended, how > 0);
        person_close(ann);
        person_close(bob);
        hall_rest(&hall);
    }
}

static void no_list_inside_a_chat(void **state)
{
    (void)state;
    struct person *ann = hall_enter_as(&hall, "ann", "c"), *bob = hall_enter_as(&hall, "bob", NULL);
    person_say(bob, CREATE_CHAT, "d");
    hall_rest(&hall);
    assert_quiet(ann);
    person_say(ann, SEND_MESSAGE, "x");
    person_say(ann, LEAVE_CHAT, "");
    hall_rest(&hall);
    assert_hears_record(ann, RECEIVE_MESSAGE, "ann", "x");
    assert_hears(ann, GET_CHATS, SUCCESS, "c\nd\n");
    assert_quiet(ann);
}

static void requests_at_the_wrong_desk(void **state)
{
    (void)state;
    static const int32_t kinds[] = {SET_NAME, CREATE_CHAT, CONNECT_CHAT, GET_CHATS, CONNECT_FROM};
    static const int32_t wrong[] = {RECEIVE_MESSAGE, WRONG_REQUEST, 11, -1, INT32_MIN};
    struct person *ann = hall_enter_as(&hall, "ann", "c");
    for (size_t i = 0; i < 5; i++) {
        person_say(ann, kinds[i], "x");
        person_say(ann, wrong[i], "x");
    }
    hall_rest(&hall);
    for (size_t i = 0; i < 5; i++) {
        assert_hears(ann, kinds[i], FAILURE, say_misplaced[kinds[i]]);
        assert_hears(ann, WRONG_REQUEST, FAILURE, SAY_WRONG_REQUEST);
    }
    assert_quiet(ann);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HALL_TEST(everybody_hears_a_message),
        HALL_TEST(one_append_a_turn),
        HALL_TEST(answers_keep_their_place),
        HALL_TEST(an_answer_among_records),
        HALL_TEST(a_slow_one_is_answered_in_its_place),
        HALL_TEST(leaving_with_records_owed),
        HALL_TEST(no_list_inside_a_chat),
        HALL_TEST(requests_at_the_wrong_desk),
    };
    return cmocka_run_group_tests_name("unit/room", tests, NULL, NULL);
}
