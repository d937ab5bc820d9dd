/* Tests of the conveyor's belts: what does not fit waits, in order. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/arch/conveyor/belt.h"
#include "server/chat/owner.h"

enum { PAGE = 4096, NOW = 5 };

static struct belt belt;
static struct outlet outlet;

static int setup(void **state)
{
    (void)state;
    assert_true(belt_open(&belt));
    assert_int_equal(fcntl(belt.put, F_SETPIPE_SZ, PAGE), PAGE);
    outlet_open(&outlet, belt.put);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    belt_close(&belt);
    return 0;
}

/* Only what belongs to us can be put on a belt. */
static void put(struct session *session)
{
    owner_take(session);
    outlet_put(&outlet, session);
}

static void what_is_put_is_taken(void **state)
{
    (void)state;
    struct belt_item items[BELT_BATCH];
    struct session session = {.fd = 7};
    assert_int_equal(belt_take(&belt, items, BELT_BATCH), 0);
    assert_true(outlet_idle(&outlet));
    put(&session);
    assert_false(outlet_idle(&outlet));
    assert_true(outlet_flush(&outlet, NOW));
    assert_true(outlet_idle(&outlet));
    assert_int_equal(belt_take(&belt, items, BELT_BATCH), 1);
    assert_int_equal(items[0].kind, BELT_CLIENT);
    assert_int_equal(items[0].fd, 7);
    assert_ptr_equal((struct session *)(uintptr_t)items[0].word, &session);
    assert_int_equal(session.sent_at, NOW);
    assert_int_equal(belt_take(&belt, items, BELT_BATCH), 0);
}

/* Many more than there is room for, taken a few at a time: all come, in order, and the word behind them. */
static void a_full_belt_keeps_the_order(void **state)
{
    (void)state;
    enum { CLIENTS = 3 * PAGE / sizeof(struct belt_item) + 10, TAKEN = 50 };
    static struct session sessions[CLIENTS];
    struct belt_item items[TAKEN];
    int n, next = 0;
    for (int i = 0; i < CLIENTS; i++) {
        sessions[i].fd = i;
        put(&sessions[i]);
    }
    outlet_say(&outlet, (struct belt_item){BELT_EMPTY, 1, CLIENTS});
    assert_false(outlet_flush(&outlet, NOW));
    while ((n = belt_take(&belt, items, TAKEN)) > 0) {
        for (int i = 0; i < n; i++, next++) {
            assert_int_equal(items[i].kind, next < CLIENTS ? BELT_CLIENT : BELT_EMPTY);
            assert_int_equal(items[i].fd, next < CLIENTS ? next : 1);
        }
        assert_true(outlet_flush(&outlet, NOW) == outlet_idle(&outlet));
    }
    assert_int_equal(n, 0);
    assert_int_equal(next, CLIENTS + 1);
    assert_true(outlet_idle(&outlet));
}

/* A word that has not gone yet is replaced by the next one: only the last one is true. */
static void the_last_word_counts(void **state)
{
    (void)state;
    struct belt_item items[2];
    outlet_say(&outlet, (struct belt_item){BELT_EMPTY, 1, 10});
    outlet_say(&outlet, (struct belt_item){BELT_EMPTY, 1, 11});
    assert_true(outlet_flush(&outlet, NOW));
    assert_int_equal(belt_take(&belt, items, 2), 1);
    assert_int_equal(items[0].word, 11);
}

static void a_closed_belt_is_the_order_to_stop(void **state)
{
    (void)state;
    struct belt_item items[2];
    struct session session = {.fd = 7};
    put(&session);
    assert_true(outlet_flush(&outlet, NOW));
    close(belt.put);
    belt.put = -1;
    assert_int_equal(belt_take(&belt, items, 2), 1);
    assert_int_equal(belt_take(&belt, items, 2), -1);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_is_put_is_taken),
        TEST(a_full_belt_keeps_the_order),
        TEST(the_last_word_counts),
        TEST(a_closed_belt_is_the_order_to_stop),
    };
    return cmocka_run_group_tests_name("unit/belt", tests, NULL, NULL);
}
