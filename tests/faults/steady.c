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

enum { MEMBERS = 8, STAGES_MOST = 16 };

/* People who talk in a room, one who asks in the lobby, and one who has no name. */
struct company {
    struct client *members[MEMBERS], *guest, *nameless;
};

static void gather(struct company *company, struct server *server)
{
    for (int i = 0; i < MEMBERS; i++) {
        company->members[i] = client_login(server, trial_text("m%d", i));
        if (i == 0)
            client_create(company->members[i], "hall");
        client_enter(company->members[i], "hall");
    }
    company->guest = client_login(server, "guest");
    company->nameless = client_open(server);
}

static void talk(struct company *company, unsigned messages)
{
    for (unsigned i = 0; i < messages; i++) {
        const char *author = trial_text("m%u", i % MEMBERS);
        client_say(company->members[i % MEMBERS], SEND_MESSAGE, "as ever");
        for (int to = 0; to < MEMBERS; to++)
            client_expect_record(company->members[to], RECEIVE_MESSAGE, author, "as ever");
        client_ask(company->guest, GET_CHATS, "", GET_CHATS, SUCCESS, "hall\n");
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
    static const char *const names[] = {"gate", "name", "lobby", "room", "bye", "loop"};
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

static void no_futex_in_steady_load(const struct trial *trial)
{
    struct server *server = start_plain(trial);
    struct company company;
    struct stage stages[STAGES_MOST];
    /* Rules that never come to bear: the calls are looked at only. That of the room's file shows that they are seen. */
    struct strace strace = {.inject = {"futex:delay_exit=1:when=65535", "pwrite64:delay_exit=1:when=65535"}};
    unsigned messages = scaled(10000, 500), writes = 0;
    gather(&company, server);
    talk(&company, messages);
    size_t n = find_stages(server, stages);
    size_t expected = strcmp(trial->arch, "conveyor") == 0 ? 5 : 1;
    check(n == expected, "%zu threads run desks instead of %zu", n, expected);
    strace_join(&strace, server);
    talk(&company, messages);
    strace_part(&strace);
    count_calls(&strace, stages, n);
    for (size_t i = 0; i < n; i++) {
        check(stages[i].futexes == 0, "the stage \"%s\" called futex %u times in %u messages", stages[i].name,
              stages[i].futexes, messages);
        writes += stages[i].writes;
    }
    check(writes == messages, "%u writes to the chat's file were seen for %u messages", writes, messages);
    finish(server);
}

const struct scenario steady_traced[] = {
    {"no_futex_in_steady_load", no_futex_in_steady_load},
    {0},
};
