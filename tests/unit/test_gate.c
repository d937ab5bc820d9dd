/* Tests of the gate, over a real listener: who is let in, who is told that it can't be, who is let out. */
#include <errno.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/net.h"
#include "common/protocol.h"
#include "server/desk/gate.h"
#include "server/door/wire.h"

enum { MANY = 2 * ACCEPTS_MAX + 5 };

static struct limits limits;
static struct gate gate;
static int listener;
static struct net_address address;

static int open_gate(void **state)
{
    (void)state;
    limits = (struct limits){.max_clients = 1000};
    gate_init(&gate, &limits, &door_wire);
    assert_null(net_parse("127.0.0.1:0", &address));
    listener = net_listen(&address, LISTEN_BACKLOG, 0);
    return listener < 0 ? -1 : 0;
}

static int close_gate(void **state)
{
    (void)state;
    gate_free(&gate);
    close(listener);
    return 0;
}

static int knock(void)
{
    int fd = net_connect(&address);
    assert_true(fd >= 0);
    return fd;
}

static struct session *next_in(void)
{
    struct list *link = list_pop(&gate.entered);
    return link ? list_entry(link, struct session, changed) : NULL;
}

static struct session *let_in(int64_t now)
{
    gate_accept(&gate, listener, now);
    struct session *session = next_in();
    assert_non_null(session);
    return session;
}

static void assert_told(const struct session *session, const char *sentence)
{
    struct span rest = session_answer_rest(session);
    assert_int_equal(rest.n, SERVER_HEADER + strlen(sentence));
    assert_int_equal(protocol_get32(rest.at), WRONG_REQUEST);
    assert_int_equal(protocol_get32(rest.at + 4), FAILURE);
    assert_memory_equal(rest.at + SERVER_HEADER, sentence, strlen(sentence));
}

static void one_comes_and_goes(void **state)
{
    (void)state;
    char byte;
    gate_accept(&gate, listener, 0); /* nobody there */
    assert_null(next_in());
    assert_true(gate_open(&gate, 0));
    int client = knock();
    struct session *session = let_in(0);
    assert_null(next_in());
    assert_int_equal(session->next.to, NAME);
    assert_ptr_equal(session->door, &door_wire);
    assert_int_equal(session->out.n, 0);
    assert_false(session->outside || session->leaving || session->deaf || session->dead);
    assert_int_equal(gate.inside, 1);
    assert_int_equal(counter_get(&gate.accepted), 1);
    gate_release(&gate, session);
    assert_int_equal(gate.inside, 0);
    assert_int_equal(counter_get(&gate.closed), 1);
    assert_int_equal(recv(client, &byte, 1, 0), 0);
    close(client);
}

static void at_most_so_many_in_one_turn(void **state)
{
    (void)state;
    static int clients[MANY];
    int inside = 0;
    for (int i = 0; i < MANY; i++)
        clients[i] = knock();
    for (int turn = 0; inside < MANY; turn++) {
        struct session *session;
        int came = 0;
        assert_true(turn <= MANY / ACCEPTS_MAX);
        gate_accept(&gate, listener, 0);
        for (; (session = next_in()); came++)
            gate_release(&gate, session);
        assert_true(came <= ACCEPTS_MAX);
        inside += came;
    }
    assert_int_equal(counter_get(&gate.accepted), MANY);
    assert_int_equal(counter_get(&gate.closed), MANY);
    for (int i = 0; i < MANY; i++)
        close(clients[i]);
}

static void the_server_is_full(void **state)
{
    (void)state;
    limits.max_clients = 2;
    int clients[] = {knock(), knock(), knock(), knock()};
    struct session *first = let_in(0), *second = next_in(), *third = next_in(), *fourth = next_in();
    assert_int_equal(gate.inside, 2);
    assert_int_equal(gate.refusing, 2);
    assert_int_equal(counter_get(&gate.refused), 2);
    assert_int_equal(counter_get(&gate.accepted), 4);
    assert_told(third, SAY_SERVER_FULL);
    assert_told(fourth, SAY_SERVER_FULL);
    assert_true(third->outside && third->leaving && third->deaf);
    assert_int_equal(third->next.to, NAME); /* past the name desk, as everybody */
    gate_release(&gate, third);
    gate_release(&gate, first);
    assert_int_equal(gate.inside, 1);
    assert_int_equal(gate.refusing, 1);
    int late = knock();
    struct session *newcomer = let_in(0);
    assert_false(newcomer->outside);
    gate_release(&gate, newcomer);
    gate_release(&gate, second);
    gate_release(&gate, fourth);
    assert_int_equal(gate.inside, 0);
    assert_int_equal(gate.refusing, 0);
    assert_int_equal(counter_get(&gate.closed), 5);
    close(late);
    for (int i = 0; i < 4; i++)
        close(clients[i]);
}

static void too_many_from_one_address(void **state)
{
    (void)state;
    limits.max_per_ip = 2;
    int clients[] = {knock(), knock(), knock()};
    struct session *first = let_in(0), *second = next_in(), *third = next_in();
    assert_told(third, SAY_ADDRESS_FULL);
    assert_true(third->outside);
    assert_null(third->visitor);
    assert_int_equal(first->visitor->n, 2);
    assert_ptr_equal(first->visitor, second->visitor);
    gate_release(&gate, third); /* a refused one does not count */
    assert_int_equal(first->visitor->n, 2);
    gate_release(&gate, first);
    int late = knock();
    struct session *newcomer = let_in(0);
    assert_false(newcomer->outside);
    gate_release(&gate, newcomer);
    gate_release(&gate, second);
    assert_null(gate.visitors); /* nothing is kept of who has gone */
    close(late);
    for (int i = 0; i < 3; i++)
        close(clients[i]);
}

/* Another address has its own count. */
static void addresses_are_counted_apart(void **state)
{
    (void)state;
    limits.max_per_ip = 1;
    int here = knock();
    int there = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct net_address other;
    assert_null(net_parse("127.0.0.2:0", &other));
    assert_int_equal(bind(there, (const struct sockaddr *)&other.at, other.n), 0);
    assert_int_equal(connect(there, (const struct sockaddr *)&address.at, address.n), 0);
    struct session *first = let_in(0), *second = next_in();
    assert_false(first->outside || second->outside);
    assert_ptr_not_equal(first->visitor, second->visitor);
    gate_release(&gate, first);
    gate_release(&gate, second);
    assert_null(gate.visitors);
    close(here);
    close(there);
}

/* True when the client was told this and then saw the end. */
static bool was_told(int client, const char *sentence)
{
    char heard[256];
    size_t n = 0;
    ssize_t got;
    while ((got = recv(client, heard + n, sizeof heard - n, 0)) > 0)
        n += (size_t)got;
    return got == 0 && n == SERVER_HEADER + strlen(sentence) &&
           memcmp(heard + SERVER_HEADER, sentence, strlen(sentence)) == 0;
}

/* Only so many get time to hear it; whoever comes beyond them is told and closed at once, so that nobody waits. */
static void the_refused_keep_nobody_waiting(void **state)
{
    (void)state;
    static int clients[REFUSED_MAX + 3];
    static struct session *refused[REFUSED_MAX];
    limits.max_clients = 0;
    for (int i = 0; i < REFUSED_MAX + 3; i++)
        clients[i] = knock();
    gate_accept(&gate, listener, 0);
    for (int i = 0; i < REFUSED_MAX; i++) {
        refused[i] = next_in();
        assert_non_null(refused[i]);
    }
    assert_null(next_in());
    assert_true(gate_open(&gate, 0));
    for (int i = REFUSED_MAX; i < REFUSED_MAX + 3; i++)
        assert_true(was_told(clients[i], SAY_SERVER_FULL));
    for (int i = 0; i < REFUSED_MAX; i++)
        gate_release(&gate, refused[i]);
    assert_int_equal(counter_get(&gate.refused), REFUSED_MAX + 3);
    assert_int_equal(counter_get(&gate.accepted), counter_get(&gate.closed));
    for (int i = 0; i < REFUSED_MAX + 3; i++)
        close(clients[i]);
}

/* Without descriptors whoever comes is told by means of the spare one; it is let in again when somebody has gone. */
static void no_descriptors(void **state)
{
    (void)state;
    struct rlimit before, none;
    int clients[] = {knock(), knock(), knock()};
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    int lowest = dup(0);
    assert_true(lowest >= 0);
    close(lowest);
    none = before;
    none.rlim_cur = (rlim_t)lowest + 1; /* one more */
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    gate_accept(&gate, listener, 1000);
    struct session *first = next_in(), *nobody = next_in();
    bool open = gate_open(&gate, 1000);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    assert_non_null(first);
    assert_null(nobody);
    assert_true(open);
    assert_true(was_told(clients[1], SAY_SERVER_FULL));
    assert_true(was_told(clients[2], SAY_SERVER_FULL));
    gate_release(&gate, first);
    int late = knock();
    gate_accept(&gate, listener, 2000);
    struct session *second = next_in();
    assert_non_null(second);
    gate_release(&gate, second);
    assert_int_equal(gate.inside, 0);
    assert_int_equal(counter_get(&gate.refused), 2);
    close(late);
    for (int i = 0; i < 3; i++)
        close(clients[i]);
}

/* A gate that was told to pause opens again after a while, or when somebody goes. */
static void a_pause_ends(void **state)
{
    (void)state;
    int client = knock();
    struct session *first = let_in(0);
    gate_pause(&gate, 1000, ENOMEM);
    assert_false(gate_open(&gate, 1000));
    assert_false(gate_open(&gate, gate.retry_at - 1));
    assert_true(gate_open(&gate, gate.retry_at));
    gate_pause(&gate, 2000, ENOMEM);
    assert_false(gate_open(&gate, 2000));
    gate_release(&gate, first);
    assert_true(gate_open(&gate, 2000));
    close(client);
}

/* One who hung up before it was let in is let in and out like any other. */
static void gone_before_it_came(void **state)
{
    (void)state;
    struct linger reset = {1, 0};
    int client = knock();
    setsockopt(client, SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
    close(client);
    client = knock();
    gate_accept(&gate, listener, 0);
    struct session *session;
    int came = 0;
    while ((session = next_in())) {
        gate_release(&gate, session);
        came++;
    }
    assert_true(came >= 1);
    assert_int_equal(gate.inside, 0);
    assert_true(gate_open(&gate, 0));
    close(client);
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, open_gate, close_gate)
    const struct CMUnitTest tests[] = {
        TEST(one_comes_and_goes),
        TEST(at_most_so_many_in_one_turn),
        TEST(the_server_is_full),
        TEST(too_many_from_one_address),
        TEST(addresses_are_counted_apart),
        TEST(the_refused_keep_nobody_waiting),
        TEST(no_descriptors),
        TEST(a_pause_ends),
        TEST(gone_before_it_came),
    };
    return cmocka_run_group_tests_name("unit/gate", tests, NULL, NULL);
}
