/* Tests of the lobby: chats made and refused, told to everybody, and the way into a chat. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/protocol.h"
#include "tests/unit/hall.h"

static void make_chats(int n)
{
    char name[128];
    for (int i = 0; i < n; i++) {
        snprintf(name, sizeof name, "%060d", i);
        assert_non_null(catalog_create(&hall.catalog, span_of(name)));
    }
}

/* The next frame is the list of the first so many chats. */
static void assert_list_of(struct person *person, uint32_t chats)
{
    struct answer answer;
    assert_true(person_next(person, &answer));
    assert_int_equal(answer.request, GET_CHATS);
    assert_int_equal(answer.response, SUCCESS);
    assert_true(span_equal(answer.text, catalog_list(&hall.catalog, chats)));
}

static void an_empty_list(void **state)
{
    (void)state;
    struct person *ann = hall_enter_as(&hall, "ann", NULL);
    person_say(ann, GET_CHATS, "");
    person_say(ann, GET_CHATS, "a text nobody asked for");
    hall_rest(&hall);
    assert_hears(ann, GET_CHATS, SUCCESS, "");
    assert_hears(ann, GET_CHATS, SUCCESS, "");
    assert_quiet(ann);
}

static void a_new_chat_is_told_to_everybody(void **state)
{
    (void)state;
    struct person *ann = hall_enter_as(&hall, "ann", NULL), *bob = hall_enter_as(&hall, "bob", NULL);
    struct person *at_name = hall_enter(&hall), *in_room = hall_enter_as(&hall, "cem", "old");
    hall_rest(&hall);
    person_skip(ann);
    person_skip(bob);
    person_say(ann, CREATE_CHAT, "new");
    hall_rest(&hall);
    assert_hears(ann, GET_CHATS, SUCCESS, "old\nnew\n");
    assert_hears(bob, GET_CHATS, SUCCESS, "old\nnew\n");
    assert_quiet(ann);
    assert_quiet(bob);
    assert_quiet(at_name);
    assert_quiet(in_room);
    assert_true(files_exist(hall.path, "new.chat"));
    person_say(in_room, LEAVE_CHAT, "");
    hall_rest(&hall);
    assert_hears(in_room, GET_CHATS, SUCCESS, "old\nnew\n");
    assert_quiet(in_room);
}

static void chats_that_can_not_be_made(void **state)
{
    (void)state;
    char full[201], over[202];
    struct person *ann = hall_enter_as(&hall, "ann", NULL), *bob = hall_enter_as(&hall, "bob", "here");
    person_say(bob, LEAVE_CHAT, "");
    hall_rest(&hall);
    person_skip(ann);
    person_skip(bob);
    memset(over, 'x', sizeof over);
    over[65] = '\0';
    for (size_t i = 0; i < 50; i++)
        memcpy(full + 4 * i, "\xf0\x9f\x99\x82", 4);
    full[200] = '\0';
    assert_int_equal(mkfifo(files_at(hall.path, "taken.chat"), 0600), 0);
    static const char *const bad[] = {"", "a b", ".a", "../a", "a/b", "a\n", "\xc0\x80", "\xe2\x80\x8b"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        person_say(ann, CREATE_CHAT, bad[i]);
    person_say(ann, CREATE_CHAT, over);
    person_say_span(ann, CREATE_CHAT, (struct span){"a\0b", 3});
    person_say(ann, CREATE_CHAT, "here");
    person_say(ann, CREATE_CHAT, "taken");
    hall_rest(&hall);
    for (size_t i = 0; i < sizeof bad / sizeof *bad + 2; i++)
        assert_hears(ann, CREATE_CHAT, FAILURE, SAY_CHAT_RULES);
    assert_hears(ann, CREATE_CHAT, FAILURE, SAY_CHAT_EXISTS);
    assert_hears(ann, CREATE_CHAT, FAILURE, SAY_CHAT_NOT_CREATED);
    assert_quiet(ann);
    assert_quiet(bob);
    assert_int_equal(hall.catalog.n, 1);
    hall.limits.max_chats = 2;
    person_say(ann, CREATE_CHAT, full);
    person_say(ann, CREATE_CHAT, "one-more");
    person_say(ann, CREATE_CHAT, "here");
    hall_rest(&hall);
    assert_list_of(ann, 2);
    assert_hears(ann, CREATE_CHAT, FAILURE, SAY_TOO_MANY_CHATS);
    assert_hears(ann, CREATE_CHAT, FAILURE, SAY_CHAT_EXISTS);
    assert_false(files_exist(hall.path, "one-more.chat"));
}

static void requests_at_the_wrong_desk(void **state)
{
    (void)state;
    static const int32_t kinds[] = {SET_NAME, SEND_MESSAGE, LEAVE_CHAT, PRIVATE_MESSAGE};
    static const int32_t wrong[] = {RECEIVE_MESSAGE, WRONG_REQUEST, 11, -1};
    struct person *ann = hall_enter_as(&hall, "ann", NULL);
    for (size_t i = 0; i < 4; i++) {
        person_say(ann, kinds[i], "x");
        person_say(ann, wrong[i], "x");
    }
    hall_rest(&hall);
    for (size_t i = 0; i < 4; i++) {
        assert_hears(ann, kinds[i], FAILURE, say_misplaced[kinds[i]]);
        assert_hears(ann, WRONG_REQUEST, FAILURE, SAY_WRONG_REQUEST);
    }
    assert_quiet(ann);
}

static void into_a_chat(void **state)
{
    (void)state;
    make_chats(1);
    files_put(hall.path, "c.chat", span_of("a\t12:00:00 01/01/26\none\rb\t12:00:00 01/01/26\ntwo\r"));
    struct person *ann = hall_enter_as(&hall, "ann", NULL);
    person_say(ann, CONNECT_CHAT, "nowhere");
    person_say(ann, CONNECT_CHAT, "");
    person_say(ann, CONNECT_CHAT, "c"); /* a file that came later is no chat */
    hall_rest(&hall);
    for (int i = 0; i < 3; i++)
        assert_hears(ann, CONNECT_CHAT, FAILURE, SAY_NO_SUCH_CHAT);
    assert_quiet(ann);
    person_say_span(ann, CONNECT_CHAT, chat_name(hall.catalog.chats[0]));
    hall_rest(&hall);
    assert_hears(ann, CONNECT_CHAT, SUCCESS, hall.catalog.chats[0]->name);
    assert_quiet(ann);
}

static void forms_of_connect_from(void **state)
{
    (void)state;
    static const char *const bad[] = {"",
                                      "c",
                                      "0",
                                      "0c",
                                      "\nc",
                                      "-1\nc",
                                      "+1\nc",
                                      " 0\nc",
                                      "0 \nc",
                                      "0x0\nc",
                                      "1e3\nc",
                                      "18446744073709551616\nc",
                                      "9999999999999999999\nc"};
    static const char *const beyond[] = {"1\nc", "23\nc", "25\nc", "49\nc", "1000000\nc", "999999999999999999\nc"};
    static const char *const fine[] = {"0\nc", "000000\nc", "24\nc", "48\nc"};
    static const int left[] = {2, 2, 1, 0};
    catalog_create(&hall.catalog, span_of("c"));
    files_put(hall.path, "c.chat", span_of("a\t12:00:00 01/01/26\none\rb\t12:00:00 01/01/26\ntwo\r"));
    struct person *ann = hall_enter_as(&hall, "ann", NULL);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        person_say(ann, CONNECT_FROM, bad[i]);
        hall_rest(&hall);
        assert_hears(ann, CONNECT_FROM, FAILURE, SAY_OFFSET_FORM);
        assert_quiet(ann);
    }
    person_say(ann, CONNECT_FROM, "0\nnowhere");
    person_say(ann, CONNECT_FROM, "0\n");
    hall_rest(&hall);
    assert_hears(ann, CONNECT_CHAT, FAILURE, SAY_NO_SUCH_CHAT);
    assert_hears(ann, CONNECT_CHAT, FAILURE, SAY_NO_SUCH_CHAT);
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++) {
        person_say(ann, CONNECT_FROM, beyond[i]);
        hall_rest(&hall);
        assert_hears(ann, CONNECT_FROM, FAILURE, SAY_NO_RECORD_THERE);
        assert_quiet(ann); /* back in the lobby as if it never had been away */
    }
    for (size_t i = 0; i < 4; i++) {
        person_say(ann, CONNECT_FROM, fine[i]);
        person_say(ann, LEAVE_CHAT, "");
        hall_rest(&hall);
        assert_hears(ann, CONNECT_CHAT, SUCCESS, "c");
        if (left[i] > 1)
            assert_hears(ann, RECEIVE_MESSAGE, SUCCESS, "a\t12:00:00 01/01/26\none");
        if (left[i] > 0)
            assert_hears(ann, RECEIVE_MESSAGE, SUCCESS, "b\t12:00:00 01/01/26\ntwo");
        assert_hears(ann, GET_CHATS, SUCCESS, "c\n");
        assert_quiet(ann);
    }
    /* A resumed visit leaves nothing behind: the next one begins at the beginning. */
    person_say(ann, CONNECT_CHAT, "c");
    hall_rest(&hall);
    assert_hears(ann, CONNECT_CHAT, SUCCESS, "c");
    assert_hears(ann, RECEIVE_MESSAGE, SUCCESS, "a\t12:00:00 01/01/26\none");
}

static void a_chat_that_can_not_be_opened(void **state)
{
    (void)state;
    char sentence[128];
    snprintf(sentence, sizeof sentence, SAY_CHAT_NOT_OPENED, "No such file or directory");
    catalog_create(&hall.catalog, span_of("gone"));
    struct person *ann = hall_enter_as(&hall, "ann", NULL), *bob = hall_enter_as(&hall, "bob", NULL);
    assert_int_equal(unlink(files_at(hall.path, "gone.chat")), 0);
    person_say(ann, CONNECT_CHAT, "gone");
    person_say(ann, CONNECT_FROM, "0\ngone");
    person_say(ann, GET_CHATS, "");
    hall_rest(&hall);
    assert_hears(ann, CONNECT_CHAT, FAILURE, sentence);
    assert_hears(ann, CONNECT_CHAT, FAILURE, sentence);
    assert_hears(ann, GET_CHATS, SUCCESS, "gone\n");
    assert_quiet(ann);
    /* What was made while it was away is pushed when it comes back. */
    person_say(ann, CONNECT_CHAT, "gone");
    hall.held = true;
    hall_run(&hall);
    person_say(bob, CREATE_CHAT, "new");
    hall_run(&hall);
    hall.held = false;
    hall_rest(&hall);
    assert_hears(ann, CONNECT_CHAT, FAILURE, sentence);
    assert_hears(ann, GET_CHATS, SUCCESS, "gone\nnew\n");
    assert_quiet(ann);
}

static void leaving_the_lobby(void **state)
{
    (void)state;
    for (int half = 0; half < 2; half++) {
        struct person *ann = hall_enter_as(&hall, "ann", NULL), *bob = hall_enter_as(&hall, "bob", NULL);
        person_say(ann, GET_CHATS, "");
        person_say(ann, DISCONNECT, "");
        person_say(ann, GET_CHATS, "");
        person_say(bob, GET_CHATS, "");
        if (half)
            person_say_bytes(bob, "half a frame", 4);
        shutdown(bob->fd, SHUT_WR);
        hall_rest(&hall);
        assert_hears(ann, GET_CHATS, SUCCESS, "");
        assert_hears(ann, DISCONNECT, SUCCESS, "");
        assert_hears(bob, GET_CHATS, SUCCESS, "");
        assert_quiet(ann);
        assert_quiet(bob);
        assert_true(ann->ended && bob->ended);
        person_close(ann);
        person_close(bob);
        hall_rest(&hall);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HALL_TEST(an_empty_list),
        HALL_TEST(a_new_chat_is_told_to_everybody),
        HALL_TEST(chats_that_can_not_be_made),
        HALL_TEST(requests_at_the_wrong_desk),
        HALL_TEST(into_a_chat),
        HALL_TEST(forms_of_connect_from),
        HALL_TEST(a_chat_that_can_not_be_opened),
        HALL_TEST(leaving_the_lobby),
    };
    return cmocka_run_group_tests_name("unit/lobby", tests, NULL, NULL);
}
