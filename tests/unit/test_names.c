/* Tests of the registry of names: one holder a name, and a freed name is free at once. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "common/protocol.h"
#include "server/chat/names.h"

static void a_name_has_one_holder(void **state)
{
    (void)state;
    struct names names = {0};
    struct name *ann = names_claim(&names, span_of("ann"));
    assert_non_null(ann);
    assert_true(span_equal(name_text(ann), span_of("ann")));
    errno = 0;
    assert_null(names_claim(&names, span_of("ann")));
    assert_int_equal(errno, EEXIST);
    names_release(&names, &ann);
    assert_null(ann);
    ann = names_claim(&names, span_of("ann"));
    assert_non_null(ann);
    names_release(&names, &ann);
    assert_null(names.by_text);
}

static void nobody_s_name_can_be_released(void **state)
{
    (void)state;
    struct names names = {0};
    struct name *none = NULL;
    names_release(&names, &none);
    assert_null(none);
    struct name *ann = names_claim(&names, span_of("ann"));
    names_release(&names, &ann);
    names_release(&names, &ann);
    assert_null(names.by_text);
}

static void names_are_bytes(void **state)
{
    (void)state;
    /* Case, beginnings and forms of the same letter: different bytes are different names. */
    static const char *const texts[] = {"ann", "Ann", "an", "anna", "\xc3\xa9", "e\xcc\x81", "e"};
    enum { N = sizeof texts / sizeof *texts };
    struct names names = {0};
    struct name *held[N];
    for (size_t i = 0; i < N; i++) {
        held[i] = names_claim(&names, span_of(texts[i]));
        assert_non_null(held[i]);
    }
    for (size_t i = 0; i < N; i++)
        assert_null(names_claim(&names, span_of(texts[i])));
    for (size_t i = 0; i < N; i++)
        names_release(&names, &held[i]);
    assert_null(names.by_text);
}

/* The registry keeps its own copy: the text it was asked with lies in a buffer that is used again. */
static void the_text_is_the_registry_s_own(void **state)
{
    (void)state;
    struct names names = {0};
    char buffer[] = "bob behind which more stands";
    struct name *bob = names_claim(&names, (struct span){buffer, 3});
    memset(buffer, 'x', sizeof buffer);
    assert_true(span_equal(name_text(bob), span_of("bob")));
    assert_null(names_claim(&names, span_of("bob")));
    names_release(&names, &bob);
}

static void the_longest_name_fits(void **state)
{
    (void)state;
    struct names names = {0};
    char text[USER_BYTES_MAX];
    memset(text, 'n', sizeof text);
    struct name *name = names_claim(&names, (struct span){text, sizeof text});
    assert_int_equal(name_text(name).n, USER_BYTES_MAX);
    assert_null(names_claim(&names, (struct span){text, sizeof text}));
    struct name *shorter = names_claim(&names, (struct span){text, sizeof text - 1});
    assert_non_null(shorter);
    names_release(&names, &name);
    names_release(&names, &shorter);
}

static void many_names(void **state)
{
    (void)state;
    enum { MANY = 10000 };
    static struct name *held[MANY];
    struct names names = {0};
    char text[16];
    for (int i = 0; i < MANY; i++) {
        snprintf(text, sizeof text, "user%d", i);
        held[i] = names_claim(&names, span_of(text));
        assert_non_null(held[i]);
    }
    for (int i = 0; i < MANY; i += 2)
        names_release(&names, &held[i]);
    for (int i = 0; i < MANY; i++) {
        snprintf(text, sizeof text, "user%d", i);
        struct name *name = names_claim(&names, span_of(text));
        assert_int_equal(name != NULL, i % 2 == 0);
        if (name)
            held[i] = name;
    }
    for (int i = 0; i < MANY; i++)
        names_release(&names, &held[i]);
    assert_null(names.by_text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_name_has_one_holder), cmocka_unit_test(nobody_s_name_can_be_released),
        cmocka_unit_test(names_are_bytes),       cmocka_unit_test(the_text_is_the_registry_s_own),
        cmocka_unit_test(the_longest_name_fits), cmocka_unit_test(many_names),
    };
    return cmocka_run_group_tests_name("unit/names", tests, NULL, NULL);
}
