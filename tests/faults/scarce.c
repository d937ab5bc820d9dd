/* No descriptors: who can't come in is told, nobody spins, and service goes on when some come free. */
#include <errno.h>
#include <string.h>
#include <sys/resource.h>

#include "tests/faults/scenarios.h"
#include "tests/harness/census.h"
#include "tests/harness/rows.h"

enum { CONNECTS = 200, IDLE_MS = 500, IDLE_SHARE = 20 };

/* Changes what the running server may have open; its hard limit stays. */
static rlim_t limit_descriptors(const struct server *server, rlim_t descriptors)
{
    struct rlimit limit;
    if (prlimit(server->pid, RLIMIT_NOFILE, NULL, &limit) < 0)
        trial_skip("the server's limits can't be read: %s", strerror(errno));
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = descriptors;
    if (prlimit(server->pid, RLIMIT_NOFILE, &limit, NULL) < 0)
        trial_skip("the server's limits can't be changed: %s", strerror(errno));
    return before;
}

/* The number its next descriptor would have. */
static rlim_t next_descriptor(const struct server *server)
{
    rlim_t n = 0;
    while (file_exists(trial_text("/proc/%d/fd/%llu", (int)server->pid, (unsigned long long)n)))
        n++;
    return n;
}

/* Looks on for half a second. A server that spins uses all the time it gets; one that asks ten times a second whether there
 * are descriptors again, a thousandth of it. The limit, a twentieth, is far from both, on a busy machine too. */
static void check_idle(struct client *watcher, const char *when)
{
    int64_t used = server_cpu(watcher->server), from = now_ms();
    check(!client_fill(watcher, from + IDLE_MS) && watcher->end == NOT_ENDED, "something came for one who was silent");
    used = server_cpu(watcher->server) - used;
    int64_t passed = (now_ms() - from) * 1000;
    check(used * IDLE_SHARE < passed, "%s: %lld us of CPU time in %lld us", when, (long long)used, (long long)passed);
}

/* Waits until so many have been let in or refused, ever, and all of them know it. */
static struct count all_answered(struct server *server, long long accepted)
{
    for (int64_t until = time_limit();; look_again(until, "all who connect to be let in or refused")) {
        struct count count = census_take(server);
        if (count.at_rest && count.accepted == accepted)
            return count;
    }
}

static void is_refused(struct client *client)
{
    client_expect(client, WRONG_REQUEST, FAILURE, SAY_SERVER_FULL);
    client_expect_end(client);
}

/* Tries until it is let in. It speaks first, so a refusal may end with a reset: that is how those end who aren't waited for. */
static struct client *get_in(struct server *server, const char *name)
{
    for (int64_t until = time_limit();; look_again(until, "a free place")) {
        struct client *client = client_open(server);
        client_say(client, SET_NAME, name);
        struct frame got = client_next(client);
        if (got.request == SET_NAME && got.response == SUCCESS) {
            client_next(client);
            return client;
        }
        check(got.request == WRONG_REQUEST && got.response == FAILURE && got.n == strlen(SAY_SERVER_FULL),
              "{%d,%d,\"%s\"} for one who wants to come in", got.request, got.response, shown(got.text, got.n));
        client_close(client);
    }
}

/* With 64 descriptors, 200 connections at once: some come in, all others are told, nobody is left without a word. */
static void few_descriptors(const struct trial *trial)
{
    struct server *server = server_start(&(struct launch){.arch = trial->arch, .descriptors = 64});
    struct client *clients[CONNECTS], *inside[CONNECTS];
    unsigned n = 0;
    for (unsigned i = 0; i < CONNECTS; i++)
        clients[i] = client_open(server);
    struct count count = all_answered(server, CONNECTS);
    for (unsigned i = 0; i < CONNECTS; i++) {
        client_fill(clients[i], now_ms());
        if (clients[i]->in.n == 0 && clients[i]->end == NOT_ENDED)
            inside[n++] = clients[i];
    }
    check(n > 1 && n + count.refused == CONNECTS, "%u of %d are inside, %lld were refused", n, CONNECTS, count.refused);
    check_idle(inside[0], "full");
    for (unsigned i = 0; i < CONNECTS; i++) {
        if (clients[i]->in.n)
            is_refused(clients[i]);
    }
    for (unsigned i = 0; i < n; i++)
        client_set_name(inside[i], trial_text("c%u", i));
    client_create(inside[0], "hall");
    for (unsigned i = 1; i < n; i++)
        client_expect_list(inside[i], "hall\n");
    for (unsigned i = 0; i < n / 2; i++)
        client_quit(inside[i]);
    for (unsigned i = 0; i < n / 2; i++)
        client_enter(get_in(server, trial_text("d%u", i)), "hall");
    finish(server);
}

/* Not one descriptor more than are open: each who comes is told with the one that is kept for that. Where one comes free,
 * one comes in. */
static void last_descriptor(const struct trial *trial)
{
    struct server *server = start_plain(trial);
    struct client *ann = client_login(server, "ann"), *bob = client_login(server, "bob");
    long long accepted = 2;
    client_create(ann, "hall");
    client_expect_list(bob, "hall\n");
    client_enter(ann, "hall");
    client_message(ann, "ann", "all is well");
    rlim_t before = limit_descriptors(server, next_descriptor(server));
    struct client *refused[CONNECTS];
    for (unsigned i = 0; i < CONNECTS; i++)
        refused[i] = client_open(server);
    for (unsigned i = 0; i < CONNECTS; i++)
        is_refused(refused[i]);
    accepted += CONNECTS;
    check(all_answered(server, accepted).refused == CONNECTS, "not all of the refused are counted");
    check_idle(bob, "full");
    client_message(ann, "ann", "and goes on");
    client_reset(bob);
    struct client *cid = get_in(server, "cid");
    client_enter(cid, "hall");
    client_expect_record(cid, RECEIVE_MESSAGE, "ann", "all is well");
    limit_descriptors(server, before);
    client_login(server, "dora");
    finish(server);
}

static unsigned count_lines(const struct server *server, const char *text)
{
    struct bytes log = file_read(server->out);
    unsigned n = 0;
    for (const char *at = log.at; (at = strstr(at, text)); at++)
        n++;
    return n;
}

/* No descriptor at all, not even for a refusal: who comes waits, without costing time or filling the log; those inside are
 * served, and what would need a descriptor is refused with a reason. Then there are descriptors, and all come in. */
static void no_descriptors(const struct trial *trial)
{
    enum { WAITING = 20, NONE = 3 };
    struct server *server = start_with(trial, "--room-linger", "0");
    struct client *ann = client_login(server, "ann"), *bob = client_login(server, "bob"), *waiting[WAITING];
    client_create(ann, "hall");
    client_expect_list(bob, "hall\n");
    client_ask(bob, CREATE_CHAT, "den", GET_CHATS, SUCCESS, "hall\nden\n");
    client_expect_list(ann, "hall\nden\n");
    client_enter(ann, "hall");
    rlim_t before = limit_descriptors(server, NONE);
    for (unsigned i = 0; i < WAITING; i++)
        waiting[i] = client_open(server);
    server_wait_line(server, "Accept failure");
    check_idle(bob, "without descriptors");
    client_message(ann, "ann", "goes on");
    client_ask(bob, CREATE_CHAT, "cellar", CREATE_CHAT, FAILURE, SAY_CHAT_NOT_CREATED);
    client_ask_refused(bob, CONNECT_CHAT, "den");
    client_ask(bob, GET_CHATS, "", GET_CHATS, SUCCESS, "hall\nden\n");
    unsigned said = count_lines(server, "Accept failure");
    check(said == 1, "that nobody can come in was said %u times", said);
    limit_descriptors(server, before);
    for (unsigned i = 0; i < WAITING; i++)
        client_set_name(waiting[i], trial_text("w%u", i));
    client_enter(bob, "den");
    client_message(bob, "bob", "in the den");
    client_enter(waiting[0], "hall");
    client_expect_record(waiting[0], RECEIVE_MESSAGE, "ann", "goes on");
    finish(server);
}

const struct scenario scarce_faults[] = {
    {"few_descriptors", few_descriptors},
    {"last_descriptor", last_descriptor},
    {"no_descriptors", no_descriptors},
    {0},
};
