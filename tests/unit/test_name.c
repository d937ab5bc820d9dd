/* Tests of the name desk: one holder a name, every refusal, the time limits, and names given back on the way out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/socket.h>

#include <cmocka.h>

#include "common/protocol.h"
#include "tests/unit/hall.h"

static void a_name_and_then_the_list(void **state)
{
    (void)state;
    catalog_create(&hall.catalog, span_of("chat"));
    struct person *ann = hall_enter(&hall);
    hall_rest(&hall);
    assert_quiet(ann);
    person_say(ann, SET_NAME, "ann");
    hall_rest(&hall);
    assert_hears(ann, SET_NAME, SUCCESS, "");
    assert_hears(ann, GET_CHATS, SUCCESS, "chat\n");
    assert_quiet(ann);
    assert_ptr_equal(ann->session->desk, &hall.lobby.desk);
}

static void a_name_that_is_taken(void **state)
{
    (void)state;
    struct person *ann = hall_enter_as(&hall, "ann", NULL);
    struct person *other = hall_enter(&hall);
    person_say(other, SET_NAME, "ann");
    hall_rest(&hall);
    assert_hears(other, SET_NAME, FAILURE, SAY_NAME_TAKEN);
    assert_quiet(other);
    assert_ptr_equal(other->session->desk, &hall.name.desk);
    person_say(other, SET_NAME, "Ann");
    hall_rest(&hall);
    assert_hears(other, SET_NAME, SUCCESS, "");
    assert_hears(other, GET_CHATS, SUCCESS, "");
    assert_quiet(ann);
}

static void bad_names(void **state)
{
    (void)state;
    static const struct {
        const char *name, *reason;
    } bad[] = {{"", SAY_NAME_RULES},
               {"two words", SAY_NAME_RULES},
               {"\xff", SAY_NAME_RULES},
               {"a\nb", SAY_NAME_RULES},
               {"123456789012345678901234567890123", SAY_NAME_RULES},
               {"operator", SAY_NAME_RESERVED}};
    struct person *ann = hall_enter(&hall);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        person_say(ann, SET_NAME, bad[i].name);
    hall_rest(&hall);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_hears(ann, SET_NAME, FAILURE, bad[i].reason);
    person_say(ann, SET_NAME, "12345678901234567890123456789012");
    hall_rest(&hall);
    assert_hears(ann, SET_NAME, SUCCESS, "");
}

static void requests_at_the_wrong_desk(void **state)
{
    (void)state;
    static const int32_t kinds[] = {CREATE_CHAT, CONNECT_CHAT,    SEND_MESSAGE, LEAVE_CHAT,
                                    GET_CHATS,   PRIVATE_MESSAGE, CONNECT_FROM};
    static const int32_t wrong[] = {RECEIVE_MESSAGE, WRONG_REQUEST, 11, -1, INT32_MAX, INT32_MIN};
    struct person *ann = hall_enter(&hall);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        person_say(ann, kinds[i], "x");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        person_say(ann, wrong[i], "x");
    hall_rest(&hall);
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        assert_hears(ann, kinds[i], FAILURE, say_misplaced[kinds[i]]);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_hears(ann, WRONG_REQUEST, FAILURE, SAY_WRONG_REQUEST);
    assert_quiet(ann);
}

static void long_texts(void **state)
{
    (void)state;
    static char text[MESSAGE_MAX_DEFAULT + FRAME_SLACK + 1];
    char sentence[128];
    struct person *ann = hall_enter(&hall);
    hall.limits.max_message = 100;
    snprintf(sentence, sizeof sentence, SAY_TEXT_TOO_LONG, 100u);
    memset(text, 'x', sizeof text);
    person_say_span(ann, SET_NAME, (struct span){text, 100});
    person_say_span(ann, SET_NAME, (struct span){text, 101});
    person_say_span(ann, GET_CHATS, (struct span){text, 100 + FRAME_SLACK});
    person_say_span(ann, 77, (struct span){text, 101});
    person_say_span(ann, SET_NAME, (struct span){text, 100 + FRAME_SLACK + 1});
    person_say(ann, SET_NAME, "ann"); /* behind a stream that can't be trusted: never looked at */
    hall_rest(&hall);
    assert_hears(ann, SET_NAME, FAILURE, SAY_NAME_RULES); /* names have rules of their own */
    assert_hears(ann, SET_NAME, FAILURE, SAY_NAME_RULES);
    assert_hears(ann, GET_CHATS, FAILURE, sentence);
    assert_hears(ann, WRONG_REQUEST, FAILURE, SAY_WRONG_REQUEST);
    assert_hears(ann, WRONG_REQUEST, FAILURE, SAY_FRAME_TOO_LONG);
    assert_quiet(ann);
    assert_true(ann->ended);
}

static void silence_ends_in_time(void **state)
{
    (void)state;
    char sentence[64];
    struct person *ann = hall_enter(&hall);
    snprintf(sentence, sizeof sentence, SAY_NO_NAME_WITHIN, (long long)PATIENCE);
    hall_rest(&hall);
    assert_int_equal(hall_deadline(&hall), hall.time.now + PATIENCE * SECOND);
    hall.time.now += PATIENCE * SECOND - 1;
    assert_false(hall_turn(&hall));
    hall.time.now += 1;
    hall_rest(&hall);
    assert_hears(ann, SET_NAME, FAILURE, sentence);
    assert_quiet(ann);
    assert_true(ann->ended);
}

/* Talking about something else is no name: the whole stay is timed. */
static void chatter_is_no_name(void **state)
{
    (void)state;
    char sentence[64];
    struct person *ann = hall_enter(&hall);
    snprintf(sentence, sizeof sentence, SAY_NO_NAME_WITHIN, (long long)PATIENCE);
    for (int i = 0; i < PATIENCE; i++) {
        person_say(ann, GET_CHATS, "");
        hall_rest(&hall);
        assert_hears(ann, GET_CHATS, FAILURE, say_misplaced[GET_CHATS]);
        hall.time.now += SECOND;
    }
    hall_rest(&hall);
    assert_hears(ann, SET_NAME, FAILURE, sentence);
    assert_true(ann->ended);
}

static void half_a_frame_ends_in_time(void **state)
{
    (void)state;
    struct person *ann = hall_enter(&hall);
    person_say_bytes(ann, "\0\0\0\0\x05\0\0\0\0\0\0\0an", 14);
    hall_rest(&hall);
    hall.time.now += PATIENCE * SECOND;
    hall_rest(&hall);
    assert_hears(ann, WRONG_REQUEST, FAILURE, SAY_FRAME_TOO_SLOW);
    assert_quiet(ann);
    assert_true(ann->ended);
}

/* The name and the end of the time fall into one turn. Either is right, but not both. */
static void a_name_in_the_last_moment(void **state)
{
    (void)state;
    struct answer first;
    struct person *ann = hall_enter(&hall);
    hall_rest(&hall);
    person_say(ann, SET_NAME, "ann");
    hall.time.now += PATIENCE * SECOND;
    hall_rest(&hall);
    assert_true(person_next(ann, &first));
    assert_int_equal(first.request, SET_NAME);
    if (first.response == FAILURE) {
        assert_quiet(ann);
        assert_true(ann->ended);
        return;
    }
    assert_hears(ann, GET_CHATS, SUCCESS, "");
    assert_quiet(ann);
    person_say(ann, GET_CHATS, "");
    hall_rest(&hall);
    assert_hears(ann, GET_CHATS, SUCCESS, "");
}

static void a_goodbye_in_the_last_moment(void **state)
{
    (void)state;
    struct answer only;
    struct person *ann = hall_enter(&hall);
    hall_rest(&hall);
    person_say(ann, DISCONNECT, "");
    hall.time.now += PATIENCE * SECOND;
    hall_rest(&hall);
    assert_true(person_next(ann, &only));
    assert_true(only.request == DISCONNECT || only.response == FAILURE);
    assert_quiet(ann);
    assert_true(ann->ended);
}

static void disconnecting_without_a_name(void **state)
{
    (void)state;
    struct person *ann = hall_enter(&hall);
    person_say(ann, DISCONNECT, "");
    hall_rest(&hall);
    assert_hears(ann, DISCONNECT, SUCCESS, "");
    assert_quiet(ann);
    assert_true(ann->ended);
}

/* Whoever has read the goodbye knows that the name is free; and it is free for those who vanish, too. */
static void a_name_is_free_before_the_goodbye(void **state)
{
    (void)state;
    for (int how = 0; how < 3; how++) {
        struct person *ann = hall_enter_as(&hall, "ann", how == 1 ? "chat" : NULL);
        struct person *next = hall_enter(&hall);
        hall_rest(&hall);
        person_skip(ann);
        if (how < 2)
            person_say(ann, DISCONNECT, "");
        else
            person_close(ann);
        while (how < 2 && ann->heard.n == 0) {
            assert_true(hall_turn(&hall));
            person_hear(ann);
        }
        if (how == 2)
            hall_rest(&hall);
        person_say(next, SET_NAME, "ann");
        hall_rest(&hall);
        assert_hears(next, SET_NAME, SUCCESS, "");
        if (how < 2)
            assert_hears(ann, DISCONNECT, SUCCESS, "");
        person_close(ann);
        person_close(next);
        hall_rest(&hall);
        assert_null(next->session);
    }
    assert_null(hall.name.names.by_text);
}

/* The client vanishes in the very turn in which it gets its name. */
static void a_name_of_one_who_vanishes_at_once(void **state)
{
    (void)state;
    struct person *ann = hall_enter(&hall);
    person_say(ann, SET_NAME, "ann");
    person_close(ann);
    hall_rest(&hall);
    assert_null(ann->session);
    assert_null(hall.name.names.by_text);
}

static void the_end_of_the_input(void **state)
{
    (void)state;
    struct person *ann = hall_enter(&hall);
    person_say(ann, SET_NAME, "ann");
    person_say(ann, GET_CHATS, "");
    person_say_bytes(ann, "\0\0\0\0\x05\0\0", 7); /* dropped */
    shutdown(ann->fd, SHUT_WR);
    hall_rest(&hall);
    assert_hears(ann, SET_NAME, SUCCESS, "");
    assert_hears(ann, GET_CHATS, SUCCESS, "");
    assert_hears(ann, GET_CHATS, SUCCESS, "");
    assert_quiet(ann);
    assert_true(ann->ended);
    person_close(ann);
    hall_rest(&hall);
    assert_null(ann->session);
    assert_null(hall.name.names.by_text);
}

/* A whole visit in one piece, and byte by byte: the same answers. */
static void a_pipelined_visit(void **state)
{
    (void)state;
    for (uint32_t piece = 1; piece < 100; piece = piece * 3 + 1) {
        struct person *ann = hall_enter(&hall);
        struct buf script = {0};
        script_add(&script, SET_NAME, span_of("ann"));
        script_add(&script, SET_NAME, span_of("again"));
        script_add(&script, GET_CHATS, (struct span){0});
        script_add(&script, DISCONNECT, (struct span){0});
        for (uint32_t at = 0; at < script.n; at += piece) {
            person_say_bytes(ann, script.at + at, piece < script.n - at ? piece : script.n - at);
            hall_run(&hall);
        }
        hall_rest(&hall);
        assert_hears(ann, SET_NAME, SUCCESS, "");
        assert_hears(ann, GET_CHATS, SUCCESS, "");
        assert_hears(ann, SET_NAME, FAILURE, say_misplaced[SET_NAME]);
        assert_hears(ann, GET_CHATS, SUCCESS, "");
        assert_hears(ann, DISCONNECT, SUCCESS, "");
        assert_quiet(ann);
        assert_true(ann->ended);
        person_close(ann);
        hall_rest(&hall);
        buf_free(&script);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HALL_TEST(a_name_and_then_the_list),
        HALL_TEST(a_name_that_is_taken),
        HALL_TEST(bad_names),
        HALL_TEST(requests_at_the_wrong_desk),
        HALL_TEST(long_texts),
        HALL_TEST(silence_ends_in_time),
        HALL_TEST(chatter_is_no_name),
        HALL_TEST(half_a_frame_ends_in_time),
        HALL_TEST(a_name_in_the_last_moment),
        HALL_TEST(a_goodbye_in_the_last_moment),
        HALL_TEST(disconnecting_without_a_name),
        HALL_TEST(a_name_is_free_before_the_goodbye),
        HALL_TEST(a_name_of_one_who_vanishes_at_once),
        HALL_TEST(the_end_of_the_input),
        HALL_TEST(a_pipelined_visit),
    };
    return cmocka_run_group_tests_name("unit/name", tests, NULL, NULL);
}
