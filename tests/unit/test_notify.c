/* What a service manager is told, by path and by abstract name, and that nothing happens where nobody listens. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "server/notify.h"

#define VARIABLE "NOTIFY_SOCKET"

/* A manager's socket under this name, as the variable spells it. */
static int listen_at(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t n = strlen(name);
    memcpy(address.sun_path, name, n);
    if (*name == '@')
        address.sun_path[0] = '\0';
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    socklen_t size = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + n);
    assert_true(fd >= 0);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
    assert_int_equal(setenv(VARIABLE, name, 1), 0);
    return fd;
}

static void expect_datagram(int fd, const char *text)
{
    char got[64];
    ssize_t n = recv(fd, got, sizeof got, 0);
    assert_int_equal(n, strlen(text));
    assert_memory_equal(got, text, strlen(text));
}

static void check_manager(const char *name)
{
    int fd = listen_at(name);
    assert_true(notify_send("READY=1"));
    assert_true(notify_send("STOPPING=1"));
    expect_datagram(fd, "READY=1");
    expect_datagram(fd, "STOPPING=1");
    assert_int_equal(recv(fd, &(char){0}, 1, 0), -1);
    close(fd);
    assert_false(notify_send("READY=1"));
}

static void test_path(void **state)
{
    (void)state;
    char path[64];
    snprintf(path, sizeof path, "/tmp/test_notify.%d", (int)getpid());
    check_manager(path);
    unlink(path);
    assert_false(notify_send("READY=1"));
}

static void test_abstract(void **state)
{
    (void)state;
    char name[64];
    snprintf(name, sizeof name, "@test_notify.%d", (int)getpid());
    check_manager(name);
}

/* A name may be as long as there is place for one, without a NUL behind it. */
static void test_lengths(void **state)
{
    (void)state;
    char name[sizeof(struct sockaddr_un) + 2];
    size_t most = sizeof((struct sockaddr_un){0}.sun_path) - 1;
    memset(name, 'n', sizeof name);
    snprintf(name, sizeof name, "@%d", (int)getpid());
    name[strlen(name)] = 'n';
    name[most] = '\0';
    check_manager(name);
    name[most] = 'n';
    name[most + 1] = '\0';
    setenv(VARIABLE, name, 1);
    assert_false(notify_send("READY=1"));
}

static void test_bad_variable(void **state)
{
    (void)state;
    static const char *const bad[] = {"",          "/",        "@", "relative", "/nowhere/at/all", "@nobody is here",
                                      "/dev/null", "vsock:2:1"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        setenv(VARIABLE, bad[i], 1);
        assert_false(notify_send("READY=1"));
    }
    unsetenv(VARIABLE);
    assert_false(notify_send("READY=1"));
}

/* A manager that does not read costs a second, no more. */
static void test_full_manager(void **state)
{
    (void)state;
    char name[64];
    snprintf(name, sizeof name, "@test_notify_full.%d", (int)getpid());
    int fd = listen_at(name);
    int sent = 0;
    while (notify_send("READY=1"))
        assert_true(++sent < 100000);
    for (int i = 0; i < sent; i++)
        expect_datagram(fd, "READY=1");
    assert_true(notify_send("STOPPING=1"));
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_path),         cmocka_unit_test(test_abstract),     cmocka_unit_test(test_lengths),
        cmocka_unit_test(test_bad_variable), cmocka_unit_test(test_full_manager),
    };
    return cmocka_run_group_tests_name("unit/notify", tests, NULL, NULL);
}
