/* Tests of the linked lists: order, leaving from anywhere, and links that stand in no list. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/list.h"

struct person {
    char name;
    struct list link;
};

static struct person people[5];
static struct list line, other;

static int fresh(void **state)
{
    (void)state;
    for (int i = 0; i < 5; i++)
        people[i] = (struct person){.name = (char)('a' + i)};
    list_init(&line);
    list_init(&other);
    return 0;
}

static void append(struct list *list, const char *names)
{
    for (; *names; names++)
        list_append(list, &people[*names - 'a'].link);
}

/* Both ways round. */
static void assert_is(const struct list *list, const char *names)
{
    const struct list *at = list->next;
    size_t n = 0;
    for (; names[n]; n++, at = at->next)
        assert_int_equal(list_entry(at, const struct person, link)->name, names[n]);
    assert_ptr_equal(at, list);
    for (at = list->prev; n > 0; n--, at = at->prev)
        assert_int_equal(list_entry(at, const struct person, link)->name, names[n - 1]);
    assert_ptr_equal(at, list);
}

static void order_is_that_of_appending(void **state)
{
    (void)state;
    assert_true(list_empty(&line));
    assert_is(&line, "");
    append(&line, "abcde");
    assert_false(list_empty(&line));
    assert_is(&line, "abcde");
}

static void anybody_can_leave(void **state)
{
    (void)state;
    append(&line, "abcde");
    list_remove(&people[2].link);
    assert_is(&line, "abde");
    list_remove(&people[0].link);
    assert_is(&line, "bde");
    list_remove(&people[4].link);
    assert_is(&line, "bd");
    assert_false(list_linked(&people[4].link));
    assert_true(list_linked(&people[1].link));
    append(&line, "c");
    assert_is(&line, "bdc");
}

static void leaving_twice_is_harmless(void **state)
{
    (void)state;
    append(&line, "ab");
    list_remove(&people[2].link);
    list_remove(&people[0].link);
    list_remove(&people[0].link);
    assert_is(&line, "b");
}

static void once_means_once(void **state)
{
    (void)state;
    append(&line, "ab");
    list_append_once(&line, &people[0].link);
    assert_is(&line, "ab");
    list_append_once(&line, &people[2].link);
    assert_is(&line, "abc");
}

static void pop_takes_the_first(void **state)
{
    (void)state;
    append(&line, "abc");
    assert_ptr_equal(list_pop(&line), &people[0].link);
    assert_false(list_linked(&people[0].link));
    assert_ptr_equal(list_pop(&line), &people[1].link);
    assert_ptr_equal(list_pop(&line), &people[2].link);
    assert_null(list_pop(&line));
    assert_true(list_empty(&line));
}

static void all_can_move(void **state)
{
    (void)state;
    append(&line, "ab");
    append(&other, "cde");
    list_move_all(&line, &other);
    assert_is(&line, "abcde");
    assert_true(list_empty(&other));
    list_move_all(&line, &other);
    assert_is(&line, "abcde");
    list_move_all(&other, &line);
    assert_is(&other, "abcde");
    assert_true(list_empty(&line));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(order_is_that_of_appending, fresh), cmocka_unit_test_setup(anybody_can_leave, fresh),
        cmocka_unit_test_setup(leaving_twice_is_harmless, fresh),  cmocka_unit_test_setup(once_means_once, fresh),
        cmocka_unit_test_setup(pop_takes_the_first, fresh),        cmocka_unit_test_setup(all_can_move, fresh),
    };
    return cmocka_run_group_tests_name("unit/list", tests, NULL, NULL);
}
