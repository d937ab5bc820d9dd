/* Kill -9 under load, at random and at each of the first writes. */
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tests/faults/scenarios.h"
#include "tests/faults/serves.h"
#include "tests/faults/strace.h"
#include "tests/harness/census.h"
#include "tests/harness/crowd.h"
#include "tests/harness/rows.h"

static struct crowd talk(struct server *server, size_t people, unsigned rooms)
{
    struct crowd crowd = crowd_make(server, people, rooms, 0, 100);
    crowd.endless = true;
    crowd_begin(&crowd);
    return crowd;
}

/* The server is dead: what anybody has seen is stored. Another one serves all that is stored, and more. */
static void check_nothing_lost(struct crowd *crowd)
{
    crowd_check(crowd, true);
    server_restart(crowd->server);
    crowd_check(crowd, false);
    check_rooms_served(crowd);
}

/* Killed between two moments of a random length, by which much, little or nothing was said, on files that grow. */
static void kill_at_random(const struct trial *trial)
{
    enum { MOST_MS = 60, SMALL_MS = 5 };
    struct server *server = start_plain(trial);
    struct crowd crowd = talk(server, 20, 3);
    unsigned dice = (unsigned)getpid() ^ (unsigned)now_ms();
    for (unsigned round = 0, n = scaled(50, 5); round < n; round++) {
        crowd.may_break = false;
        crowd_run_for(&crowd, rand_r(&dice) % (round % 2 ? MOST_MS : SMALL_MS));
        server_kill(server);
        crowd_read_out(&crowd, false);
        check_nothing_lost(&crowd);
        crowd_resume(&crowd);
    }
    crowd.may_break = false;
    crowd_run(&crowd, 1000);
    client_close_all(server);
    census(server);
    crowd_check(&crowd, false);
    server_stop(server);
}

/* Everybody is inside and the server dies as it enters the n-th such call from then on. */
static void kill_at(const struct trial *trial, const char *call, unsigned n, const char *sync)
{
    struct server *server = start_with(trial, "--sync", sync);
    struct crowd crowd = crowd_make(server, 4, 1, 0, 100);
    struct strace strace = {.inject = {trial_text("%s:signal=KILL:when=%u", call, n)}};
    crowd_begin(&crowd);
    crowd_finish(&crowd);
    strace_join(&strace, server);
    crowd.endless = true;
    crowd_run_to_end(&crowd);
    int code = server_wait(server);
    check(code == -SIGKILL, "at %s %u the server ended with %d instead of a kill", call, n, code);
    strace_part(&strace);
    check_nothing_lost(&crowd);
    client_close_all(server);
    census(server);
    server_stop(server);
}

static void kill_at_each(const struct trial *trial, const char *call, unsigned most, const char *sync)
{
    for (unsigned i = 0, n = scaled(most, 5); i < n; i++)
        kill_at(trial, call, i * most / n + 1, sync);
}

/* Before the n-th write: what was to be written has been shown to nobody. */
static void kill_at_writes(const struct trial *trial)
{
    kill_at_each(trial, "pwrite64", 100, "1");
}

/* Behind a write, when some have been shown it and others have not. */
static void kill_at_sends(const struct trial *trial)
{
    kill_at_each(trial, "sendto", 50, "1");
}

/* Between a write and its sync. */
static void kill_at_syncs(const struct trial *trial)
{
    kill_at_each(trial, "fdatasync", 50, "always");
}

const struct scenario kills_everywhere[] = {
    {"kill_at_random", kill_at_random},
    {0},
};

const struct scenario kills_traced[] = {
    {"kill_at_writes", kill_at_writes},
    {"kill_at_sends", kill_at_sends},
    {"kill_at_syncs", kill_at_syncs},
    {0},
};
