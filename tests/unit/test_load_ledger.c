/* What the load generator knows records by: marks in texts, fingerprints, and the ledger that holds them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/load/fingerprint.h"
#include "client/load/ledger.h"
#include "client/load/mark.h"
#include "client/load/random.h"

/* ---- Marks ---- */

static const struct mark_key key = {UINT64_C(0x0123456789abcdef), UINT64_C(0xfedcba9876543210)};

static void assert_round_trip(const struct mark *mark)
{
    char text[MARK_BYTES];
    struct mark got = {0};
    mark_put(text, &key, mark);
    for (size_t i = 0; i < sizeof text; i++)
        assert_non_null(memchr("0123456789abcdef", text[i], 16));
    assert_true(mark_get(text, &key, &got));
    assert_int_equal(got.voice, mark->voice);
    assert_int_equal(got.number, mark->number);
    assert_true(got.when == mark->when);
}

static void marks_at_their_borders(void **state)
{
    static const uint32_t voices[] = {0, 1, 255, 256, MARK_VOICES - 1};
    static const uint32_t numbers[] = {0, 1, INT32_MAX, UINT32_MAX};
    const uint64_t whens[] = {1, mark_when(0, MARK_LATE_MOST), mark_when(MARK_TIME_MOST, 0), UINT64_MAX};
    for (size_t v = 0; v < sizeof voices / sizeof *voices; v++)
        for (size_t n = 0; n < sizeof numbers / sizeof *numbers; n++)
            for (size_t w = 0; w < sizeof whens / sizeof *whens; w++)
                assert_round_trip(&(struct mark){voices[v], numbers[n], whens[w]});
    (void)state;
}

static void marks_at_random(void **state)
{
    uint64_t stream = 1;
    for (int i = 0; i < 10000; i++) {
        struct mark mark = {(uint32_t)random_below(&stream, MARK_VOICES), (uint32_t)random_next(&stream),
                            random_next(&stream)};
        assert_round_trip(&mark);
    }
    (void)state;
}

static void times_in_marks(void **state)
{
    static const struct {
        int64_t due, late, kept;
    } times[] = {
        {0, 0, 0},
        {1, 1, 1},
        {12345678, -1, 0},
        {5, MARK_LATE_MOST, MARK_LATE_MOST},
        {5, MARK_LATE_MOST + 1, MARK_LATE_MOST},
        {5, INT64_MAX, MARK_LATE_MOST},
        {MARK_TIME_MOST, 7, 7},
    };
    for (size_t i = 0; i < sizeof times / sizeof *times; i++) {
        uint64_t when = mark_when(times[i].due, times[i].late);
        assert_true(mark_due(when) == times[i].due);
        assert_true(mark_late(when) == times[i].kept);
    }
    (void)state;
}

/* What another run left in a chat. One foreign key in 256 has what is in the middle of a mark by chance. */
static void marks_of_other_runs(void **state)
{
    enum { RUNS = 4096, MORE_THAN_CHANCE = 64 };
    char text[MARK_BYTES];
    struct mark mark = {1, 2, 3}, got;
    uint64_t stream = 2;
    int taken = 0;
    for (int i = 0; i < RUNS; i++) {
        struct mark_key foreign = {random_next(&stream), random_next(&stream)};
        mark_put(text, &foreign, &mark);
        taken += mark_get(text, &key, &got);
    }
    assert_true(taken < MORE_THAN_CHANCE);
    (void)state;
}

static void texts_that_are_no_marks(void **state)
{
    char text[MARK_BYTES];
    struct mark mark = {17, 4, 99}, got;
    for (int c = 0; c < 256; c++)
        for (size_t at = 0; at < MARK_BYTES && !(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'f'); at++) {
            mark_put(text, &key, &mark);
            text[at] = (char)c;
            assert_false(mark_get(text, &key, &got));
        }
    (void)state;
}

/* Another digit is another mark, or none. */
static void marks_with_wrong_digits(void **state)
{
    char text[MARK_BYTES];
    struct mark mark = {17, 4, 99}, got;
    for (size_t at = 0; at < MARK_BYTES; at++) {
        mark_put(text, &key, &mark);
        text[at] = text[at] == '0' ? '1' : '0';
        if (mark_get(text, &key, &got))
            assert_true(got.voice != mark.voice || got.number != mark.number || got.when != mark.when);
        else
            assert_true(at == 6 || at == 7);
    }
    (void)state;
}

/* ---- Fingerprints ---- */

enum { LONGEST = 200 };

static void fingerprints_see_every_byte(void **state)
{
    char text[LONGEST];
    uint64_t stream = 3;
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)random_next(&stream);
    for (size_t n = 0; n <= sizeof text; n++) {
        uint64_t print = fingerprint(text, n);
        for (size_t at = 0; at < n; at++)
            for (int bit = 0; bit < 8; bit++) {
                text[at] = (char)(text[at] ^ 1 << bit);
                assert_true(fingerprint(text, n) != print);
                text[at] = (char)(text[at] ^ 1 << bit);
            }
        assert_true(fingerprint(text, n) == print);
    }
    (void)state;
}

static void assert_lengths_differ(const char text[LONGEST])
{
    uint64_t prints[LONGEST + 1];
    for (size_t n = 0; n <= LONGEST; n++) {
        prints[n] = fingerprint(text, n);
        for (size_t i = 0; i < n; i++)
            assert_true(prints[i] != prints[n]);
    }
}

static void fingerprints_see_the_length(void **state)
{
    char text[LONGEST];
    uint64_t stream = 4;
    memset(text, 0, sizeof text);
    assert_lengths_differ(text);
    memset(text, '.', sizeof text);
    assert_lengths_differ(text);
    for (size_t i = 0; i < sizeof text; i++)
        text[i] = (char)random_next(&stream);
    assert_lengths_differ(text);
    (void)state;
}

/* Wherever the bytes lie, and whatever stands behind them. */
static void fingerprints_see_nothing_else(void **state)
{
    char text[LONGEST + 24];
    for (size_t n = 0; n <= LONGEST; n++) {
        memset(text, 'x', sizeof text);
        memset(text, 'a', n);
        uint64_t print = fingerprint(text, n);
        for (size_t at = 1; at < 16; at++) {
            memset(text, (int)at, sizeof text);
            memset(text + at, 'a', n);
            assert_true(fingerprint(text + at, n) == print);
        }
    }
    (void)state;
}

/* ---- Ledgers ---- */

static struct ledger *new_ledger(struct book *book)
{
    *book = (struct book){0};
    struct ledger *ledger = book_ledger(book, span_of("hall"));
    assert_non_null(ledger);
    assert_int_equal(ledger->n, 0);
    return ledger;
}

static void ledgers_grow(void **state)
{
    enum { RECORDS = 9 * LEDGER_CHUNK + 7 };
    struct book book;
    struct ledger *ledger = new_ledger(&book);
    for (uint64_t i = 0; i < RECORDS; i++)
        assert_true(ledger_append(ledger, i * i, i));
    assert_int_equal(ledger->n, RECORDS);
    for (uint64_t i = 0; i < RECORDS; i++) {
        assert_true(ledger_at(ledger, i)->print == i * i);
        assert_true(ledger_at(ledger, i)->when == i);
    }
    book_free(&book);
    assert_int_equal(book.n, 0);
    (void)state;
}

static void ledgers_take_what_was_missing(void **state)
{
    enum { RECORDS = 2 * LEDGER_CHUNK };
    static const uint64_t places[] = {0, 1, LEDGER_CHUNK - 1, LEDGER_CHUNK, LEDGER_CHUNK + 1, RECORDS - 1, RECORDS};
    for (size_t p = 0; p < sizeof places / sizeof *places; p++) {
        struct book book;
        struct ledger *ledger = new_ledger(&book);
        for (uint64_t i = 0; i < RECORDS; i++)
            assert_true(ledger_append(ledger, i, i));
        assert_true(ledger_insert(ledger, places[p], UINT64_MAX, 5));
        assert_int_equal(ledger->n, RECORDS + 1);
        for (uint64_t i = 0; i < RECORDS; i++)
            assert_true(ledger_at(ledger, i + (i >= places[p]))->print == i);
        assert_true(ledger_at(ledger, places[p])->print == UINT64_MAX);
        assert_true(ledger_at(ledger, places[p])->when == 5);
        book_free(&book);
    }
    (void)state;
}

/* The distance to both sides; the nearer one wins, and of two as near the one ahead. */
static void ledgers_find(void **state)
{
    enum { RECORDS = 100 };
    struct book book;
    struct ledger *ledger = new_ledger(&book);
    assert_int_equal(ledger_find(ledger, 0, 1, 1000), -1);
    for (uint64_t i = 0; i < RECORDS; i++)
        assert_true(ledger_append(ledger, i % 50, 0));
    assert_int_equal(ledger_find(ledger, 10, 10, 1), 10);
    assert_int_equal(ledger_find(ledger, 10, 13, 3), -1);
    assert_int_equal(ledger_find(ledger, 10, 13, 4), 13);
    assert_int_equal(ledger_find(ledger, 10, 8, 1), -1);
    assert_int_equal(ledger_find(ledger, 10, 8, 2), 8);
    assert_int_equal(ledger_find(ledger, 40, 5, 1000), 55);
    assert_int_equal(ledger_find(ledger, 20, 5, 1000), 5);
    assert_int_equal(ledger_find(ledger, RECORDS, 49, 1), 99);
    assert_int_equal(ledger_find(ledger, RECORDS, 0, 1000), 50);
    assert_int_equal(ledger_find(ledger, 0, 49, 1000), 49);
    assert_int_equal(ledger_find(ledger, 50, 77, 1000), -1);
    assert_int_equal(ledger_find(ledger, RECORDS + 10, 49, 11), 99);
    assert_int_equal(ledger_find(ledger, RECORDS + 10, 49, 10), -1);
    book_free(&book);
    (void)state;
}

static void voices_go_on(void **state)
{
    enum { VOICES = 5000 };
    struct book book;
    struct ledger *ledger = new_ledger(&book);
    bool no_memory = false;
    for (uint32_t round = 0; round < 3; round++)
        for (uint32_t voice = 1; voice <= VOICES; voice++)
            assert_true(ledger_voice_next(ledger, voice, voice + 2 * round, &no_memory));
    assert_int_equal(ledger->n_voices, VOICES);
    for (uint32_t voice = 1; voice <= VOICES; voice++) {
        assert_false(ledger_voice_next(ledger, voice, voice + 4, &no_memory));
        assert_false(ledger_voice_next(ledger, voice, 0, &no_memory));
        assert_true(ledger_voice_next(ledger, voice, voice + 5, &no_memory));
    }
    assert_true(ledger_voice_next(ledger, VOICES + 1, 0, &no_memory));
    assert_false(ledger_voice_next(ledger, VOICES + 1, 0, &no_memory));
    assert_true(ledger_voice_next(ledger, VOICES + 1, UINT32_MAX, &no_memory));
    assert_false(ledger_voice_next(ledger, VOICES + 1, UINT32_MAX, &no_memory));
    assert_false(no_memory);
    book_free(&book);
    (void)state;
}

/* ---- Books ---- */

static void books_grow(void **state)
{
    enum { CHATS = 1000 };
    static struct ledger *ledgers[CHATS];
    struct book book = {0};
    char name[16];
    assert_null(book_find(&book, span_of("hall")));
    for (int i = 0; i < CHATS; i++) {
        snprintf(name, sizeof name, "chat%d", i);
        ledgers[i] = book_ledger(&book, span_of(name));
        assert_non_null(ledgers[i]);
        assert_string_equal(ledgers[i]->name, name);
    }
    assert_int_equal(book.n, CHATS);
    for (int i = 0; i < CHATS; i++) {
        snprintf(name, sizeof name, "chat%d", i);
        assert_ptr_equal(book_ledger(&book, span_of(name)), ledgers[i]);
        assert_ptr_equal(book_find(&book, span_of(name)), ledgers[i]);
    }
    assert_null(book_find(&book, span_of("chat")));
    assert_null(book_find(&book, span_of("chat1000")));
    assert_int_equal(book.n, CHATS);
    book_free(&book);
    assert_null(book_find(&book, span_of("chat1")));
    (void)state;
}

static void books_with_long_names(void **state)
{
    struct book book = {0};
    char name[LEDGER_NAME + 10];
    memset(name, 'n', sizeof name);
    struct ledger *longest = book_ledger(&book, (struct span){name, LEDGER_NAME});
    struct ledger *shorter = book_ledger(&book, (struct span){name, LEDGER_NAME - 1});
    assert_non_null(longest);
    assert_ptr_not_equal(longest, shorter);
    assert_int_equal(ledger_name(longest).n, LEDGER_NAME);
    assert_ptr_equal(book_ledger(&book, (struct span){name, sizeof name}), longest);
    assert_non_null(book_ledger(&book, span_of("")));
    assert_int_equal(book.n, 3);
    book_free(&book);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(marks_at_their_borders),
        cmocka_unit_test(marks_at_random),
        cmocka_unit_test(times_in_marks),
        cmocka_unit_test(marks_of_other_runs),
        cmocka_unit_test(texts_that_are_no_marks),
        cmocka_unit_test(marks_with_wrong_digits),
        cmocka_unit_test(fingerprints_see_every_byte),
        cmocka_unit_test(fingerprints_see_the_length),
        cmocka_unit_test(fingerprints_see_nothing_else),
        cmocka_unit_test(ledgers_grow),
        cmocka_unit_test(ledgers_take_what_was_missing),
        cmocka_unit_test(ledgers_find),
        cmocka_unit_test(voices_go_on),
        cmocka_unit_test(books_grow),
        cmocka_unit_test(books_with_long_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
