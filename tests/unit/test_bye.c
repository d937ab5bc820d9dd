/* Tests of the bye desk: last answers, half-close, and the end of its patience. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "common/protocol.h"
#include "tests/unit/hall.h"

static void the_last_word_and_the_end(void **state)
{
    (void)state;
    struct person *ann = hall_enter_as(&hall, "ann", NULL);
    person_say(ann, DISCONNECT, "");
    hall_rest(&hall);
    assert_hears(ann, DISCONNECT, SUCCESS, "");
    assert_quiet(ann);
    assert_true(ann->ended);
    /* The server waits for the client's end, and no longer than it has patience. */
    assert_ptr_equal(ann->session->desk, &hall.bye.desk);
    assert_int_equal(ann->session->want, WANT_IN);
    assert_int_equal(hall_deadline(&hall), hall.time.now + BYE_PATIENCE);
    shutdown(ann->fd, SHUT_WR);
    hall_rest(&hall);
    assert_null(ann->session);
    assert_int_equal(counter_get(&hall.count.people), 0);
}

/* What a client says after its goodbye is read and thrown away, so that its last answers arrive. */
static void what_comes_after_the_goodbye_is_thrown_away(void **state)
{
    (void)state;
    struct person *ann = hall_enter_as(&hall, "ann", NULL);
    person_say(ann, DISCONNECT, "");
    hall_run(&hall);
    for (int i = 0; i < 200; i++) {
        person_say(ann, GET_CHATS, "");
        person_say_bytes(ann, "half", 4);
        hall_run(&hall);
        assert_int_equal(ann->session->in.n, 0);
        assert_null(ann->session->in.at);
    }
    hall_rest(&hall);
    assert_hears(ann, DISCONNECT, SUCCESS, "");
    assert_quiet(ann);
    person_close(ann);
    hall_rest(&hall);
    assert_null(ann->session);
}

static void patience_ends(void **state)
{
    (void)state;
    struct person *ann = hall_enter_as(&hall, "ann", NULL);
    person_say(ann, DISCONNECT, "");
    hall_rest(&hall);
    hall.time.now += BYE_PATIENCE - 1;
    person_say_bytes(ann, "still here", 10); /* is no reason to wait longer */
    hall_rest(&hall);
    assert_non_null(ann->session);
    hall.time.now += 1;
    hall_rest(&hall);
    assert_null(ann->session);
}

/* Answers that the client has not read yet travel with it; who never reads them is given up. */
static void last_answers_to_a_slow_reader(void **state)
{
    (void)state;
    static char text[20000];
    struct buf script = {0};
    memset(text, 'x', sizeof text - 1);
    struct person *bob = hall_enter_as(&hall, "bob", "c");
    hall.send_buffer = NARROW;
    struct person *ann = hall_enter_as(&hall, "ann", "c"), *never = hall_enter_as(&hall, "never", "c");
    script_add(&script, SEND_MESSAGE, span_of(text));
    person_say_script(bob, &script);
    hall_run(&hall);
    person_say(ann, DISCONNECT, "");
    shutdown(never->fd, SHUT_WR);
    hall_run(&hall);
    /* A record that was committed is owed by the room, not by bye. */
    assert_ptr_equal(ann->session->desk, &hall_room(&hall, "c")->desk);
    person_hear(bob);
    while (ann->heard.n == 0 || !ann->ended) {
        hall_run(&hall);
        person_hear_some(ann, 1000);
    }
    assert_hears_record(ann, RECEIVE_MESSAGE, "bob", text);
    assert_hears(ann, DISCONNECT, SUCCESS, "");
    assert_quiet(ann);
    person_close(ann);
    hall_run(&hall);
    assert_null(ann->session);
    person_close(never);
    hall_rest(&hall);
    assert_null(never->session);
}

static void an_answer_bye_still_owes(void **state)
{
    (void)state;
    char name[128], bad[2000];
    struct buf script = {0};
    for (int i = 0; i < 200; i++) {
        snprintf(name, sizeof name, "%060d", i);
        assert_non_null(catalog_create(&hall.catalog, span_of(name)));
    }
    memset(bad, ' ', sizeof bad);
    hall.send_buffer = NARROW;
    struct person *ann = hall_enter_as(&hall, "ann", NULL);
    /* Fills the socket, so that the goodbye itself is what can't be sent. */
    for (int i = 0; i < 30; i++)
        script_add(&script, CREATE_CHAT, (struct span){bad, 1});
    script_add(&script, DISCONNECT, (struct span){0});
    person_say_script(ann, &script);
    hall_run(&hall);
    int64_t before = hall.time.now;
    while (!ann->ended) {
        person_hear_some(ann, 100);
        hall_run(&hall);
        if (ann->session->desk == &hall.bye.desk && ann->session->out.n > 0)
            assert_int_equal(ann->session->want & WANT_OUT, WANT_OUT);
    }
    assert_int_equal(hall_deadline(&hall), before + BYE_PATIENCE);
    for (int i = 0; i < 30; i++)
        assert_hears(ann, CREATE_CHAT, FAILURE, SAY_CHAT_RULES);
    assert_hears(ann, DISCONNECT, SUCCESS, "");
    assert_quiet(ann);
}

static void the_dead_pass_through(void **state)
{
    (void)state;
    struct person *ann = hall_enter_as(&hall, "ann", NULL);
    person_say(ann, DISCONNECT, "");
    person_close(ann);
    hall_rest(&hall);
    assert_null(ann->session);
    assert_true(hall_deadline(&hall) == NEVER);
    assert_int_equal(counter_get(&hall.count.people), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HALL_TEST(the_last_word_and_the_end),
        HALL_TEST(what_comes_after_the_goodbye_is_thrown_away),
        HALL_TEST(patience_ends),
        HALL_TEST(last_answers_to_a_slow_reader),
        HALL_TEST(an_answer_bye_still_owes),
        HALL_TEST(the_dead_pass_through),
    };
    return cmocka_run_group_tests_name("unit/bye", tests, NULL, NULL);
}
