/* Tests of UTF-8: every character there is, everything that is none, and cuts at a character's edge. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/utf8.h"

/* An encoder of the tests' own; it also makes what should not be. */
static size_t encode(uint32_t c, size_t n, char *to)
{
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n; i-- > 1; c >>= 6)
        to[i] = (char)(0x80 | (c & 0x3f));
    to[0] = (char)(lead[n] | c);
    return n;
}

static size_t shortest(uint32_t c)
{
    return c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
}

static void every_character_is_read(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x1fffff; c++) {
        char bytes[4];
        uint32_t found = UINT32_MAX;
        struct span text = {bytes, encode(c, shortest(c), bytes)};
        if (c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff)) {
            assert_int_equal(utf8_next(text, &found), 0);
        } else {
            assert_int_equal(utf8_next(text, &found), text.n);
            assert_int_equal(found, c);
        }
    }
}

static void overlong_forms_are_refused(void **state)
{
    (void)state;
    for (uint32_t c = 0; c < 0x10000; c++) {
        for (size_t n = shortest(c) + 1; n <= 4; n++) {
            char bytes[4];
            uint32_t found;
            assert_int_equal(utf8_next((struct span){bytes, encode(c, n, bytes)}, &found), 0);
        }
    }
}

static void unfinished_characters_are_refused(void **state)
{
    (void)state;
    static const uint32_t some[] = {0x80, 0x7ff, 0x800, 0xffff, 0x10000, 0x10ffff};
    for (size_t i = 0; i < sizeof some / sizeof *some; i++) {
        char bytes[4];
        uint32_t found;
        size_t n = encode(some[i], shortest(some[i]), bytes);
        for (size_t less = 0; less < n; less++)
            assert_int_equal(utf8_next((struct span){bytes, less}, &found), 0);
        for (size_t at = 1; at < n; at++) {
            char broken[4];
            memcpy(broken, bytes, n);
            broken[at] = 'x';
            assert_int_equal(utf8_next((struct span){broken, n}, &found), 0);
            broken[at] = (char)0xc3;
            assert_int_equal(utf8_next((struct span){broken, n}, &found), 0);
        }
    }
}

static void some_bytes_begin_nothing(void **state)
{
    (void)state;
    for (unsigned lead = 0x80; lead < 0x100; lead++) {
        if (lead >= 0xc2 && lead <= 0xf4)
            continue;
        char bytes[] = {(char)lead, (char)0x80, (char)0x80, (char)0x80};
        uint32_t found;
        assert_int_equal(utf8_next((struct span){bytes, sizeof bytes}, &found), 0);
    }
}

static void whole_texts(void **state)
{
    (void)state;
    assert_true(utf8_valid(span_of("")));
    assert_true(utf8_valid(span_of("plain")));
    assert_true(utf8_valid(span_of("Привет, \xe2\x82\xac \xf0\x9f\x98\x80")));
    assert_true(utf8_valid((struct span){"a\0b", 3}));
    assert_false(utf8_valid(span_of("caf\xe9")));
    assert_false(utf8_valid(span_of("\xf0\x9f\x98")));
    assert_false(utf8_valid(span_of("ok\xed\xa0\x80")));
}

static void cuts_are_at_edges(void **state)
{
    (void)state;
    struct span text = span_of("a\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80z"); /* 1 2 3 4 1 bytes */
    static const size_t fits[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10, 11, 11};
    for (size_t most = 0; most < sizeof fits / sizeof *fits; most++) {
        assert_int_equal(utf8_fit(text, most), fits[most]);
        assert_true(utf8_valid((struct span){text.at, utf8_fit(text, most)}));
    }
    assert_int_equal(utf8_fit(text, SIZE_MAX), text.n);
}

static void cuts_of_bad_text_are_near(void **state)
{
    (void)state;
    struct span stray = span_of("\x80\x80\x80\x80\x80\x80\x80\x80");
    struct span leads = span_of("\xf0\xf0\xf0\xf0");
    for (size_t most = 0; most < 9; most++) {
        assert_int_equal(utf8_fit(stray, most), most < 8 ? most : 8);
        assert_true(utf8_fit(leads, most) <= most);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_character_is_read),
        cmocka_unit_test(overlong_forms_are_refused),
        cmocka_unit_test(unfinished_characters_are_refused),
        cmocka_unit_test(some_bytes_begin_nothing),
        cmocka_unit_test(whole_texts),
        cmocka_unit_test(cuts_are_at_edges),
        cmocka_unit_test(cuts_of_bad_text_are_near),
    };
    return cmocka_run_group_tests_name("unit/utf8", tests, NULL, NULL);
}
