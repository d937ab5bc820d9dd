/* Tests of messages that a room does not store: failed writes and syncs, limits of number and size. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/protocol.h"
#include "tests/unit/hall.h"

static struct desk *desk(void)
{
    return &hall_room(&hall, "c")->desk;
}

/* The disk takes some of a turn's records or none: everybody is told, once for each message, and nothing is shown. */
static void a_failed_append(void **state)
{
    (void)state;
    char sentence[128];
    struct buf script = {0};
    struct person *ann = hall_enter_as(&hall, "ann", "c"), *bob = hall_enter_as(&hall, "bob", "c");
    struct person *cem = hall_enter_as(&hall, "cem", "c");
    person_say(ann, SEND_MESSAGE, "stored");
    hall_rest(&hall);
    snprintf(sentence, sizeof sentence, SAY_NOT_STORED, "File too large");
    struct buf file = files_get(hall.path, "c.chat");
    for (size_t more = 0; more < 20; more += 7) {
        for (int i = 0; i < 3; i++)
            script_add(&script, SEND_MESSAGE, span_of("lost"));
        script_add(&script, GET_CHATS, (struct span){0});
        person_say_script(ann, &script);
        person_say(bob, SEND_MESSAGE, "lost, too");
        person_skip(ann);
        person_skip(bob);
        person_skip(cem);
        files_limit(file.n + more);
        hall_rest(&hall);
        files_unlimit();
        for (int i = 0; i < 3; i++)
            assert_hears(ann, SEND_MESSAGE, FAILURE, sentence);
        assert_hears(ann, GET_CHATS, FAILURE, say_misplaced[GET_CHATS]);
        assert_hears(bob, SEND_MESSAGE, FAILURE, sentence);
        assert_quiet(ann);
        assert_quiet(bob);
        assert_quiet(cem);
        files_assert(hall.path, "c.chat", buf_span(&file));
        assert_int_equal(desk()->front, 3);
    }
    buf_free(&file);
    person_say(bob, SEND_MESSAGE, "better");
    hall_rest(&hall);
    assert_hears_record(ann, RECEIVE_MESSAGE, "bob", "better");
    assert_hears_record(bob, RECEIVE_MESSAGE, "bob", "better");
    assert_hears_record(cem, RECEIVE_MESSAGE, "bob", "better");
    struct person *late = hall_enter(&hall);
    person_say(late, SET_NAME, "late");
    person_say(late, CONNECT_CHAT, "c");
    hall_rest(&hall);
    assert_hears(late, SET_NAME, SUCCESS, "");
    assert_hears(late, GET_CHATS, SUCCESS, "c\n");
    assert_hears(late, CONNECT_CHAT, SUCCESS, "c");
    assert_hears_record(late, RECEIVE_MESSAGE, "ann", "stored");
    assert_hears_record(late, RECEIVE_MESSAGE, "bob", "better");
    assert_quiet(late);
}

/* The failed write can't be taken back either: nothing is stored before it can, and nothing of it is ever shown. */
static void a_failed_append_that_stays(void **state)
{
    (void)state;
    struct answer answer;
    struct person *ann = hall_enter_as(&hall, "ann", "c"), *bob = hall_enter_as(&hall, "bob", "c");
    struct history *history = &hall_room(&hall, "c")->history;
    int fd = history->fd;
    history->fd = open(files_at(hall.path, "c.chat"), O_RDONLY | O_CLOEXEC);
    for (int i = 0; i < 3; i++) {
        person_say(ann, SEND_MESSAGE, "lost");
        hall_rest(&hall);
        assert_true(person_next(ann, &answer));
        assert_int_equal(answer.request, SEND_MESSAGE);
        assert_int_equal(answer.response, FAILURE);
        assert_quiet(ann);
        assert_quiet(bob);
        assert_true(history->uncut);
    }
    close(history->fd);
    history->fd = fd;
    files_put(hall.path, "c.chat", span_of("what the failed write left behind, and more than what comes now"));
    person_say(ann, SEND_MESSAGE, "better");
    hall_rest(&hall);
    assert_hears_record(ann, RECEIVE_MESSAGE, "ann", "better");
    assert_hears_record(bob, RECEIVE_MESSAGE, "ann", "better");
    struct buf file = files_get(hall.path, "c.chat");
    assert_int_equal(file.n, record_head("ann") + 7);
    buf_free(&file);
}

/* Refusals to a slow reader come behind the records it is owed. */
static void a_slow_one_is_refused_in_its_place(void **state)
{
    (void)state;
    char sentence[128];
    struct person *bob = hall_enter_as(&hall, "bob", "c");
    hall.send_buffer = NARROW;
    struct person *ann = hall_enter_as(&hall, "ann", "c");
    write_much(bob, 10);
    snprintf(sentence, sizeof sentence, SAY_NOT_STORED, "File too large");
    person_say(ann, SEND_MESSAGE, "lost");
    person_say(ann, SEND_MESSAGE, "lost");
    files_limit(1);
    hall_run(&hall);
    files_unlimit();
    person_say(ann, LEAVE_CHAT, "");
    hall_rest(&hall);
    assert_much(ann, "bob", 10);
    assert_hears(ann, SEND_MESSAGE, FAILURE, sentence);
    struct answer answer;
    assert_true(person_next(ann, &answer)); /* the second one was refused, or came in a later turn */
    if (answer.request == SEND_MESSAGE)
        assert_int_equal(answer.response, FAILURE);
    else
        assert_int_equal(answer.request, RECEIVE_MESSAGE);
    assert_hears(ann, GET_CHATS, SUCCESS, "c\n");
    assert_quiet(ann);
}

/* Neither those in front nor those behind are ever shown what was not stored: the next record stands in its place. */
static void a_failed_append_while_somebody_is_behind(void **state)
{
    (void)state;
    struct person *bob = hall_enter_as(&hall, "bob", "c"), *cem = hall_enter_as(&hall, "cem", "c");
    hall.send_buffer = NARROW;
    struct person *ann = hall_enter_as(&hall, "ann", "c");
    write_much(bob, 10);
    assert_int_equal(desk()->front, 2);
    for (int i = 0; i < 3; i++) {
        files_limit(1);
        person_say(bob, SEND_MESSAGE, "lost, and of another length");
        hall_run(&hall);
        files_unlimit();
        person_say(bob, SEND_MESSAGE, "stored");
        hall_run(&hall);
    }
    hall_rest(&hall);
    assert_much(cem, "bob", 10);
    assert_much(ann, "bob", 10);
    for (int i = 0; i < 3; i++) {
        assert_hears_record(cem, RECEIVE_MESSAGE, "bob", "stored");
        assert_hears_record(ann, RECEIVE_MESSAGE, "bob", "stored");
    }
    assert_quiet(cem);
    assert_quiet(ann);
}

/* A sync that failed is never tried again: the chat can be read, not written, until the process ends. */
static void a_chat_whose_sync_failed(void **state)
{
    (void)state;
    struct person *ann = hall_enter_as(&hall, "ann", "c"), *bob = hall_enter_as(&hall, "bob", "c");
    person_say(ann, SEND_MESSAGE, "stored");
    hall_rest(&hall);
    struct buf file = files_get(hall.path, "c.chat");
    atomic_store(&hall_room(&hall, "c")->chat->sync_failed, EIO);
    person_skip(ann);
    person_skip(bob);
    person_say(ann, SEND_MESSAGE, "lost");
    person_say(ann, SEND_MESSAGE, "bad\rtext");
    person_say(ann, PRIVATE_MESSAGE, "bob\nstill works");
    hall_rest(&hall);
    assert_hears(ann, SEND_MESSAGE, FAILURE, SAY_READ_ONLY);
    assert_hears(ann, SEND_MESSAGE, FAILURE, SAY_TEXT_RULES);
    assert_hears_record(ann, PRIVATE_MESSAGE, "ann", "still works");
    assert_hears_record(bob, PRIVATE_MESSAGE, "ann", "still works");
    assert_quiet(bob);
    /* It stays so when the room ends and begins again. */
    person_say(ann, LEAVE_CHAT, "");
    person_say(bob, LEAVE_CHAT, "");
    hall_rest(&hall);
    hall_end_room(&hall, "c");
    person_skip(ann);
    person_say(ann, CONNECT_CHAT, "c");
    person_say(ann, SEND_MESSAGE, "lost");
    hall_rest(&hall);
    assert_hears(ann, CONNECT_CHAT, SUCCESS, "c");
    assert_hears_record(ann, RECEIVE_MESSAGE, "ann", "stored");
    assert_hears(ann, SEND_MESSAGE, FAILURE, SAY_READ_ONLY);
    assert_quiet(ann);
    files_assert(hall.path, "c.chat", buf_span(&file));
    buf_free(&file);
}

/* With --sync always a message whose sync failed is not shown, and neither is any later one. */
static void a_sync_that_fails_in_the_turn(void **state)
{
    (void)state;
    hall.limits.sync = SYNC_ALWAYS;
    struct person *ann = hall_enter_as(&hall, "ann", "c"), *bob = hall_enter_as(&hall, "bob", "c");
    struct room *room = hall_room(&hall, "c");
    person_say(ann, SEND_MESSAGE, "synced");
    hall_rest(&hall);
    assert_hears_record(bob, RECEIVE_MESSAGE, "ann", "synced");
    person_skip(ann);
    int fd = room->history.fd;
    room->history.fd = open("/dev/null", O_RDWR | O_CLOEXEC); /* takes writes, but no syncs */
    person_say(ann, SEND_MESSAGE, "not synced");
    hall_rest(&hall);
    close(room->history.fd);
    room->history.fd = fd;
    person_say(bob, SEND_MESSAGE, "not taken");
    hall_rest(&hall);
    assert_hears(ann, SEND_MESSAGE, FAILURE, SAY_READ_ONLY);
    assert_hears(bob, SEND_MESSAGE, FAILURE, SAY_READ_ONLY);
    assert_quiet(ann);
    assert_quiet(bob);
    assert_int_not_equal(atomic_load(&room->chat->sync_failed), 0);
}

/* The helper is asked a period after the first unsynced record, and again when it had no time. */
static void when_a_sync_is_due(void **state)
{
    (void)state;
    hall.limits.sync = SYNC_PERIOD;
    hall.limits.sync_period = 2 * SECOND;
    struct person *ann = hall_enter_as(&hall, "ann", "c");
    struct room *room = hall_room(&hall, "c");
    assert_false(room_sync_due(room, hall.time.now + 3600 * SECOND));
    person_say(ann, SEND_MESSAGE, "one");
    hall_rest(&hall);
    int64_t due = hall.time.now + 2 * SECOND;
    assert_int_equal(hall_deadline(&hall), due);
    hall.time.now += SECOND;
    person_say(ann, SEND_MESSAGE, "two");
    hall_rest(&hall);
    assert_int_equal(hall_deadline(&hall), due); /* later ones do not put it off */
    assert_false(room_sync_due(room, due - 1));
    assert_true(room_sync_due(room, due));
    room_sync_asked(room, due, false);
    assert_false(room_sync_due(room, due + 2 * SECOND - 1));
    assert_true(room_sync_due(room, due + 2 * SECOND));
    room_sync_asked(room, due + 2 * SECOND, true);
    assert_false(room_sync_due(room, due + 3600 * SECOND));
}

static void so_many_messages_a_second(void **state)
{
    (void)state;
    char sentence[128];
    hall.limits.rate_limit = 3;
    snprintf(sentence, sizeof sentence, SAY_TOO_FAST, 3u);
    struct person *ann = hall_enter_as(&hall, "ann", "c"), *bob = hall_enter_as(&hall, "bob", "c");
    for (int second = 0; second < 3; second++) {
        struct buf script = {0};
        script_add(&script, SEND_MESSAGE, span_of("bad\rtext")); /* costs nothing */
        script_add(&script, SEND_MESSAGE, span_of("one"));
        script_add(&script, PRIVATE_MESSAGE, span_of("ann\ntwo"));
        script_add(&script, SEND_MESSAGE, span_of("three"));
        script_add(&script, SEND_MESSAGE, span_of("four"));
        script_add(&script, PRIVATE_MESSAGE, span_of("ann\nfive"));
        script_add(&script, GET_CHATS, (struct span){0});
        person_say_script(ann, &script);
        hall_rest(&hall);
        assert_hears(ann, SEND_MESSAGE, FAILURE, SAY_TEXT_RULES);
        assert_hears_record(ann, RECEIVE_MESSAGE, "ann", "one");
        assert_hears_record(ann, PRIVATE_MESSAGE, "ann", "two");
        assert_hears_record(ann, RECEIVE_MESSAGE, "ann", "three");
        assert_hears(ann, SEND_MESSAGE, FAILURE, sentence);
        assert_hears(ann, PRIVATE_MESSAGE, FAILURE, sentence);
        assert_hears(ann, GET_CHATS, FAILURE, say_misplaced[GET_CHATS]);
        assert_quiet(ann);
        hall.time.now += SECOND - 1;
        person_say(ann, SEND_MESSAGE, "too early");
        person_say(bob, SEND_MESSAGE, "everybody has an own limit");
        hall_rest(&hall);
        assert_hears(ann, SEND_MESSAGE, FAILURE, sentence);
        assert_hears_record(ann, RECEIVE_MESSAGE, "bob", "everybody has an own limit");
        assert_quiet(ann);
        hall.time.now += 1;
    }
}

static void the_longest_message(void **state)
{
    (void)state;
    char text[200], sentence[128];
    memset(text, 'x', sizeof text);
    hall.limits.max_message = 100;
    snprintf(sentence, sizeof sentence, SAY_TEXT_TOO_LONG, 100u);
    struct person *ann = hall_enter_as(&hall, "ann", "c");
    person_say_span(ann, SEND_MESSAGE, (struct span){text, 100});
    person_say_span(ann, SEND_MESSAGE, (struct span){text, 101});
    hall_rest(&hall);
    char shown[101] = {0};
    memset(shown, 'x', 100);
    assert_hears_record(ann, RECEIVE_MESSAGE, "ann", shown);
    assert_hears(ann, SEND_MESSAGE, FAILURE, sentence);
    assert_quiet(ann);
}

/* As large as they may be: more than one does not fit a turn, and all of them arrive. */
static void large_messages_take_turns(void **state)
{
    (void)state;
    enum { LARGE = 60000, PEOPLE = 8, EACH = 3 };
    static char text[LARGE + 1];
    memset(text, 'x', LARGE);
    struct person *persons[PEOPLE];
    char name[] = "u0";
    for (int i = 0; i < PEOPLE; i++) {
        name[1] = (char)('0' + i);
        persons[i] = hall_enter_as(&hall, name, "c");
    }
    for (int k = 0; k < EACH; k++) {
        for (int i = 0; i < PEOPLE; i++)
            person_say(persons[i], SEND_MESSAGE, text);
        for (bool worked = true; worked;) {
            uint64_t before = hall_room(&hall, "c")->history.committed;
            worked = hall_turn(&hall);
            uint64_t more = hall_room(&hall, "c")->history.committed - before;
            assert_true(more <= GATHER_MAX || more <= record_head("u0") + LARGE + 1);
            for (int i = 0; i < PEOPLE; i++)
                person_hear(persons[i]);
        }
    }
    hall_rest(&hall);
    for (int i = 0; i < PEOPLE; i++) {
        struct answer answer;
        int n = 0;
        for (; person_next(persons[i], &answer); n++)
            assert_int_equal(answer.text.n, record_head("u0") + LARGE);
        assert_int_equal(n, PEOPLE * EACH);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HALL_TEST(a_failed_append),
        HALL_TEST(a_failed_append_that_stays),
        HALL_TEST(a_failed_append_while_somebody_is_behind),
        HALL_TEST(a_slow_one_is_refused_in_its_place),
        HALL_TEST(a_chat_whose_sync_failed),
        HALL_TEST(a_sync_that_fails_in_the_turn),
        HALL_TEST(when_a_sync_is_due),
        HALL_TEST(so_many_messages_a_second),
        HALL_TEST(the_longest_message),
        HALL_TEST(large_messages_take_turns),
    };
    return cmocka_run_group_tests_name("unit/refusals", tests, NULL, NULL);
}
