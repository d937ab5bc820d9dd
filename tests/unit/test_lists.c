/* Tests of the LIST as two numbers: pushed ones merge, own ones never do, and slow readers get them intact. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

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

/* The next frame is a list; how many chats it names. */
static uint32_t next_list(struct person *person)
{
    struct answer answer;
    assert_true(person_next(person, &answer));
    assert_int_equal(answer.request, GET_CHATS);
    for (uint32_t n = 0; n <= hall.catalog.n; n++) {
        if (span_equal(answer.text, catalog_list(&hall.catalog, n)))
            return n;
    }
    fail_msg("no beginning of the list");
    return 0;
}

/* However many chats are made while somebody does not read: pushed lists merge. */
static void pushed_lists_merge(void **state)
{
    (void)state;
    enum { MORE = 200 };
    char name[32];
    make_chats(100);
    struct person *ann = hall_enter_as(&hall, "ann", NULL);
    hall.send_buffer = NARROW;
    struct person *bob = hall_enter_as(&hall, "bob", NULL);
    for (int i = 0; i < MORE; i++) {
        snprintf(name, sizeof name, "more%d", i);
        person_say(ann, CREATE_CHAT, name);
        hall_run(&hall);
        person_hear(ann);
        assert_list_of(ann, hall.catalog.n);
        assert_quiet(ann);
    }
    hall_rest(&hall);
    uint32_t lists = 0;
    for (uint32_t known = 100; known < hall.catalog.n; lists++) {
        uint32_t n = next_list(bob);
        assert_true(n > known);
        known = n;
    }
    assert_quiet(bob);
    assert_true(lists < 5);
}

/* The answer to one's own request is never left out. */
static void own_lists_never_merge(void **state)
{
    (void)state;
    make_chats(100);
    struct person *ann = hall_enter_as(&hall, "ann", NULL);
    hall.send_buffer = NARROW;
    struct person *bob = hall_enter_as(&hall, "bob", NULL);
    for (int i = 0; i < 3; i++) {
        person_say(bob, GET_CHATS, "");
        person_say(bob, CREATE_CHAT, "a bad name");
    }
    hall_run(&hall);
    person_say(ann, CREATE_CHAT, "one");
    hall_run(&hall);
    person_say(ann, CREATE_CHAT, "two");
    hall_rest(&hall);
    uint32_t own = 0, bad = 0, known = 100;
    struct answer answer;
    for (uint32_t at = bob->at; person_next(bob, &answer); at = bob->at) {
        if (answer.request == CREATE_CHAT) {
            bad++;
            assert_true(own >= bad);
            continue;
        }
        bob->at = at;
        uint32_t n = next_list(bob);
        assert_true(n >= known);
        known = n;
        own++;
    }
    assert_int_equal(bad, 3);
    assert_true(own >= 3);
    assert_int_equal(known, hall.catalog.n);
    assert_int_equal(bob->at, bob->heard.n);
}

static void an_own_list_behind_half_a_pushed_one(void **state)
{
    (void)state;
    make_chats(300);
    struct person *ann = hall_enter_as(&hall, "ann", NULL);
    hall.send_buffer = NARROW;
    struct person *bob = hall_enter_as(&hall, "bob", NULL);
    person_say(ann, CREATE_CHAT, "pushed");
    hall_run(&hall);
    assert_int_equal(bob->session->list, LIST_PUSH);
    assert_true(bob->session->skip > 0);
    person_say(bob, GET_CHATS, "");
    person_say(bob, CREATE_CHAT, "a bad name"); /* not served before the list has gone */
    hall_run(&hall);
    assert_int_equal(bob->session->list, LIST_BOTH);
    person_say(ann, CREATE_CHAT, "meanwhile");
    hall_rest(&hall);
    assert_list_of(bob, 301);
    assert_list_of(bob, 302);
    assert_hears(bob, CREATE_CHAT, FAILURE, SAY_CHAT_RULES);
    assert_quiet(bob);
    assert_int_equal(bob->session->list, LIST_NONE);
    assert_int_equal(bob->session->skip, 0);
}

/* A list to somebody who reads a little now and then: intact, although the list grows all the time. */
static void a_slow_list_arrives_intact(void **state)
{
    (void)state;
    static const size_t sips[] = {1, 15, 16, 17, 700, 5000};
    char name[32];
    make_chats(100);
    struct person *ann = hall_enter_as(&hall, "ann", NULL);
    hall.send_buffer = NARROW;
    struct person *bob = hall_enter_as(&hall, "bob", NULL);
    uint32_t known = 100;
    for (int i = 0; i < 300; i++) {
        snprintf(name, sizeof name, "grows%d", i);
        person_say(ann, CREATE_CHAT, name);
        if (i % 50 == 0)
            person_say(bob, GET_CHATS, "");
        hall_run(&hall);
        person_hear(ann);
        person_hear_some(bob, sips[i % 6]);
    }
    hall_rest(&hall);
    while (bob->at < bob->heard.n) {
        uint32_t n = next_list(bob);
        assert_true(n >= known);
        known = n;
    }
    assert_int_equal(known, hall.catalog.n);
}

/* Half a pushed list is finished before its reader goes into a chat; what was answered rides along in order. */
static void half_a_list_is_finished_before_the_chat(void **state)
{
    (void)state;
    make_chats(300);
    struct person *ann = hall_enter_as(&hall, "ann", NULL);
    hall.send_buffer = NARROW;
    struct person *bob = hall_enter_as(&hall, "bob", NULL);
    person_say(ann, CREATE_CHAT, "c");
    hall_run(&hall);
    assert_int_equal(bob->session->list, LIST_PUSH);
    person_say(bob, CONNECT_CHAT, "c");
    hall_run(&hall);
    person_say(ann, CREATE_CHAT, "d");
    hall_run(&hall);
    hall_rest(&hall);
    assert_list_of(bob, 301);
    assert_hears(bob, CONNECT_CHAT, SUCCESS, "c");
    assert_quiet(bob);
    person_say(bob, LEAVE_CHAT, "");
    hall_rest(&hall);
    assert_list_of(bob, 302);
    assert_quiet(bob);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HALL_TEST(pushed_lists_merge),
        HALL_TEST(own_lists_never_merge),
        HALL_TEST(an_own_list_behind_half_a_pushed_one),
        HALL_TEST(a_slow_list_arrives_intact),
        HALL_TEST(half_a_list_is_finished_before_the_chat),
    };
    return cmocka_run_group_tests_name("unit/lists", tests, NULL, NULL);
}
