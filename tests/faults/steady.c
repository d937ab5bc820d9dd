/* Steady load: while messages pass no stage asks the system to wait for, or to wake, another thread. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/faults/scenarios.h"
#include "tests/faults/strace.h"
#include "tests/harness/census.h"
#include "tests/harness/client.h"
#include "tests/harness/rows.h"

enum { ROOMS = 4, MEMBERS = 8, STAGES_MOST = 16 };

/* People who talk in rooms, one who asks in the lobby, and one who has no name. */
struct company {
    struct client *members[ROOMS][MEMBERS], *guest, *nameless;
};

static void gather(struct company *company, struct server *server)
{
    for (int room = 0; room < ROOMS; room++) {
        const char *hall = trial_text("hall-%d", room);
        for (int i = 0; i < MEMBERS; i++) {
            company->members[room][i] = client_login(server, trial_text("m%d-%d", room, i));
            if (i == 0)
                client_create(company->members[room][i], hall);
            client_enter(company->members[room][i], hall);
        }
    }
    company->guest = client_login(server, "guest");
    company->nameless = client_open(server);
}

/* One message of each; in which order a room has them is up to it. */
static void hear_all(struct client *member)
{
    static const char text[] = "\nas ever";
    for (int i = 0; i < MEMBERS; i++) {
        struct frame frame = client_next(member);
        const char *end = frame.text + frame.n - (sizeof text - 1);
        check(frame.request == RECEIVE_MESSAGE && frame.response == SUCCESS && frame.n > sizeof text &&
                  memcmp(end, text, sizeof text - 1) == 0,
              "instead of a message came %s", shown(frame.text, frame.n));
    }
}

/* All at once, so that all rooms work at the same time: whatever their threads share they all want then. */
static void talk(struct company *company, unsigned rounds)
{
    for (unsigned round = 0; round < rounds; round++) {
        for (int i = 0; i < MEMBERS; i++)
            for (int room = 0; room < ROOMS; room++)
                client_say(company->members[room][i], SEND_MESSAGE, "as ever");
        client_say(company->guest, GET_CHATS, "");
        for (int room = 0; room < ROOMS; room++)
            for (int i = 0; i < MEMBERS; i++)
                hear_all(company->members[room][i]);
        client_expect(company->guest, GET_CHATS, SUCCESS, "hall-0\nhall-1\nhall-2\nhall-3\n");
        client_expect_nothing(company->nameless);
    }
}

/* A thread that runs desks, and what it was seen to do. */
struct stage {
    int thread;
    char name[16];
    unsigned futexes, writes;
};

/* The log's writer, the sync helper and main run none. */
static bool runs_desks(const char *name)
{
    static const char *const names[] = {"gate", "name", "lobby", "room", "bye", "loop", "worker"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return false;
}

static size_t find_stages(const struct server *server, struct stage stages[STAGES_MOST])
{
    size_t n = 0;
    char *path = trial_text("/proc/%d/task", (int)server->pid);
    DIR *threads = opendir(path);
    check(threads, "the server's threads can't be listed");
    for (struct dirent *entry; (entry = readdir(threads));) {
        if (entry->d_name[0] == '.')
            continue;
        struct bytes name = file_read(trial_text("%s/%s/comm", path, entry->d_name));
        struct stage stage = {.thread = atoi(entry->d_name)};
        snprintf(stage.name, sizeof stage.name, "%.*s", (int)strcspn(name.at, "\n"), name.at);
        if (runs_desks(stage.name) && n < STAGES_MOST)
            stages[n++] = stage;
    }
    closedir(threads);
    return n;
}

/* A line of the trace begins with the thread and the call's name. */
static void count_calls(const struct strace *strace, struct stage stages[], size_t n)
{
    struct bytes log = file_read(strace->log);
    for (char *line = log.at, *end; (end = strchr(line, '\n')); line = end + 1) {
        char *call;
        long thread = strtol(line, &call, 10);
        call += strspn(call, " ");
        for (size_t i = 0; i < n; i++) {
            stages[i].futexes += stages[i].thread == thread && strncmp(call, "futex(", 6) == 0;
            stages[i].writes += stages[i].thread == thread && strncmp(call, "pwrite64(", 9) == 0;
        }
    }
}

/* No stage has waited, and each room has written what it was told: once a round at least, once a message at most. */
static void check_calls(const struct stage stages[], size_t n, unsigned rounds)
{
    unsigned writes = 0;
    for (size_t i = 0; i < n; i++) {
        check(stages[i].futexes == 0, "the stage \"%s\" called futex %u times in %u rounds", stages[i].name,
              stages[i].futexes, rounds);
        check(strcmp(stages[i].name, "room") != 0 || stages[i].writes >= rounds,
              "a room was seen to write %u times in %u rounds", stages[i].writes, rounds);
        writes += stages[i].writes;
    }
    check(writes >= rounds * ROOMS && writes <= rounds * ROOMS * MEMBERS,
          "%u writes to files of chats were seen in %u rounds", writes, rounds);
}

static void no_futex_in_steady_load(const struct trial *trial)
{
    struct server *server = start_with(trial, "--room-threads", trial_text("%d", ROOMS));
    struct company company;
    struct stage stages[STAGES_MOST];
    /* Rules that never come to bear: the calls are looked at only. Those of the rooms' files show that they are seen. */
    struct strace strace = {.inject = {"futex:delay_exit=1:when=65535", "pwrite64:delay_exit=1:when=65535"}};
    unsigned rounds = scaled(1000, 50);
    gather(&company, server);
    talk(&company, rounds);
    size_t n = find_stages(server, stages);
    long long expected = census(server).stages;
    check((long long)n == expected, "%zu threads run desks instead of %lld", n, expected);
    strace_join(&strace, server);
    talk(&company, rounds);
    strace_part(&strace);
    count_calls(&strace, stages, n);
    check_calls(stages, n, rounds);
    finish(server);
}

const struct scenario steady_traced[] = {
    {"no_futex_in_steady_load", no_futex_in_steady_load},
    {0},
};
