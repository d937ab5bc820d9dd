/* Whose a session is: the wrong thread's touch ends a debug build, and no other; a session on a belt is nobody's. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "server/arch/conveyor/belt.h"
#include "server/chat/owner.h"
#include "server/door/wire.h"

/* How the wrong touch ends a process. */
#ifdef CONVEYOR_DEBUG
enum { WRONGED = -SIGABRT };
#else
enum { WRONGED = 0 };
#endif

static struct session *session;

static void *make(void *unused)
{
    session = session_new(-1, &door_wire);
    return unused;
}

static int another_thread_makes_it(void **state)
{
    pthread_t thread;
    (void)state;
    assert_int_equal(pthread_create(&thread, NULL, make, NULL), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_non_null(session);
    return 0;
}

static int free_it(void **state)
{
    (void)state;
    owner_inherit(session);
    session_free(session);
    return 0;
}

static void touch(void)
{
    session_consume(session);
}

static void take(void)
{
    owner_take(session);
}

static void let_go(void)
{
    session_free(session);
}

/* How a process ends that does this: minus the signal, or 0. Its complaint is not shown. */
static int end_of(void (*act)(void))
{
    int status;
    pid_t child = fork();
    if (child == 0) {
        int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
        dup2(nowhere, STDERR_FILENO);
        act();
        _exit(0);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static void others_may_not_touch_it(void **state)
{
    (void)state;
    assert_int_equal(end_of(touch), WRONGED);
    assert_int_equal(end_of(let_go), WRONGED);
    owner_inherit(session);
    assert_int_equal(end_of(touch), 0);
}

static void nobody_takes_what_is_owned(void **state)
{
    (void)state;
    assert_int_equal(end_of(take), WRONGED);
    owner_inherit(session);
    owner_give(session);
    assert_int_equal(end_of(take), 0);
}

static void on_a_belt_it_is_nobodys(void **state)
{
    struct belt belt;
    struct outlet outlet;
    struct belt_item item;
    (void)state;
    owner_inherit(session);
    assert_true(belt_open(&belt));
    outlet_open(&outlet, belt.put);
    outlet_put(&outlet, session);
    assert_int_equal(end_of(touch), 0);
    assert_true(outlet_flush(&outlet, 0));
    assert_int_equal(end_of(touch), WRONGED);
    assert_int_equal(belt_take(&belt, &item, 1), 1);
    assert_int_equal(end_of(touch), WRONGED);
    owner_take(session);
    assert_int_equal(end_of(touch), 0);
    belt_close(&belt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(others_may_not_touch_it, another_thread_makes_it, free_it),
        cmocka_unit_test_setup_teardown(nobody_takes_what_is_owned, another_thread_makes_it, free_it),
        cmocka_unit_test_setup_teardown(on_a_belt_it_is_nobodys, another_thread_makes_it, free_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
