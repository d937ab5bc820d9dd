/* Allocations, threads, pipes and epoll sets that fail at the N-th call: nobody is lost, nothing hangs. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tests/faults/failing_calls.h"
#include "tests/faults/scenarios.h"
#include "tests/faults/serves.h"
#include "tests/harness/census.h"
#include "tests/harness/checker.h"
#include "tests/harness/rows.h"

/* What one who visits the server asks for in one go; `half` of its last message is sent ahead. */
struct script {
    struct bytes requests;
    size_t half;
};

static const char *const kind_names[FAILING_KINDS] = {"allocation", "thread",    "epoll_ctl",
                                                      "pipe",       "epoll set", "mapping"};

/* The file the server's preloaded library looks at; good until the process ends. */
static struct failing_calls *map_calls(const char *path)
{
    static const struct failing_calls none;
    file_write(path, &none, sizeof none);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    void *mapped = mmap(NULL, sizeof none, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    check(mapped != MAP_FAILED, "%s can't be mapped", path);
    return mapped;
}

static struct launch prepare(const struct trial *trial, struct failing_calls **calls)
{
    const char *library = server_companion("failing_calls.so");
    char *path = trial_path("failing-calls");
    check(file_exists(library), "%s is not built", library);
    *calls = map_calls(path);
    return (struct launch){
        .arch = trial->arch,
        .options = {"--room-linger", "0"},
        .variables = {trial_text("LD_PRELOAD=%s", library), trial_text("%s=%s", FAILING_CALLS, path)}};
}

/* From now on the n-th call fails, and as many after it as make `times`. */
static void arm(struct failing_calls *calls, enum failing_call kind, uint64_t n, int64_t times)
{
    struct failing *failing = &calls->of[kind];
    atomic_store(&failing->times, 0);
    atomic_store(&failing->failed, 0);
    atomic_store(&failing->before, (int64_t)n - 1);
    atomic_store(&failing->times, times);
}

static void disarm(struct failing_calls *calls, enum failing_call kind)
{
    atomic_store(&calls->of[kind].times, 0);
}

static uint64_t called(struct failing_calls *calls, enum failing_call kind)
{
    return atomic_load(&calls->of[kind].calls);
}

/* A server whose n-th call fails while it starts: it ends with 1 and says why, or it serves as if nothing had been. */
static void start_with_one_failing(const struct launch *launch, struct failing_calls *calls, enum failing_call kind,
                                   uint64_t n)
{
    int code;
    arm(calls, kind, n, 1);
    struct server *server = server_try(launch, &code);
    disarm(calls, kind);
    check(server->pid || code == 1, "without %s %llu the server ended with %d", kind_names[kind], (unsigned long long)n,
          code);
    if (!server->pid)
        return;
    struct client *ann = client_login(server, "ann");
    client_create(ann, "hall");
    client_enter(ann, "hall");
    client_message(ann, "ann", "all is well");
    finish(server);
}

static void fail_at_start(const struct trial *trial, enum failing_call kind)
{
    struct failing_calls *calls;
    struct launch launch = prepare(trial, &calls);
    struct server *server = server_start(&launch);
    census(server); /* its threads are at work then: they start after it has said that it has */
    uint64_t n = called(calls, kind), tries = scaled(400, 25);
    check(n > 0, "no %s is ever called: the library is not loaded", kind_names[kind]);
    finish(server);
    for (uint64_t i = 1; i <= n; i += n > tries ? n / tries : 1)
        start_with_one_failing(&launch, calls, kind, i);
    munmap(calls, sizeof *calls);
}

static struct script make_script(const char *name)
{
    static unsigned made;
    struct script script = {0};
    char *own = trial_text("den-%u", made++);
    frame_say(&script.requests, SET_NAME, name);
    frame_say(&script.requests, GET_CHATS, "");
    frame_say(&script.requests, CONNECT_CHAT, "hall");
    frame_say(&script.requests, SEND_MESSAGE, "good day");
    frame_say(&script.requests, PRIVATE_MESSAGE, trial_text("%s\nto myself", name));
    frame_say(&script.requests, PRIVATE_MESSAGE, "bob\nto you alone");
    frame_say(&script.requests, LEAVE_CHAT, "");
    frame_say(&script.requests, CREATE_CHAT, own);
    frame_say(&script.requests, CONNECT_CHAT, own);
    frame_say(&script.requests, RECEIVE_MESSAGE, "");
    script.half = script.requests.n + 2000;
    frame_say(&script.requests, SEND_MESSAGE, repeated("m", 4000));
    frame_say(&script.requests, LEAVE_CHAT, "");
    frame_say(&script.requests, CONNECT_CHAT, own);
    frame_say(&script.requests, SEND_MESSAGE, "good evening");
    frame_say(&script.requests, DISCONNECT, "");
    return script;
}

/* Reads until such an answer has come, or the end. */
static bool read_to(struct client *client, int32_t request)
{
    struct frame got;
    for (int64_t until = time_limit();;) {
        while (client_frame(client, &got)) {
            if (got.request == request)
                return true;
        }
        if (client->end != NOT_ENDED)
            return false;
        check(client_fill(client, until) || client->end != NOT_ENDED, "it is left without an answer or an end");
    }
}

/* Goes through the script; whatever fails, an answer or the end comes for each request. True when it was never cut off. */
static bool visit(struct server *server, const char *name)
{
    struct script script = make_script(name);
    struct client *client = client_open(server);
    bool whole =
        client_push(client, script.requests.at, script.half) == (ssize_t)script.half && read_to(client, WRONG_REQUEST);
    size_t rest = script.requests.n - script.half;
    whole = whole && client_push(client, script.requests.at + script.half, rest) == (ssize_t)rest;
    bool farewell = read_to(client, DISCONNECT);
    read_to(client, -1); /* the end */
    client_discard(client);
    return whole && farewell;
}

/* Bob sits in the hall. What fails may have cost him his connection: then he comes back. */
static struct client *wake(struct server *server, struct client *bob)
{
    if (bob && client_push(bob, "\7\0\0\0\0\0\0\0\0\0\0\0", CLIENT_HEADER) > 0 && read_to(bob, WRONG_REQUEST))
        return bob;
    if (bob)
        client_discard(bob);
    bob = client_open(server);
    client_retry_name(bob, "bob");
    client_enter(bob, "hall");
    return bob;
}

/* Bob reads what a visitor who was cut off has said all the same, until nothing of it is due. */
static void settle(struct server *server, struct client *bob)
{
    int64_t until = time_limit();
    while (!census_take(server).at_rest) {
        look_again(until, "all to be at rest");
        client_fill(bob, now_ms());
    }
    census(server);
}

/* One visit for each n: its n-th call fails, or `times` of them from there on. Nobody hangs, the census adds up, and with the
 * calls working again nothing is held that was begun, and the next visit is as if nothing had been. */
static void fail_in_a_visit(const struct trial *trial, enum failing_call kind, int64_t times)
{
    struct failing_calls *calls;
    struct launch launch = prepare(trial, &calls);
    struct server *server = server_start(&launch);
    struct client *maker = client_login(server, "maker"), *bob = NULL;
    unsigned most = scaled(800, 25);
    client_create(maker, "hall");
    client_quit(maker);
    bob = wake(server, bob);
    settle(server, bob);
    unsigned descriptors = server_descriptors(server);
    check(visit(server, "ann"), "a visit where nothing fails is cut off");
    settle(server, bob);
    check_descriptors(server, descriptors);
    uint64_t before = called(calls, kind);
    visit(server, "ann");
    settle(server, bob);
    uint64_t n = called(calls, kind) - before, failed = 0;
    for (uint64_t i = 1; i <= n; i += n > most ? n / most : 1) {
        arm(calls, kind, i, times);
        visit(server, "ann");
        disarm(calls, kind);
        failed += atomic_load(&calls->of[kind].failed);
        bob = wake(server, bob);
        settle(server, bob);
        check_descriptors(server, descriptors);
    }
    check(n == 0 || failed, "no %s has failed", kind_names[kind]);
    check(visit(server, "ann"), "a visit where nothing fails any more is cut off");
    client_message(wake(server, bob), "bob", "all is well");
    chat_file_read(server_chat_path(server, "hall"));
    finish(server);
    munmap(calls, sizeof *calls);
}

static void allocation_fails_at_start(const struct trial *trial)
{
    fail_at_start(trial, FAIL_ALLOCATION);
}

static void allocation_fails_in_a_visit(const struct trial *trial)
{
    fail_in_a_visit(trial, FAIL_ALLOCATION, 1);
}

static void allocations_fail_in_a_visit(const struct trial *trial)
{
    fail_in_a_visit(trial, FAIL_ALLOCATION, 25);
}

static void control_fails(const struct trial *trial)
{
    fail_at_start(trial, FAIL_CONTROL);
    fail_in_a_visit(trial, FAIL_CONTROL, 1);
}

/* What starting a thread needs. */
static const enum failing_call to_start[] = {FAIL_THREAD, FAIL_PIPE, FAIL_SET, FAIL_MAP};
enum { TO_START = sizeof to_start / sizeof *to_start };

static void thread_fails_at_start(const struct trial *trial)
{
    for (unsigned i = 0; i < TO_START; i++)
        fail_at_start(trial, to_start[i]);
}

/* A room that can't have its stage is refused with a reason; the next try, or the one after two or three failures, gets one,
 * and of the failed ones nothing is left.
 * Only the conveyor starts anything for a room, so elsewhere nothing fails. */
static void thread_fails_for_a_room(const struct trial *trial)
{
    struct failing_calls *calls;
    struct launch launch = prepare(trial, &calls);
    struct server *server = server_start(&launch);
    struct client *ann = client_login(server, "ann");
    bool stages = strcmp(trial->arch, "conveyor") == 0;
    client_create(ann, "hall");
    long long without = census(server).stages;
    unsigned descriptors = server_descriptors(server);
    for (unsigned i = 0, n = scaled(400, 12); i < n; i++) {
        enum failing_call kind = to_start[i % TO_START];
        int times = 1 + (int)(i / TO_START % 3);
        for (int64_t until = time_limit(); census(server).stages > without;) /* that of the last visit has ended */
            look_again(until, "a room's stage to end");
        arm(calls, kind, 1, times);
        for (int t = 0; stages && t < times; t++)
            client_ask(ann, CONNECT_CHAT, "hall", CONNECT_CHAT, FAILURE, SAY_NO_ROOM_STARTED);
        client_enter(ann, "hall");
        check(!stages || atomic_load(&calls->of[kind].failed) == (uint64_t)times, "no %s has failed", kind_names[kind]);
        disarm(calls, kind);
        client_leave(ann);
        check_descriptors(server, descriptors);
    }
    finish(server);
    munmap(calls, sizeof *calls);
}

const struct scenario failing_traced[] = {
    {"allocation_fails_at_start", allocation_fails_at_start},
    {"allocation_fails_in_a_visit", allocation_fails_in_a_visit},
    {"allocations_fail_in_a_visit", allocations_fail_in_a_visit},
    {"control_fails", control_fails},
    {"thread_fails_at_start", thread_fails_at_start},
    {"thread_fails_for_a_room", thread_fails_for_a_room},
    {0},
};
