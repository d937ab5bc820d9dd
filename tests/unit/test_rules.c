/* Tests of what names and texts may be, with every character at the edges of what is invisible. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/protocol.h"
#include "common/rules.h"

static size_t encode(uint32_t c, char *to)
{
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n; i-- > 1; c >>= 6)
        to[i] = (char)(0x80 | (c & 0x3f));
    to[0] = (char)(lead[n] | c);
    return n;
}

/* The character so many times. */
static struct span repeat(uint32_t c, size_t times)
{
    static char bytes[1024];
    size_t n = 0;
    while (times--)
        n += encode(c, bytes + n);
    return (struct span){bytes, n};
}

static void ordinary_names(void **state)
{
    (void)state;
    static const char *const names[] = {"a", "alice", "Иван", "日本語", "x_y.1", "\xf0\x9f\x98\x80", "a.b", "..."};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_null(rules_user(span_of(names[i])));
    assert_null(rules_user(span_of(".a/b")));
    assert_null(rules_chat(span_of("general")));
    assert_null(rules_chat(span_of("a.b")));
    assert_null(rules_chat(span_of("чат")));
    assert_null(rules_chat(span_of("operator")));
}

static void lengths_of_names(void **state)
{
    (void)state;
    assert_string_equal(rules_user(span_of("")), SAY_NAME_RULES);
    assert_string_equal(rules_chat(span_of("")), SAY_CHAT_RULES);
    assert_null(rules_user(repeat('a', 32)));
    assert_string_equal(rules_user(repeat('a', 33)), SAY_NAME_RULES);
    assert_null(rules_user(repeat(0x1f600, 32)));
    assert_string_equal(rules_user(repeat(0x1f600, 33)), SAY_NAME_RULES);
    assert_null(rules_chat(repeat('a', 64)));
    assert_string_equal(rules_chat(repeat('a', 65)), SAY_CHAT_RULES);
    assert_null(rules_chat(repeat(0x20ac, 64)));
    assert_null(rules_chat(repeat(0x1f600, 50)));
    assert_string_equal(rules_chat(repeat(0x1f600, 51)), SAY_CHAT_RULES);
}

static void names_that_are_no_text(void **state)
{
    (void)state;
    assert_string_equal(rules_user(span_of("caf\xe9")), SAY_NAME_RULES);
    assert_string_equal(rules_user(span_of("\xc0\xaf")), SAY_NAME_RULES);
    assert_string_equal(rules_user((struct span){"a\0b", 3}), SAY_NAME_RULES);
    assert_string_equal(rules_chat(span_of("\xff")), SAY_CHAT_RULES);
}

static void chats_are_file_names(void **state)
{
    (void)state;
    static const char *const bad[] = {"/", "a/b", "/etc", "../x", ".", "..", ".hidden", "x/", "a b", "a\tb", "a\nb"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_string_equal(rules_chat(span_of(bad[i])), SAY_CHAT_RULES);
}

static void the_operator(void **state)
{
    (void)state;
    assert_string_equal(rules_user(span_of("operator")), SAY_NAME_RESERVED);
    assert_null(rules_user(span_of("operators")));
    assert_null(rules_user(span_of("operato")));
}

/* The runs as Unicode 15 has them, each with the visible characters on both sides of it. */
static void invisible_characters(void **state)
{
    (void)state;
    static const uint32_t runs[][2] = {
        {0x00, 0x20},       {0x7f, 0xa0},       {0xad, 0xad},       {0x600, 0x605},     {0x61c, 0x61c},
        {0x6dd, 0x6dd},     {0x70f, 0x70f},     {0x890, 0x891},     {0x8e2, 0x8e2},     {0x1680, 0x1680},
        {0x180e, 0x180e},   {0x2000, 0x200f},   {0x2028, 0x202f},   {0x205f, 0x2064},   {0x2066, 0x206f},
        {0x3000, 0x3000},   {0xfeff, 0xfeff},   {0xfff9, 0xfffb},   {0x110bd, 0x110bd}, {0x110cd, 0x110cd},
        {0x13430, 0x1343f}, {0x1bca0, 0x1bca3}, {0x1d173, 0x1d17a}, {0xe0001, 0xe0001}, {0xe0020, 0xe007f},
    };
    size_t run = 0, hidden = 0;
    for (uint32_t c = 0; c <= 0x10ffff; c++) {
        if (c >= 0xd800 && c <= 0xdfff)
            continue;
        while (run < sizeof runs / sizeof *runs && c > runs[run][1])
            run++;
        if (run < sizeof runs / sizeof *runs && c >= runs[run][0]) {
            hidden++;
            assert_string_equal(rules_user(repeat(c, 1)), SAY_NAME_RULES);
        } else {
            assert_null(rules_user(repeat(c, 1)));
        }
    }
    assert_int_equal(hidden, 65 + 170 + 17 + 1 + 1); /* Cc, Cf, Zs, Zl, Zp */
}

static void texts(void **state)
{
    (void)state;
    assert_null(rules_text(span_of("x")));
    assert_null(rules_text(span_of("two\nlines\tand a tab, Привет \xf0\x9f\x98\x80")));
    assert_null(rules_text(span_of(" ")));
    assert_null(rules_text(span_of("\xe2\x80\xae")));
    assert_string_equal(rules_text(span_of("")), SAY_TEXT_RULES);
    assert_string_equal(rules_text((struct span){"\0", 1}), SAY_TEXT_RULES);
    assert_string_equal(rules_text(span_of("\xc0\x80")), SAY_TEXT_RULES);
    assert_string_equal(rules_text(span_of("cut\xe2\x82")), SAY_TEXT_RULES);
}

/* Wherever it stands in a text that is checked in blocks. */
static void control_characters_in_texts(void **state)
{
    (void)state;
    char text[64];
    for (size_t at = 0; at + 2 <= sizeof text; at++) {
        for (uint32_t c = 0; c <= 0xa0; c++) {
            memset(text, 'a', sizeof text);
            encode(c, text + at);
            bool allowed = c == '\t' || c == '\n' || (c >= 0x20 && c < 0x7f) || c == 0xa0;
            const char *said = rules_text((struct span){text, sizeof text});
            if (allowed)
                assert_null(said);
            else
                assert_string_equal(said, SAY_TEXT_RULES);
        }
        memset(text, 'a', sizeof text);
        text[at] = (char)0xff;
        assert_string_equal(rules_text((struct span){text, sizeof text}), SAY_TEXT_RULES);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ordinary_names),
        cmocka_unit_test(lengths_of_names),
        cmocka_unit_test(names_that_are_no_text),
        cmocka_unit_test(chats_are_file_names),
        cmocka_unit_test(the_operator),
        cmocka_unit_test(invisible_characters),
        cmocka_unit_test(texts),
        cmocka_unit_test(control_characters_in_texts),
    };
    return cmocka_run_group_tests_name("unit/rules", tests, NULL, NULL);
}
