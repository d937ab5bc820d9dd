/* What comes to the server all at once: it is stopped meanwhile, so that it finds everything in one batch of events. */
#include <signal.h>
#include <sys/wait.h>

#include "tests/harness/census.h"
#include "tests/harness/rows.h"
#include "tests/system/scenarios.h"

/* Every thread of it has stopped when this comes back. */
static void hold(struct server *server)
{
    int status;
    server_signal(server, SIGSTOP);
    check(waitpid(server->pid, &status, WUNTRACED) == server->pid && WIFSTOPPED(status), "the server has not stopped");
}

static void let_go(struct server *server)
{
    server_signal(server, SIGCONT);
}

/* A message, and behind it the resets of most of those it is for: who is found gone as it is sent has an event of its
 * own in the same batch. */
static void resets_behind_a_message(const struct trial *trial)
{
    enum { OTHERS = 20 };
    struct server *server = start_plain(trial);
    struct client *ann = client_login(server, "ann");
    client_create(ann, "hall");
    client_enter_from(ann, 0, "hall");
    for (unsigned round = 0, rounds = scaled(10, 3); round < rounds; round++) {
        struct client *others[OTHERS];
        for (int i = 0; i < OTHERS; i++) {
            others[i] = client_open(server);
            client_retry_name(others[i], trial_text("guest-%d", i));
            client_enter(others[i], "hall");
        }
        hold(server);
        client_say(ann, SEND_MESSAGE, "who is there?");
        for (int i = 0; i < OTHERS; i++)
            client_reset(others[i]);
        let_go(server);
        client_expect_record(ann, RECEIVE_MESSAGE, "ann", "who is there?");
    }
    client_expect_nothing(ann);
    finish(server);
}

/* More come than a belt of the tiny build holds, each with a whole visit asked for; then all vanish. */
static void full_belts(const struct trial *trial)
{
    enum { PEOPLE = 700 };
    struct server *server = start_plain(trial);
    struct client *keeper = client_login(server, "keeper"), *people[PEOPLE];
    client_create(keeper, "hall");
    hold(server);
    for (int i = 0; i < PEOPLE; i++) {
        struct bytes requests = {0};
        people[i] = client_open(server);
        frame_say(&requests, SET_NAME, trial_text("p-%d", i));
        frame_say(&requests, CONNECT_CHAT, "hall");
        frame_say(&requests, LEAVE_CHAT, "");
        client_write(people[i], requests.at, requests.n);
    }
    let_go(server);
    for (int i = 0; i < PEOPLE; i++) {
        client_expect(people[i], SET_NAME, SUCCESS, "");
        client_expect_list(people[i], "hall\n");
        client_expect(people[i], CONNECT_CHAT, SUCCESS, "hall");
        client_expect_list(people[i], "hall\n");
    }
    client_expect_nothing(keeper);
    finish(server);
}

const struct scenario batches_everywhere[] = {
    {"resets_behind_a_message", resets_behind_a_message},
    {0},
};

const struct scenario batches_scenarios[] = {
    {"full_belts", full_belts},
    {0},
};
