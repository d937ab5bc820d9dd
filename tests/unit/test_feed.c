/* Tests of records on their way to members: history, slow readers, newcomers, and a share for everybody. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/protocol.h"
#include "tests/unit/hall.h"

static void add_record(struct buf *file, size_t text, int i)
{
    char head[64];
    int n = snprintf(head, sizeof head, "author%d\t12:00:00 01/01/26\n", i);
    assert_true(buf_append(file, head, (size_t)n) && buf_reserve(file, text + 1));
    memset(file->at + file->n, 'a' + i % 26, text);
    file->n += (uint32_t)text;
    file->at[file->n++] = RECORD_END;
}

/* The chat "c" with this file. */
static void make_chat(const struct buf *file)
{
    assert_non_null(catalog_create(&hall.catalog, span_of("c")));
    files_put(hall.path, "c.chat", buf_span(file));
}

/* All that was heard from here on are records, and they are the file from `from` to its end, in order, once. A run
 * without an end comes in pieces of RECORD_MAX. Their number. */
static uint32_t assert_heard_file(struct person *person, size_t from)
{
    struct buf file = files_get(hall.path, "c.chat");
    struct answer answer;
    uint32_t records = 0;
    for (; person_next(person, &answer); records++) {
        assert_int_equal(answer.request, RECEIVE_MESSAGE);
        assert_int_equal(answer.response, SUCCESS);
        assert_true(answer.text.n <= file.n - from);
        assert_int_equal(memcmp(answer.text.at, file.at + from, answer.text.n), 0);
        from += answer.text.n;
        if (from < file.n && file.at[from] == RECORD_END)
            from++;
        else
            assert_int_equal(answer.text.n, RECORD_MAX);
    }
    assert_int_equal(person->at, person->heard.n);
    assert_int_equal(from, file.n);
    buf_free(&file);
    return records;
}

/* Goes into the chat, from this byte of it on, and has not heard anything yet. */
static struct person *connect_as(const char *name, size_t from)
{
    char text[64];
    struct person *person = hall_enter_as(&hall, name, NULL);
    snprintf(text, sizeof text, "%zu\nc", from);
    person_say(person, CONNECT_FROM, text);
    return person;
}

static void a_newcomer_gets_all_of_it(void **state)
{
    (void)state;
    struct buf file = {0};
    for (int i = 0; i < 3000; i++)
        add_record(&file, (size_t)(i * 37 % 300), i);
    make_chat(&file);
    struct person *ann = connect_as("ann", 0);
    hall_rest(&hall);
    assert_hears(ann, CONNECT_CHAT, SUCCESS, "c");
    assert_int_equal(assert_heard_file(ann, 0), 3000);
    assert_int_equal(hall_room(&hall, "c")->desk.front, 1);
    buf_free(&file);
}

static void records_larger_than_a_chunk(void **state)
{
    (void)state;
    static const size_t sizes[] = {
        0, 10, 65536, CHUNK_MAX, CHUNK_MAX + 1, 3, 3 * CHUNK_MAX, 0, MESSAGE_MAX_MOST, 100, RECORD_MAX - 40, 1};
    struct buf file = {0};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        add_record(&file, sizes[i], (int)i);
    make_chat(&file);
    hall.send_buffer = 1 << 17;
    struct person *ann = connect_as("ann", 0);
    hall_rest(&hall);
    assert_hears(ann, CONNECT_CHAT, SUCCESS, "c");
    assert_int_equal(assert_heard_file(ann, 0), sizeof sizes / sizeof *sizes);
    buf_free(&file);
}

/* Runs without an end around the length at which they come in pieces, between ordinary records and at the end. */
static void runs_without_an_end(void **state)
{
    (void)state;
    static const size_t runs[] = {RECORD_MAX - 1, RECORD_MAX, RECORD_MAX + 1, 2 * RECORD_MAX + 1, 3 * RECORD_MAX};
    static const uint32_t pieces[] = {1, 1, 2, 3, 3};
    struct buf file = {0};
    uint32_t expected = 0;
    for (size_t i = 0; i < sizeof runs / sizeof *runs; i++) {
        add_record(&file, 10, (int)i);
        assert_true(buf_reserve(&file, runs[i] + 1));
        memset(file.at + file.n, 'A' + (int)i, runs[i]);
        file.n += (uint32_t)runs[i];
        file.at[file.n++] = RECORD_END;
        expected += 1 + pieces[i];
    }
    file.n--; /* the last run has no end at all: it gets one when the chat is opened */
    make_chat(&file);
    struct person *ann = connect_as("ann", 0);
    hall_talk(&hall);
    person_say(ann, SEND_MESSAGE, "behind it");
    hall_rest(&hall);
    assert_hears(ann, CONNECT_CHAT, SUCCESS, "c");
    assert_int_equal(assert_heard_file(ann, 0), expected + 1);
    buf_free(&file);
}

static void records_nobody_could_have_written(void **state)
{
    (void)state;
    static const char *const file = "\r\rno head\ra\tb\r\n\r\xff\xfe\r\t\t\t\n\n\n\r";
    struct buf content = {0};
    assert_true(buf_append(&content, file, strlen(file)) && buf_append(&content, "nul\0nul\rlast", 12));
    make_chat(&content);
    struct person *ann = connect_as("ann", 0);
    hall_rest(&hall);
    assert_hears(ann, CONNECT_CHAT, SUCCESS, "c");
    assert_int_equal(assert_heard_file(ann, 0), 9);
    buf_free(&content);
}

static void from_every_record_on(void **state)
{
    (void)state;
    struct buf file = {0};
    for (int i = 0; i < 8; i++)
        add_record(&file, (size_t)i, i);
    make_chat(&file);
    struct person *stays = connect_as("stays", 0);
    hall_rest(&hall);
    for (size_t at = 0; at <= file.n + 1; at++) {
        struct person *ann = connect_as("ann", at);
        hall_rest(&hall);
        if (at == 0 || (at <= file.n && file.at[at - 1] == RECORD_END)) {
            assert_hears(ann, CONNECT_CHAT, SUCCESS, "c");
            assert_heard_file(ann, at);
        } else {
            assert_hears(ann, CONNECT_FROM, FAILURE, SAY_NO_RECORD_THERE);
            assert_quiet(ann);
        }
        person_say(ann, DISCONNECT, "");
        hall_rest(&hall);
        person_close(ann);
        hall_rest(&hall);
        if (hall.n == PERSONS_MAX)
            break;
    }
    assert_hears(stays, CONNECT_CHAT, SUCCESS, "c");
    assert_heard_file(stays, 0);
    buf_free(&file);
}

/* Somebody reads a little now and then. It loses nothing, and nobody waits for it. */
static void a_slow_reader_delays_nobody(void **state)
{
    (void)state;
    static char text[6000];
    memset(text, 'x', sizeof text);
    struct person *fast = hall_enter_as(&hall, "fast", "c"), *other = hall_enter_as(&hall, "other", "c");
    hall.send_buffer = NARROW;
    struct person *slow = hall_enter_as(&hall, "slow", "c"), *never = hall_enter_as(&hall, "never", "c");
    for (int i = 0; i < 1000; i++) {
        struct answer answer;
        size_t n = (size_t)(1 + i * 31 % 5900);
        person_say_span(i % 7 ? fast : other, SEND_MESSAGE, (struct span){text, n});
        hall_run(&hall);
        person_hear(fast);
        person_hear(other);
        assert_true(person_next(fast, &answer)); /* at once, although two others are behind */
        assert_int_equal(answer.text.n, record_head(i % 7 ? "fast" : "other") + n);
        if (i % 3 == 0)
            person_hear_some(slow, (size_t)(i * 13 % 9000));
    }
    assert_true(hall_room(&hall, "c")->tail.frames.n <=
                TAIL_MAX + GATHER_MAX + 2 * sizeof text); /* two behind cost no memory */
    struct person *late = connect_as("late", 0);
    hall_rest(&hall);
    fast->at = 0;
    assert_heard_file(fast, 0);
    assert_heard_file(other, 0);
    assert_heard_file(slow, 0);
    assert_heard_file(never, 0);
    assert_hears(late, CONNECT_CHAT, SUCCESS, "c");
    assert_heard_file(late, 0);
    assert_int_equal(hall_room(&hall, "c")->desk.front, 5);
}

/* People come while others talk, at any moment of it: each gets the whole file, in order, once. */
static void newcomers_in_the_middle(void **state)
{
    (void)state;
    enum { COMERS = 40 };
    struct person *persons[COMERS];
    char name[16], text[600];
    memset(text, 'y', sizeof text);
    struct person *writer = hall_enter_as(&hall, "writer", "c");
    for (int i = 0; i < COMERS; i++) {
        struct buf script = {0};
        hall.send_buffer = i % 3 ? NARROW : 0;
        snprintf(name, sizeof name, "comer%d", i);
        persons[i] = hall_enter(&hall);
        script_add(&script, SET_NAME, span_of(name));
        script_add(&script, CONNECT_CHAT, span_of("c"));
        if (i % 2)
            script_add(&script, SEND_MESSAGE, span_of("I am here"));
        person_say_script(persons[i], &script);
        for (int k = 0; k < 10; k++) {
            person_say_span(writer, SEND_MESSAGE, (struct span){text, (size_t)(1 + (i * 50 + k * 7) % 600)});
            hall_turn(&hall);
            person_hear_some(persons[i * 7 % (i + 1)], 500);
        }
        person_hear(writer);
    }
    hall_rest(&hall);
    assert_heard_file(writer, 0);
    for (int i = 0; i < COMERS; i++) {
        assert_hears(persons[i], SET_NAME, SUCCESS, "");
        assert_hears(persons[i], GET_CHATS, SUCCESS, "c\n");
        assert_hears(persons[i], CONNECT_CHAT, SUCCESS, "c");
        assert_heard_file(persons[i], 0);
    }
}

/* All who are behind share what a turn has: nobody waits until the first ones have everything. */
static void a_share_for_everybody(void **state)
{
    (void)state;
    enum { READERS = 48, WIDE = 200000 };
    struct person *readers[READERS];
    size_t heard[READERS] = {0};
    char name[16];
    struct buf file = {0};
    for (int i = 0; file.n < 4 * (size_t)FEED_ALL_MAX; i++)
        add_record(&file, (size_t)FEED_MAX / 8, i);
    make_chat(&file);
    hall.send_buffer = WIDE;
    for (int i = 0; i < READERS; i++) {
        snprintf(name, sizeof name, "r%d", i);
        readers[i] = hall_enter_as(&hall, name, NULL);
    }
    for (int i = 0; i < READERS; i++)
        person_say(readers[i], CONNECT_CHAT, "c");
    /* Everybody reads all there is after each turn, so that every socket can always take more. */
    for (int turn = 0; turn < 2 * READERS; turn++) {
        size_t all = 0;
        hall_turn(&hall);
        for (int i = 0; i < READERS; i++) {
            person_skip(readers[i]);
            person_hear(readers[i]);
            assert_true(readers[i]->heard.n <= FEED_MAX + 64);
            heard[i] += readers[i]->heard.n;
            all += readers[i]->heard.n;
        }
        assert_true(all <= FEED_ALL_MAX + READERS * 64);
    }
    size_t least = SIZE_MAX, most = 0;
    for (int i = 0; i < READERS; i++) {
        least = heard[i] < least ? heard[i] : least;
        most = heard[i] > most ? heard[i] : most;
    }
    print_message("the first has %zu bytes, the last %zu\n", most, least);
    assert_true(least >= most / 4);
    buf_free(&file);
}

/* Writers who fill every turn can't outrun a reader who takes all that it is sent. */
static void a_reader_arrives(void **state)
{
    (void)state;
    enum { PIECE = FEED_MAX / 16, FIT = GATHER_MAX / (PIECE + 64), WRITERS = FIT > 1 ? FIT : 1, WIDE = 200000 };
    static char text[PIECE];
    struct person *writers[WRITERS], *reader;
    char name[16];
    struct buf file = {0};
    memset(text, 'w', sizeof text);
    for (int i = 0; file.n < 4 * (size_t)FEED_MAX; i++)
        add_record(&file, PIECE, i);
    make_chat(&file);
    hall.send_buffer = WIDE;
    for (int i = 0; i < WRITERS; i++) {
        snprintf(name, sizeof name, "w%d", i);
        writers[i] = hall_enter_as(&hall, name, "c");
    }
    reader = connect_as("reader", 0);
    const struct desk *desk = &hall_room(&hall, "c")->desk;
    for (int turn = 0; reader->session->desk != desk || !desk_in_front(desk, reader->session); turn++) {
        assert_true(turn < 300);
        for (int i = 0; i < WRITERS; i++)
            person_say_span(writers[i], SEND_MESSAGE, (struct span){text, PIECE});
        hall_turn(&hall);
        for (int i = 0; i < WRITERS; i++) {
            person_skip(writers[i]);
            person_hear(writers[i]);
        }
        person_skip(reader);
        person_hear(reader);
    }
    buf_free(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        HALL_TEST(a_newcomer_gets_all_of_it), HALL_TEST(records_larger_than_a_chunk),
        HALL_TEST(runs_without_an_end),       HALL_TEST(records_nobody_could_have_written),
        HALL_TEST(from_every_record_on),      HALL_TEST(a_slow_reader_delays_nobody),
        HALL_TEST(newcomers_in_the_middle),   HALL_TEST(a_share_for_everybody),
        HALL_TEST(a_reader_arrives),
    };
    return cmocka_run_group_tests_name("unit/feed", tests, NULL, NULL);
}
