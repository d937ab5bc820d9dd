/* Tests of the growable buffer: contents survive growing and dropping, and no size wraps around. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/buf.h"

static void assert_holds(const struct buf *buf, const char *text)
{
    assert_true(span_equal(buf_span(buf), span_of(text)));
}

static void zero_is_empty(void **state)
{
    (void)state;
    struct buf buf = {0};
    assert_int_equal(buf_span(&buf).n, 0);
    assert_true(buf_append(&buf, NULL, 0));
    assert_true(buf_reserve(&buf, 0));
    assert_null(buf.at);
    buf_drop(&buf, 3);
    assert_int_equal(buf.n, 0);
    buf_free(&buf);
}

static void appended_bytes_stay(void **state)
{
    (void)state;
    struct buf buf = {0};
    for (unsigned i = 0; i < 100000; i++) {
        char byte = (char)(i * 7);
        assert_true(buf_append(&buf, &byte, 1));
        assert_true(buf.room >= buf.n);
    }
    assert_int_equal(buf.n, 100000);
    for (unsigned i = 0; i < buf.n; i++)
        assert_int_equal(buf.at[i], (char)(i * 7));
    buf_free(&buf);
    assert_null(buf.at);
    assert_int_equal(buf.n, 0);
    assert_int_equal(buf.room, 0);
}

static void growing_is_cheap_and_not_wasteful(void **state)
{
    (void)state;
    struct buf buf = {0};
    unsigned grown = 0;
    for (unsigned i = 0; i < 1 << 20; i++) {
        uint32_t before = buf.room;
        assert_true(buf_append(&buf, "x", 1));
        if (buf.room != before) {
            assert_true(buf.room >= 2 * before || before >= BUF_STEP);
            assert_true(buf.room <= buf.n + BUF_STEP);
            grown++;
        }
    }
    assert_true(grown <= 20 + (1 << 20) / BUF_STEP);
    buf_free(&buf);
}

static void reserved_room_is_not_asked_for_again(void **state)
{
    (void)state;
    struct buf buf = {0};
    assert_true(buf_reserve(&buf, 1000));
    char *at = buf.at;
    assert_int_equal(buf.n, 0);
    for (unsigned i = 0; i < 1000; i++)
        assert_true(buf_append(&buf, "y", 1));
    assert_ptr_equal(buf.at, at);
    buf_free(&buf);
}

static void dropping_keeps_the_rest(void **state)
{
    (void)state;
    struct buf buf = {0};
    assert_true(buf_append(&buf, "hello world", 11));
    buf_drop(&buf, 0);
    assert_holds(&buf, "hello world");
    buf_drop(&buf, 6);
    assert_holds(&buf, "world");
    assert_true(buf_append(&buf, "!", 1));
    assert_holds(&buf, "world!");
    buf_drop(&buf, 6);
    assert_holds(&buf, "");
    buf_free(&buf);
}

static void what_can_not_be_had_changes_nothing(void **state)
{
    (void)state;
    struct buf buf = {0};
    assert_true(buf_append(&buf, "kept", 4));
    assert_false(buf_reserve(&buf, UINT32_MAX));
    assert_false(buf_reserve(&buf, SIZE_MAX));
    assert_false(buf_append(&buf, NULL, (size_t)UINT32_MAX + 1));
    assert_holds(&buf, "kept");
    buf_free(&buf);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(zero_is_empty),
        cmocka_unit_test(appended_bytes_stay),
        cmocka_unit_test(growing_is_cheap_and_not_wasteful),
        cmocka_unit_test(reserved_room_is_not_asked_for_again),
        cmocka_unit_test(dropping_keeps_the_rest),
        cmocka_unit_test(what_can_not_be_had_changes_nothing),
    };
    return cmocka_run_group_tests_name("unit/buf", tests, NULL, NULL);
}
