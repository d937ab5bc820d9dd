/* Tests of private messages: to whom they go, whom they don't reach, and what they may cost their reader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/protocol.h"
#include "tests/unit/hall.h"

static void only_the_two_hear_it(void **state)
{
    (void)state;
    struct person *ann = hall_enter_as(&hall, "ann", "c"), *bob = hall_enter_as(&hall, "bob", "c");
    struct person *cem = hall_enter_as(&hall, "cem", "c");
    person_say(ann, PRIVATE_MESSAGE, "bob\nfor you\nalone");
    person_say(ann, PRIVATE_MESSAGE, "ann\nto myself, once");
    hall_rest(&hall);
    assert_hears_record(ann, PRIVATE_MESSAGE, "ann", "for you\nalone");
    assert_hears_record(ann, PRIVATE_MESSAGE, "ann", "to myself, once");
    assert_hears_record(bob, PRIVATE_MESSAGE, "ann", "for you\nalone");
    assert_quiet(ann);
    assert_quiet(bob);
    assert_quiet(cem);
    files_assert(hall.path, "c.chat", (struct span){0}); /* and it is kept nowhere */
    assert_int_equal(hall_room(&hall, "c")->desk.front, 3);
}

static void who_is_not_here(void **state)
{
    (void)state;
    struct person *ann = hall_enter_as(&hall, "ann", "c"), *elsewhere = hall_enter_as(&hall, "bob", "d");
    struct person *lobby = hall_enter_as(&hall, "cem", NULL), *left = hall_enter_as(&hall, "dan", "c");
    person_say(left, LEAVE_CHAT, "");
    hall_rest(&hall);
    person_skip(left);
    static const char *const names[] = {"bob", "cem", "dan", "nobody", "Ann", "an"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char text[64], sentence[64];
        snprintf(text, sizeof text, "%s\nhello", names[i]);
        snprintf(sentence, sizeof sentence, SAY_NOT_HERE, (int)strlen(names[i]), names[i]);
        person_say(ann, PRIVATE_MESSAGE, text);
        hall_rest(&hall);
        assert_hears(ann, PRIVATE_MESSAGE, FAILURE, sentence);
    }
    assert_quiet(ann);
    assert_quiet(elsewhere);
    assert_quiet(lobby);
    assert_quiet(left);
}

static void bad_forms(void **state)
{
    (void)state;
    static const struct {
        const char *text, *reason;
    } bad[] = {{"", SAY_PRIVATE_FORM},
               {"bob", SAY_PRIVATE_FORM},
               {"bob hello", SAY_PRIVATE_FORM},
               {"bob\n", SAY_TEXT_RULES},
               {"bob\nforged\rrecord", SAY_TEXT_RULES},
               {"bob\n\xff", SAY_TEXT_RULES},
               {"\nhello", SAY_NAME_RULES},
               {"two words\nhello", SAY_NAME_RULES},
               {"\xff\nhello", SAY_NAME_RULES}};
    struct person *ann = hall_enter_as(&hall, "ann", "c"), *bob = hall_enter_as(&hall, "bob", "c");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        person_say(ann, PRIVATE_MESSAGE, bad[i].text);
        hall_rest(&hall);
        assert_hears(ann, PRIVATE_MESSAGE, FAILURE, bad[i].reason);
    }
    assert_quiet(ann);
    assert_quiet(bob);
}

/* The name does not count: the text may be as long as a message. */
static void the_longest_private_message(void **state)
{
    (void)state;
    char text[200], sentence[128], shown[101] = {0};
    hall.limits.max_message = 100;
    snprintf(sentence, sizeof sentence, SAY_TEXT_TOO_LONG, 100u);
    struct person *ann = hall_enter_as(&hall, "ann", "c"), *bob = hall_enter_as(&hall, "bob", "c");
    memset(text, 'x', sizeof text);
    memcpy(text, "bob\n", 4);
    person_say_span(ann, PRIVATE_MESSAGE, (struct span){text, 104});
    person_say_span(ann, PRIVATE_MESSAGE, (struct span){text, 105});
    hall_rest(&hall);
    memset(shown, 'x', 100);
    assert_hears_record(ann, PRIVATE_MESSAGE, "ann", shown);
    assert_hears(ann, PRIVATE_MESSAGE, FAILURE, sentence);
    assert_hears_record(bob, PRIVATE_MESSAGE, "ann", shown);
    assert_quiet(ann);
    assert_quiet(bob);
}

/* Who does not read gets 64 KiB and a little; from then on the senders are told. Nothing of it is lost. */
static void who_does_not_read(void **state)
{
    (void)state;
    enum { LONG = 1000, MANY = 200 };
    char text[LONG + 8] = "bob\n", sentence[64];
    struct answer answer;
    struct person *ann = hall_enter_as(&hall, "ann", "c");
    hall.send_buffer = NARROW;
    struct person *bob = hall_enter_as(&hall, "bob", "c");
    snprintf(sentence, sizeof sentence, SAY_NOT_READING, 3, "bob");
    size_t each = SERVER_HEADER + record_head("ann") + LONG;
    int delivered = 0;
    for (int i = 0; i < MANY; i++) {
        memset(text + 4, 'a' + i % 26, LONG);
        person_say(ann, PRIVATE_MESSAGE, text);
        hall_run(&hall);
        person_hear(ann);
        assert_true(person_next(ann, &answer));
        assert_int_equal(answer.request, PRIVATE_MESSAGE);
        if (answer.response == SUCCESS) {
            assert_int_equal(delivered, i); /* once it is told it is told every time */
            delivered++;
        } else {
            assert_true(span_equal(answer.text, span_of(sentence)));
        }
        assert_true(sizeof *bob->session + bob->session->in.room + bob->session->out.room <=
                    session_bytes_most(&hall.limits));
        assert_true(bob->session->out.n < OUT_MAX + 2 * each);
    }
    assert_true(delivered < MANY);
    assert_true((size_t)delivered * each + 2 * NARROW >= OUT_MAX);
    hall_rest(&hall);
    for (int i = 0; i < delivered; i++) {
        memset(text + 4, 'a' + i % 26, LONG);
        assert_hears_record(bob, PRIVATE_MESSAGE, "ann", text + 4);
    }
    assert_quiet(bob);
    person_say(ann, PRIVATE_MESSAGE, "bob\nwelcome back");
    hall_rest(&hall);
    assert_hears_record(bob, PRIVATE_MESSAGE, "ann", "welcome back");
}

/* However many come in one piece: somebody whose socket takes them at once has nothing unsent. */
static void who_reads_is_not_told_otherwise(void **state)
{
    (void)state;
    enum { LONG = 1000, MANY = 100 };
    char text[LONG + 8] = "bob\n";
    struct buf script = {0};
    struct person *ann = hall_enter_as(&hall, "ann", "c"), *bob = hall_enter_as(&hall, "bob", "c");
    memset(text + 4, 'x', LONG);
    for (int i = 0; i < MANY; i++)
        script_add(&script, PRIVATE_MESSAGE, span_of(text));
    person_say_script(ann, &script);
    hall_rest(&hall);
    for (int i = 0; i < MANY; i++)
        assert_hears_record(ann, PRIVATE_MESSAGE, "ann", text + 4);
    for (int i = 0; i < MANY; i++)
        assert_hears_record(bob, PRIVATE_MESSAGE, "ann", text + 4);
}

/* One who is answered privately is not served meanwhile, and then again. */
static void in_the_order_of_its_own_requests(void **state)
{
    (void)state;
    struct person *ann = hall_enter_as(&hall, "ann", "c");
    hall.send_buffer = NARROW;
    struct person *bob = hall_enter_as(&hall, "bob", "c");
    char text[3000] = "bob\n";
    memset(text + 4, 'x', sizeof text - 5);
    for (int i = 0; i < 5; i++) {
        person_say(ann, PRIVATE_MESSAGE, text);
        hall_run(&hall);
    }
    person_say(bob, SEND_MESSAGE, "mine");
    person_say(bob, GET_CHATS, "");
    hall_run(&hall);
    assert_int_equal(bob->session->want, WANT_OUT);
    hall_rest(&hall);
    for (int i = 0; i < 5; i++)
        assert_hears_record(bob, PRIVATE_MESSAGE, "ann", text + 4);
    assert_hears_record(bob, RECEIVE_MESSAGE, "bob", "mine");
    assert_hears(bob, GET_CHATS, FAILURE, say_misplaced[GET_CHATS]);
    assert_quiet(bob);
}

/* What others say to somebody who does not read does not keep that one from being served. */
static void who_is_talked_to_is_served(void **state)
{
    (void)state;
    enum { LONG = 1000, MANY = 20 };
    char text[LONG + 8] = "bob\n";
    hall.send_buffer = NARROW;
    struct person *bob = hall_enter_as(&hall, "bob", "c");
    hall.send_buffer = 0;
    struct person *ann = hall_enter_as(&hall, "ann", "c");
    memset(text + 4, 'x', LONG);
    for (int i = 0; i < MANY; i++)
        person_say(ann, PRIVATE_MESSAGE, text);
    hall_run(&hall);
    person_hear(ann);
    person_skip(ann);
    assert_true(bob->session->out.n > 0);
    person_say(bob, SEND_MESSAGE, "I hear you all");
    hall_run(&hall);
    person_hear(ann);
    assert_hears_record(ann, RECEIVE_MESSAGE, "bob", "I hear you all");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HALL_TEST(only_the_two_hear_it),
        HALL_TEST(who_is_not_here),
        HALL_TEST(bad_forms),
        HALL_TEST(the_longest_private_message),
        HALL_TEST(who_does_not_read),
        HALL_TEST(who_reads_is_not_told_otherwise),
        HALL_TEST(who_is_talked_to_is_served),
        HALL_TEST(in_the_order_of_its_own_requests),
    };
    return cmocka_run_group_tests_name("unit/private", tests, NULL, NULL);
}
