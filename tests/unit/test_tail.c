/* Tests of framed records in memory: every position, a byte into every frame, and what is dropped at either end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/protocol.h"
#include "server/chat/tail.h"
#include "server/door/wire.h"

enum { FIRST = 1000 /* where the first record begins in the file */ };

static const char *const texts[] = {"a\tstamp\none", "b\tstamp\n", "", "c\tstamp\na somewhat longer text", "d",
                                    "e\n\n"};

enum { N = sizeof texts / sizeof *texts };

/* Where each record begins in the file, and where the last one ends; and each one's frame in the tail. */
static uint64_t file_at(size_t i)
{
    uint64_t at = FIRST;
    for (size_t k = 0; k < i; k++)
        at += strlen(texts[k]) + 1;
    return at;
}

static size_t frame_at(size_t i)
{
    size_t at = 0;
    for (size_t k = 0; k < i; k++)
        at += SERVER_HEADER + strlen(texts[k]);
    return at;
}

static void fill(struct tail *tail)
{
    for (size_t i = 0; i < N; i++) {
        struct span record = span_of(texts[i]);
        assert_true(tail_add(tail, &door_wire, record, file_at(i), record.n + 1));
    }
}

static struct position at(size_t i, uint32_t skip)
{
    return (struct position){file_at(i), skip};
}

static void nothing_is_covered_by_nothing(void **state)
{
    (void)state;
    struct tail tail = {0};
    assert_false(tail_covers(&tail, 0));
    tail_shrink(&tail, 0);
    tail_cut(&tail, 0);
    tail_clear(&tail);
    assert_false(tail_covers(&tail, 0));
    tail_free(&tail);
    tail_free(&tail);
}

static void what_is_covered(void **state)
{
    (void)state;
    struct tail tail = {0};
    fill(&tail);
    assert_int_equal(tail.n, N);
    assert_int_equal(tail.end, file_at(N));
    assert_false(tail_covers(&tail, FIRST - 1));
    for (size_t i = 0; i < N; i++)
        assert_true(tail_covers(&tail, file_at(i)));
    assert_false(tail_covers(&tail, file_at(N)));
    assert_false(tail_covers(&tail, UINT64_MAX));
    tail_free(&tail);
}

static void the_frames_are_the_door_s(void **state)
{
    (void)state;
    struct tail tail = {0};
    fill(&tail);
    assert_int_equal(tail.frames.n, frame_at(N));
    for (size_t i = 0; i < N; i++) {
        struct buf frame = {0};
        assert_true(door_wire.frame(&frame, span_of(texts[i])));
        assert_true(span_equal(tail_from(&tail, at(i, 0), file_at(i + 1)), buf_span(&frame)));
        buf_free(&frame);
    }
    tail_free(&tail);
}

static void from_everywhere_to_every_limit(void **state)
{
    (void)state;
    struct tail tail = {0};
    fill(&tail);
    for (size_t i = 0; i < N; i++) {
        size_t frame = frame_at(i + 1) - frame_at(i);
        for (uint32_t skip = 0; skip < frame; skip++) {
            for (size_t to = i + 1; to <= N; to++) {
                struct span span = tail_from(&tail, at(i, skip), file_at(to));
                assert_ptr_equal(span.at, tail.frames.at + frame_at(i) + skip);
                assert_int_equal(span.n, frame_at(to) - frame_at(i) - skip);
            }
            struct span all = tail_from(&tail, at(i, skip), UINT64_MAX);
            assert_int_equal(all.n, frame_at(N) - frame_at(i) - skip);
        }
    }
    tail_free(&tail);
}

/* Any number of bytes from any position leads to where exactly so many are behind. */
static void advancing_over_every_byte(void **state)
{
    (void)state;
    struct tail tail = {0};
    fill(&tail);
    for (size_t i = 0; i < N; i++) {
        size_t frame = frame_at(i + 1) - frame_at(i);
        for (uint32_t skip = 0; skip < frame; skip++) {
            size_t left = frame_at(N) - frame_at(i) - skip;
            for (size_t n = 0; n < left; n++) {
                struct position to = tail_advance(&tail, at(i, skip), n);
                assert_int_equal(tail_from(&tail, to, UINT64_MAX).n, left - n);
                size_t k = i;
                while (file_at(k) < to.record)
                    k++;
                assert_int_equal(file_at(k), to.record);
                assert_true(to.skip < frame_at(k + 1) - frame_at(k));
            }
            struct position end = tail_advance(&tail, at(i, skip), left);
            assert_int_equal(end.record, file_at(N));
            assert_int_equal(end.skip, 0);
        }
    }
    tail_free(&tail);
}

static void shrinking_keeps_the_last_ones(void **state)
{
    (void)state;
    for (uint32_t most = 0; most <= frame_at(N) + 1; most++) {
        struct tail tail = {0};
        fill(&tail);
        tail_shrink(&tail, most);
        assert_true(tail.frames.n <= most);
        size_t first = 0;
        while (frame_at(N) - frame_at(first) > most)
            first++;
        assert_int_equal(tail.n, N - first);
        for (size_t i = 0; i < N; i++) {
            assert_int_equal(tail_covers(&tail, file_at(i)), i >= first);
            if (i < first)
                continue;
            struct buf frame = {0};
            assert_true(door_wire.frame(&frame, span_of(texts[i])));
            assert_true(span_equal(tail_from(&tail, at(i, 0), file_at(i + 1)), buf_span(&frame)));
            assert_int_equal(tail_advance(&tail, at(i, 1), frame.n - 1).record, file_at(i + 1));
            buf_free(&frame);
        }
        tail_free(&tail);
    }
}

static void cutting_keeps_the_first_ones(void **state)
{
    (void)state;
    for (size_t cut = 0; cut <= N; cut++) {
        struct tail tail = {0};
        fill(&tail);
        tail_cut(&tail, file_at(cut));
        assert_int_equal(tail.n, cut);
        assert_int_equal(tail.frames.n, frame_at(cut));
        for (size_t i = 0; i < N; i++)
            assert_int_equal(tail_covers(&tail, file_at(i)), i < cut);
        if (cut > 0)
            assert_int_equal(tail_advance(&tail, at(0, 0), frame_at(cut)).record, file_at(cut));
        /* What comes next goes where the cut was. */
        assert_true(tail_add(&tail, &door_wire, span_of("new"), file_at(cut), 4));
        assert_true(tail_covers(&tail, file_at(cut)));
        assert_int_equal(tail.end, file_at(cut) + 4);
        assert_int_equal(tail_from(&tail, at(cut, 0), UINT64_MAX).n, SERVER_HEADER + 3);
        tail_free(&tail);
    }
}

static void cutting_elsewhere_changes_nothing_or_drops_all(void **state)
{
    (void)state;
    struct tail tail = {0};
    fill(&tail);
    tail_cut(&tail, file_at(N) + 1);
    tail_cut(&tail, UINT64_MAX);
    assert_int_equal(tail.n, N);
    tail_cut(&tail, FIRST - 1);
    assert_int_equal(tail.n, 0);
    assert_false(tail_covers(&tail, FIRST));
    tail_free(&tail);
}

static void cleared_memory_is_used_again(void **state)
{
    (void)state;
    struct tail tail = {0};
    fill(&tail);
    uint32_t room = tail.frames.room;
    for (int i = 0; i < 100; i++) {
        tail_clear(&tail);
        assert_false(tail_covers(&tail, FIRST));
        fill(&tail);
        assert_int_equal(tail.n, N);
        assert_int_equal(tail.frames.n, frame_at(N));
    }
    assert_int_equal(tail.frames.room, room);
    tail_free(&tail);
}

/* Many records, the oldest dropped all the time, as a busy room does it. */
static void a_long_life(void **state)
{
    (void)state;
    enum { MOST = 500, RECORDS = 5000 };
    struct tail tail = {0};
    uint64_t file = 0;
    for (int i = 0; i < RECORDS; i++) {
        struct span record = span_of(texts[i % N]);
        if (tail.frames.n > MOST)
            tail_shrink(&tail, MOST / 2);
        assert_true(tail_add(&tail, &door_wire, record, file, record.n + 1));
        assert_true(tail_covers(&tail, file));
        struct span last = tail_from(&tail, (struct position){file, 0}, UINT64_MAX);
        assert_int_equal(last.n, SERVER_HEADER + record.n);
        assert_memory_equal(last.at + SERVER_HEADER, record.at, record.n);
        file += record.n + 1;
        assert_int_equal(tail.end, file);
    }
    assert_true(tail.frames.room < 4 * MOST);
    tail_free(&tail);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_covered_by_nothing),
        cmocka_unit_test(what_is_covered),
        cmocka_unit_test(the_frames_are_the_door_s),
        cmocka_unit_test(from_everywhere_to_every_limit),
        cmocka_unit_test(advancing_over_every_byte),
        cmocka_unit_test(shrinking_keeps_the_last_ones),
        cmocka_unit_test(cutting_keeps_the_first_ones),
        cmocka_unit_test(cutting_elsewhere_changes_nothing_or_drops_all),
        cmocka_unit_test(cleared_memory_is_used_again),
        cmocka_unit_test(a_long_life),
    };
    return cmocka_run_group_tests_name("unit/tail", tests, NULL, NULL);
}
