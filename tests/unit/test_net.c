/* Tests of addresses, and of sockets on the loopback: what they inherit, and what full, ended and broken ones say. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <netinet/tcp.h>

#include <cmocka.h>

#include "common/net.h"

static struct net_address address_of(const char *text)
{
    struct net_address address;
    assert_null(net_parse(text, &address));
    return address;
}

static void assert_text(const char *text, const char *expected)
{
    struct net_address address = address_of(text);
    char back[NET_TEXT];
    net_text(&address, back);
    assert_string_equal(back, expected);
}

static void addresses_are_read_and_written(void **state)
{
    (void)state;
    assert_text("127.0.0.1:5000", "127.0.0.1:5000");
    assert_text("0.0.0.0:0", "0.0.0.0:0");
    assert_text("255.255.255.255:65535", "255.255.255.255:65535");
    assert_text("[::1]:0", "[::1]:0");
    assert_text("[2001:DB8:0:0::1]:80", "[2001:db8::1]:80");
    assert_text("[::ffff:1.2.3.4]:9", "[::ffff:1.2.3.4]:9");
    assert_text("[fe80::1%lo]:7", "[fe80::1%lo]:7");
    assert_text("127.0.0.1:00080", "127.0.0.1:80");
}

static void a_name_is_looked_up(void **state)
{
    (void)state;
    struct net_address address = address_of("localhost:5000");
    char text[NET_TEXT];
    net_text(&address, text);
    assert_true(strcmp(text, "127.0.0.1:5000") == 0 || strcmp(text, "[::1]:5000") == 0);
}

static void wrong_addresses_are_explained(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "",
        "5000",
        ":5000",
        "127.0.0.1",
        "127.0.0.1:",
        "127.0.0.1:x",
        "1.2.3.4:",
        "1.2.3.4:-1",
        "1.2.3.4:65536",
        "1.2.3.4:+1",
        "1.2.3.4: 1",
        "1.2.3.4:1 ",
        "::1:5000",
        "[::1]",
        "[::1]5000",
        "[::1:5000",
        "[]:5000",
        "[1.2.3.4]:5000",
        "[x]:1",
        "[::1%none]:1",
        "1.2.3.4:999999",
        "1.2.3.4:4294967297",
        "no.such.host.invalid:1",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct net_address address;
        const char *said = net_parse(wrong[i], &address);
        assert_non_null(said);
        assert_true(strlen(said) > 0);
    }
    char longest[600];
    struct net_address address;
    memset(longest, 'a', sizeof longest);
    memcpy(longest + sizeof longest - 3, ":1", 3);
    assert_string_equal(net_parse(longest, &address), "the host is too long");
}

static void the_longest_address_fits(void **state)
{
    (void)state;
    struct net_address address = address_of("[1111:2222:3333:4444:5555:6666:7777:8888]:65535");
    char text[NET_TEXT];
    net_text(&address, text);
    assert_string_equal(text, "[1111:2222:3333:4444:5555:6666:7777:8888]:65535");
    address = (struct net_address){0};
    net_text(&address, text);
    assert_string_equal(text, "local");
}

static void origins_tell_addresses_apart_but_not_ports(void **state)
{
    (void)state;
    unsigned char one[16], two[16];
    struct net_address a = address_of("10.1.2.3:1"), b = address_of("10.1.2.3:2"), c = address_of("10.1.2.4:1");
    net_origin(&a, one);
    assert_memory_equal(one, "\0\0\0\0\0\0\0\0\0\0\xff\xff\x0a\1\2\3", 16);
    net_origin(&b, two);
    assert_memory_equal(one, two, 16);
    net_origin(&c, two);
    assert_memory_not_equal(one, two, 16);
    struct net_address mapped = address_of("[::ffff:10.1.2.3]:1"), six = address_of("[2001:db8::1]:1");
    net_origin(&mapped, two);
    assert_memory_equal(one, two, 16);
    net_origin(&six, two);
    assert_memory_equal(two, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
}

/* A listener on a free port, and one connection through it. */
struct pair {
    struct net_address address, from;
    int listener, client, server;
};

static void open_pair(struct pair *pair, const char *text, int send_buffer)
{
    pair->address = address_of(text);
    pair->listener = net_listen(&pair->address, 16, send_buffer);
    assert_true(pair->listener >= 0);
    pair->client = net_connect(&pair->address);
    assert_true(pair->client >= 0);
    struct pollfd wait = {.fd = pair->listener, .events = POLLIN};
    assert_int_equal(poll(&wait, 1, 10000), 1);
    pair->server = net_accept(pair->listener, &pair->from);
    assert_true(pair->server >= 0);
}

static void close_pair(struct pair *pair)
{
    net_close(pair->client);
    net_close(pair->server);
    net_close(pair->listener);
}

static void await(int fd, short events)
{
    struct pollfd wait = {.fd = fd, .events = events};
    assert_int_equal(poll(&wait, 1, 10000), 1);
}

static int option(int fd, int level, int name)
{
    int value = -1;
    socklen_t n = sizeof value;
    assert_int_equal(getsockopt(fd, level, name, &value, &n), 0);
    return value;
}

static void a_free_port_is_told(void **state)
{
    (void)state;
    struct net_address address = address_of("127.0.0.1:0"), other = address_of("127.0.0.1:0");
    int one = net_listen(&address, 1, 0), two = net_listen(&other, 1, 0);
    assert_true(one >= 0 && two >= 0);
    char text[NET_TEXT], other_text[NET_TEXT];
    net_text(&address, text);
    net_text(&other, other_text);
    assert_string_not_equal(text, "127.0.0.1:0");
    assert_string_not_equal(text, other_text);
    assert_int_equal(net_listen(&address, 1, 0), -1);
    assert_int_equal(errno, EADDRINUSE);
    net_close(one);
    net_close(two);
}

/* After an end in which the server closed first, the port is in TIME_WAIT: it can be listened on all the same. */
static void a_port_can_be_taken_again(void **state)
{
    (void)state;
    struct pair pair;
    char byte;
    open_pair(&pair, "127.0.0.1:0", 0);
    net_close(pair.server);
    assert_int_equal(net_read(pair.client, &byte, 1), 0);
    net_close(pair.client);
    net_close(pair.listener);
    int again = net_listen(&pair.address, 1, 0);
    assert_true(again >= 0);
    net_close(again);
}

static void connections_inherit_the_options(void **state)
{
    (void)state;
    struct pair pair;
    open_pair(&pair, "127.0.0.1:0", 4608);
    int fd = pair.server;
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_NODELAY), 1);
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_NOTSENT_LOWAT), 65536);
    assert_int_equal(option(fd, SOL_SOCKET, SO_KEEPALIVE), 1);
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPIDLE), 60);
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPINTVL), 15);
    assert_int_equal(option(fd, IPPROTO_TCP, TCP_KEEPCNT), 4);
    assert_int_equal(option(fd, SOL_SOCKET, SO_SNDBUF), 2 * 4608);
    assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    assert_true(fcntl(pair.listener, F_GETFL) & O_NONBLOCK);
    assert_true(fcntl(pair.listener, F_GETFD) & FD_CLOEXEC);
    assert_false(fcntl(pair.client, F_GETFL) & O_NONBLOCK);
    close_pair(&pair);
}

static void the_peer_is_told(void **state)
{
    (void)state;
    struct pair pair;
    open_pair(&pair, "127.0.0.1:0", 0);
    struct net_address own = {.n = sizeof own.at};
    assert_int_equal(getsockname(pair.client, (struct sockaddr *)&own.at, &own.n), 0);
    char from[NET_TEXT], expected[NET_TEXT];
    net_text(&pair.from, from);
    net_text(&own, expected);
    assert_string_equal(from, expected);
    close_pair(&pair);
}

static void version_6_is_by_itself(void **state)
{
    (void)state;
    struct net_address six = address_of("[::]:0");
    int fd = net_listen(&six, 1, 0);
    if (fd < 0 && (errno == EAFNOSUPPORT || errno == EADDRNOTAVAIL)) {
        print_message("SKIP: this machine has no IPv6\n");
        skip();
    }
    assert_true(fd >= 0);
    assert_int_equal(option(fd, IPPROTO_IPV6, IPV6_V6ONLY), 1);
    net_close(fd);
    struct pair pair;
    open_pair(&pair, "[::1]:0", 0);
    assert_int_equal(pair.from.at.ss_family, AF_INET6);
    close_pair(&pair);
}

static void nobody_waiting_is_eagain(void **state)
{
    (void)state;
    struct net_address address = address_of("127.0.0.1:0"), from;
    int listener = net_listen(&address, 1, 0);
    assert_int_equal(net_accept(listener, &from), -1);
    assert_int_equal(errno, EAGAIN);
    net_close(listener);
    assert_int_equal(net_accept(listener, &from), -1);
    assert_int_equal(errno, EBADF);
}

/* Without a free fd the error is told, and the connection stays in the queue. */
static void no_more_fds_is_told(void **state)
{
    (void)state;
    struct net_address address = address_of("127.0.0.1:0"), from;
    int listener = net_listen(&address, 1, 0);
    int client = net_connect(&address);
    await(listener, POLLIN);
    struct rlimit before, none;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = before;
    none.rlim_cur = 0;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    int refused = net_accept(listener, &from), error = errno;
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_int_equal(refused, -1);
    assert_int_equal(error, EMFILE);
    int server = net_accept(listener, &from);
    assert_true(server >= 0);
    net_close(server);
    net_close(client);
    net_close(listener);
}

static void nobody_listening_is_refused(void **state)
{
    (void)state;
    struct net_address address = address_of("127.0.0.1:0");
    int listener = net_listen(&address, 1, 0);
    net_close(listener);
    assert_int_equal(net_connect(&address), -1);
    assert_int_equal(errno, ECONNREFUSED);
}

static void bytes_arrive_and_end(void **state)
{
    (void)state;
    struct pair pair;
    char got[64];
    open_pair(&pair, "127.0.0.1:0", 0);
    assert_int_equal(net_read(pair.server, got, sizeof got), -1);
    assert_int_equal(errno, EAGAIN);
    assert_int_equal(net_send(pair.client, (struct span){0}), 0);
    assert_int_equal(net_send(pair.client, span_of("hello")), 5);
    await(pair.server, POLLIN);
    assert_int_equal(net_read(pair.server, got, sizeof got), 5);
    assert_memory_equal(got, "hello", 5);

    assert_int_equal(net_send_two(pair.server, span_of("head"), span_of("body")), 8);
    assert_int_equal(recv(pair.client, got, 8, MSG_WAITALL), 8);
    assert_memory_equal(got, "headbody", 8);
    assert_int_equal(net_send_two(pair.server, (struct span){0}, span_of("only")), 4);
    assert_int_equal(net_send_two(pair.server, span_of("this"), (struct span){0}), 4);
    assert_int_equal(recv(pair.client, got, 8, MSG_WAITALL), 8);
    assert_memory_equal(got, "onlythis", 8);

    net_finish_sending(pair.client);
    await(pair.server, POLLIN);
    assert_int_equal(net_read(pair.server, got, sizeof got), 0);
    assert_int_equal(net_send(pair.server, span_of("still")), 5);
    assert_int_equal(recv(pair.client, got, 5, MSG_WAITALL), 5);
    close_pair(&pair);
}

/* Nobody reads: the socket takes less and less and then nothing, which is no error; it takes more once it was read.
 * The client's side blocks, and is not to. */
static void a_full_socket_takes_nothing(void **state)
{
    (void)state;
    enum { PIECE = 65536 };
    char *bytes = calloc(1, PIECE);
    struct pair pair;
    open_pair(&pair, "127.0.0.1:0", 4608);
    size_t sent = 0, got = 0;
    ssize_t n;
    while ((n = net_send_two(pair.server, (struct span){bytes, 100}, (struct span){bytes, PIECE - 100})) > 0)
        sent += (size_t)n;
    assert_int_equal(n, 0);
    assert_int_equal(net_send(pair.server, (struct span){bytes, 1}), 0);
    while (got < sent) {
        n = net_read(pair.client, bytes, PIECE);
        assert_true(n > 0);
        got += (size_t)n;
    }
    assert_int_equal(got, sent);
    await(pair.server, POLLOUT);
    assert_int_equal(net_send(pair.server, (struct span){bytes, 1}), 1);

    while ((n = net_send(pair.client, (struct span){bytes, PIECE})) > 0)
        continue;
    assert_int_equal(n, 0);
    close_pair(&pair);
    free(bytes);
}

/* SIGPIPE would end the test. */
static void a_broken_connection_is_an_error(void **state)
{
    (void)state;
    struct pair pair;
    char byte;
    assert_true(signal(SIGPIPE, SIG_DFL) != SIG_ERR);
    open_pair(&pair, "127.0.0.1:0", 0);
    struct linger reset = {.l_onoff = 1};
    assert_int_equal(setsockopt(pair.client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset), 0);
    net_close(pair.client);
    await(pair.server, POLLIN);
    assert_int_equal(net_read(pair.server, &byte, 1), -1);
    assert_int_equal(errno, ECONNRESET);
    assert_int_equal(net_send(pair.server, span_of("x")), -1);
    assert_int_equal(errno, EPIPE);
    assert_int_equal(net_send_two(pair.server, span_of("x"), span_of("y")), -1);
    net_close(pair.server);
    net_close(pair.listener);
}

static void closing_keeps_errno(void **state)
{
    (void)state;
    errno = EMFILE;
    net_close(-1);
    assert_int_equal(errno, EMFILE);
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    errno = ENOSPC;
    net_close(fd);
    assert_int_equal(errno, ENOSPC);
    assert_int_equal(fcntl(fd, F_GETFD), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_read_and_written),
        cmocka_unit_test(a_name_is_looked_up),
        cmocka_unit_test(wrong_addresses_are_explained),
        cmocka_unit_test(the_longest_address_fits),
        cmocka_unit_test(origins_tell_addresses_apart_but_not_ports),
        cmocka_unit_test(a_free_port_is_told),
        cmocka_unit_test(a_port_can_be_taken_again),
        cmocka_unit_test(connections_inherit_the_options),
        cmocka_unit_test(the_peer_is_told),
        cmocka_unit_test(version_6_is_by_itself),
        cmocka_unit_test(nobody_waiting_is_eagain),
        cmocka_unit_test(no_more_fds_is_told),
        cmocka_unit_test(nobody_listening_is_refused),
        cmocka_unit_test(bytes_arrive_and_end),
        cmocka_unit_test(a_full_socket_takes_nothing),
        cmocka_unit_test(a_broken_connection_is_an_error),
        cmocka_unit_test(closing_keeps_errno),
    };
    return cmocka_run_group_tests_name("unit/net", tests, NULL, NULL);
}
