/* Claims: who was first, the strand or the queue; and what an event of an earlier arming does. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/socket.h>
#include <unistd.h>

#include "server/arch/async/claim.h"
#include "server/door/wire.h"

static struct pool pool;
static struct claims claims;
static struct session *session;
static struct claim *claim;
static int far;

static void nothing(struct worker *worker, const struct epoll_event *event)
{
    (void)worker, (void)event;
}

static int come(void **state)
{
    int pair[2];
    (void)state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
    far = pair[1];
    assert_int_equal(pool_open(&pool, 1, nothing, NULL), 0);
    assert_int_equal(claims_open(&claims), 0);
    session = session_new(pair[0], &door_wire);
    assert_non_null(session);
    claim = claim_of(&claims, session);
    claim->session = session;
    session->want = WANT_IN;
    return 0;
}

static int go(void **state)
{
    (void)state;
    close(session->fd);
    close(far);
    session_free(session);
    claims_close(&claims);
    pool_close(&pool);
    return 0;
}

/* What the queue announces now; false when it is nothing. */
static bool announced(struct epoll_event *event)
{
    return epoll_wait(pool.epoll, event, 1, 0) == 1;
}

static void say_something(void)
{
    assert_int_equal(write(far, "x", 1), 1);
}

static void an_event_fires_once(void **state)
{
    struct epoll_event event, again;
    (void)state;
    assert_true(claim_arm(&pool, claim));
    assert_int_equal(session->armed, WANT_IN);
    assert_false(announced(&event));
    say_something();
    assert_true(announced(&event));
    assert_false(announced(&again));
    assert_ptr_equal(claim_fire(&claims, &event), claim);
    assert_true(claim->events & EPOLLIN);
    assert_null(claim_fire(&claims, &event));
    assert_false(claim_withdraw(claim)); /* it is on the way */
    claim_take(claim);
    assert_int_not_equal(session->armed, WANT_IN);
    assert_true(claim_withdraw(claim)); /* nothing to take back */
}

static void who_is_taken_back_is_not_fired(void **state)
{
    struct epoll_event event;
    (void)state;
    say_something();
    assert_true(claim_arm(&pool, claim));
    assert_true(announced(&event)); /* a worker has it in its hand */
    assert_true(claim_withdraw(claim));
    assert_int_not_equal(session->armed, WANT_IN);
    assert_null(claim_fire(&claims, &event));
}

static void events_of_an_earlier_arming_fire_nothing(void **state)
{
    struct epoll_event old, event;
    (void)state;
    say_something();
    assert_true(claim_arm(&pool, claim));
    assert_true(announced(&old));
    assert_true(claim_withdraw(claim));
    assert_true(claim_arm(&pool, claim));
    assert_null(claim_fire(&claims, &old));
    assert_true(announced(&event));
    assert_ptr_equal(claim_fire(&claims, &event), claim);
}

/* What a client does not want it is not told, but that the other side is gone. */
static void no_wants_leave_the_hang_up(void **state)
{
    struct epoll_event event;
    (void)state;
    session->want = 0;
    assert_true(claim_arm(&pool, claim));
    say_something();
    assert_false(announced(&event));
    assert_int_equal(shutdown(far, SHUT_RDWR), 0);
    assert_int_equal(shutdown(session->fd, SHUT_RDWR), 0);
    assert_true(announced(&event));
    assert_ptr_equal(claim_fire(&claims, &event), claim);
    assert_true(claim->events & EPOLLHUP);
}

static void what_cannot_be_watched_stays_held(void **state)
{
    (void)state;
    int fd = session->fd;
    session->fd = far; /* its claim is another one's; the queue is what fails */
    close(pool.epoll);
    assert_false(claim_arm(&pool, claim));
    assert_false(session->watched);
    assert_true(claim_withdraw(claim));
    session->fd = fd;
    pool.epoll = epoll_create1(EPOLL_CLOEXEC);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_event_fires_once, come, go),
        cmocka_unit_test_setup_teardown(who_is_taken_back_is_not_fired, come, go),
        cmocka_unit_test_setup_teardown(events_of_an_earlier_arming_fire_nothing, come, go),
        cmocka_unit_test_setup_teardown(no_wants_leave_the_hang_up, come, go),
        cmocka_unit_test_setup_teardown(what_cannot_be_watched_stays_held, come, go),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
