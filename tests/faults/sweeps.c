/* Calls that fail one after the other, from the first to the fiftieth, while the server starts and while it serves. */
#include <string.h>
#include <sys/stat.h>

#include "tests/faults/scenarios.h"
#include "tests/faults/serves.h"
#include "tests/faults/strace.h"
#include "tests/harness/census.h"
#include "tests/harness/checker.h"
#include "tests/harness/client.h"

static const char *const errors[] = {"EIO", "ENOSPC", "EINTR"};
enum { ERRORS = sizeof errors / sizeof *errors, CALLS_MOST = 50 };

/* What a start finds: records, and behind them what a crash has left. */
#define WHOLE "ann\t09:08:07 03/02/21\nfirst\rbob\t23:59:59 12/31/22\nsecond\r"
#define GIVEN(chat, torn)                        \
    {                                            \
        chat, WHOLE torn, sizeof(WHOLE torn) - 1 \
    }
static const struct given {
    const char *chat, *bytes;
    size_t n;
} givens[] = {GIVEN("whole", ""), GIVEN("cut", "ann\t09:08:09 03/02/21\nthi"), GIVEN("nuls", "\0\0\0\0\0")};
enum { GIVENS = sizeof givens / sizeof *givens, GIVENS_TORN = 2 };

/* Comes, makes a chat of its own, talks there, and goes; whatever of it fails. */
struct guest {
    struct client *client;
    char *name, *chat;
    struct stream seen;
};

/* The next frame, or false behind the last one; the connection may be broken, but must not be silent. */
static bool next_or_gone(struct client *client, struct frame *frame)
{
    int64_t until = time_limit();
    while (!client_frame(client, frame)) {
        if (client_fill(client, until))
            continue;
        check(client->end != NOT_ENDED, "a client was left without an answer");
        return false;
    }
    return true;
}

static struct guest come(struct server *server, unsigned number)
{
    struct guest guest = {.client = client_open(server)};
    struct bytes out = {0};
    guest.name = trial_text("g%u", number);
    guest.chat = trial_text("chat-%u", number);
    frame_say(&out, SET_NAME, guest.name);
    frame_say(&out, CREATE_CHAT, guest.chat);
    frame_say(&out, CONNECT_CHAT, guest.chat);
    frame_say(&out, SEND_MESSAGE, trial_text("%s-0 hello", guest.name));
    frame_say(&out, SEND_MESSAGE, trial_text("%s-1 bye", guest.name));
    frame_say(&out, LEAVE_CHAT, "");
    frame_say(&out, DISCONNECT, "");
    client_push(guest.client, out.at, out.n); /* where it is broken already, its end will be read */
    return guest;
}

static void see(struct guest *guest, const struct frame *frame)
{
    if (frame->request == RECEIVE_MESSAGE && frame->response == SUCCESS)
        stream_add(&guest->seen, frame->text, frame->n);
}

/* What it saw is the beginning of its chat. */
static void check_seen(const struct server *server, const struct guest *guest)
{
    if (guest->seen.count == 0)
        return;
    struct chat_file file = chat_file_read(server_chat_path(server, guest->chat));
    check_piece(&file, &guest->seen, 0, guest->name);
}

static void go(struct server *server, struct guest *guest)
{
    struct frame frame;
    while (next_or_gone(guest->client, &frame))
        see(guest, &frame);
    client_close(guest->client);
    check_seen(server, guest);
}

/* So many guests at a time. */
static void entertain(struct server *server, unsigned n)
{
    struct guest *guests = trial_alloc(n * sizeof *guests);
    for (unsigned i = 0; i < n; i++)
        guests[i] = come(server, i);
    for (unsigned i = 0; i < n; i++)
        go(server, &guests[i]);
}

/* Somebody asks, and waits for an answer. False when the connection is gone. */
static bool ask(struct guest *guest, int32_t request, const char *text)
{
    struct frame frame = {.request = -1};
    struct bytes out = {0};
    frame_say(&out, request, text);
    if (client_push(guest->client, out.at, out.n) < 0)
        return false;
    while (frame.request != request && !(request == SEND_MESSAGE && frame.request == RECEIVE_MESSAGE)) {
        if (!next_or_gone(guest->client, &frame))
            return false;
        see(guest, &frame);
    }
    return true;
}

/* One who says so many things, each after the one before was answered. */
static void one_by_one(struct server *server, unsigned n)
{
    struct guest guest = {.client = client_open(server), .name = trial_text("talker"), .chat = trial_text("talk")};
    bool there = ask(&guest, SET_NAME, guest.name);
    if (there) {
        struct bytes out = {0};
        frame_say(&out, CREATE_CHAT, guest.chat);
        client_push(guest.client, out.at, out.n); /* answered by a LIST, or not */
        there = ask(&guest, CONNECT_CHAT, guest.chat);
    }
    for (unsigned i = 0; there && i < n; i++)
        there = ask(&guest, SEND_MESSAGE, trial_text("talker-%u", i));
    client_close(guest.client);
    check_seen(server, &guest);
}

/* So many, one after the other, and each waits for its answers: requests that are there when the server first looks need no
 * watching. */
static void come_and_go(struct server *server, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        struct guest guest = {.client = client_open(server)};
        if (ask(&guest, SET_NAME, trial_text("v%u", i)))
            ask(&guest, DISCONNECT, "");
        client_close(guest.client);
    }
}

/* Without any fault the server starts on what it left, serves it, and stores more. */
static void check_sound(struct server *server)
{
    memset(server->launch.before, 0, sizeof server->launch.before);
    server_restart(server);
    if (file_exists(server_chat_path(server, "talk")))
        check_chat_served(server, "talk");
    entertain(server, 2);
    finish(server);
}

static void give(const char *folder)
{
    check(mkdir(folder, 0777) == 0, "no folder");
    for (unsigned i = 0; i < GIVENS; i++)
        file_write(trial_text("%s/%s.chat", folder, givens[i].chat), givens[i].bytes, givens[i].n);
}

/* Every byte is still there: a chat's file is as it was given, or ends behind its records and the rest is in the .torn file, perhaps
 * not for the first time. How many torn ones are as they were given. */
static unsigned check_kept(const struct server *server)
{
    unsigned torn_still = 0;
    for (unsigned i = 0; i < GIVENS; i++) {
        const struct given *given = &givens[i];
        const char *path = server_chat_path(server, given->chat);
        struct bytes file = file_read(path);
        size_t whole = strlen(WHOLE), torn = given->n - whole;
        check(file.n == whole || file.n == given->n, "%s has %zu bytes", given->chat, file.n);
        check(memcmp(file.at, given->bytes, file.n) == 0, "%s is '%s'", given->chat, shown(file.at, file.n));
        torn_still += file.n > whole;
        if (file.n == given->n)
            continue;
        struct bytes kept = file_read(trial_text("%s.torn", path));
        check(kept.n >= torn && memcmp(kept.at + kept.n - torn, given->bytes + whole, torn) == 0,
              "what was cut off %s is '%s'", given->chat, shown(kept.at, kept.n));
    }
    return torn_still;
}

struct sweep {
    const struct trial *trial;
    const char *call;
    bool in_folder;   /* only calls in the folder of chats */
    const char *file; /* only calls on this file of it */
    bool mends;       /* a torn file for which it fails stays as it is */
    bool
        by_rooms; /* each room that starts makes one: every room gets a stage of its own, and loses it when it is empty */
};

static struct launch launch_of(const struct sweep *sweep)
{
    static unsigned made;
    struct launch launch = {.arch = sweep->trial->arch, .chats = trial_path("swept-%u", made++)};
    const char *const options[] = {"--sync", "always", "--room-linger", "0", "--room-threads", "256"};
    memcpy(launch.options, options, (sweep->by_rooms ? 6 : 4) * sizeof *options);
    return launch;
}

static struct strace strace_of(const struct sweep *sweep, const struct launch *launch, const char *error, unsigned n)
{
    struct strace strace = {.inject = {trial_text("%s:error=%s:when=%u", sweep->call, error, n)}};
    if (sweep->in_folder)
        strace.path = launch->chats;
    if (sweep->file)
        strace.path = trial_text("%s/%s", launch->chats, sweep->file);
    return strace;
}

/* The n-th call of each thread fails, from the server's start on, which has files to mend. False when there were not so many. */
static bool fail_from_start(const struct sweep *sweep, const char *error, unsigned n)
{
    int code;
    struct launch launch = launch_of(sweep);
    struct strace strace = strace_of(sweep, &launch, error, n);
    give(launch.chats);
    strace_launch(&strace, &launch);
    struct server *server = server_try(&launch, &code);
    if (server->pid) {
        one_by_one(server, 2);
        client_close_all(server);
        census(server);
        server_stop(server);
    } else {
        check(code == 1, "with %s the start ended with %d instead of 1", strace.inject[0], code);
    }
    unsigned injected = strace_injected_in_all(&strace, server->ran_as);
    server->talks = true;
    unsigned torn = check_kept(server);
    check(!sweep->mends || torn == injected, "where %s failed %u files are still torn", strace.inject[0], torn);
    check_sound(server);
    check(check_kept(server) == 0, "a sound start leaves files torn");
    return injected > 0;
}

/* The n-th call of each thread from a moment on fails, while guests are there; whatever was begun for them is given back. */
static bool fail_while_serving(const struct sweep *sweep, const char *error, unsigned n)
{
    struct launch launch = launch_of(sweep);
    struct strace strace = strace_of(sweep, &launch, error, n);
    struct server *server = server_start(&launch);
    strace_join(&strace, server);
    unsigned descriptors = server_descriptors(server);
    entertain(server, n + 1);
    one_by_one(server, n + 1);
    come_and_go(server, n + 1);
    client_close_all(server);
    census(server);
    check_descriptors(server, descriptors);
    strace_part(&strace);
    server_stop(server);
    check_sound(server);
    return strace_injected(&strace) > 0;
}

static unsigned tries(void)
{
    return scaled(ERRORS * CALLS_MOST, ERRORS);
}

/* Which call the i-th try has fail. */
static unsigned call_of(unsigned i)
{
    return i * CALLS_MOST / tries() + 1;
}

/* All errors at all numbers, or a spread of them; stops where there are no such calls any more. The highest number hit. */
static unsigned sweep_calls(const struct sweep *sweep, bool (*fail)(const struct sweep *, const char *, unsigned))
{
    unsigned highest = 0;
    for (unsigned i = 0; i < tries(); i++) {
        if (!fail(sweep, errors[i % ERRORS], call_of(i)))
            break;
        highest = call_of(i);
    }
    return highest;
}

static void sweep(struct sweep sweep)
{
    bool on_and_on =
        !sweep.by_rooms || strcmp(sweep.trial->arch, "conveyor") == 0; /* clients have it made again and again */
    unsigned at_start = sweep_calls(&sweep, fail_from_start);
    unsigned serving = sweep_calls(&sweep, fail_while_serving);
    check(at_start + serving > 0, "no %s was made to fail", sweep.call);
    check(!on_and_on || serving == call_of(tries() - 1), "while it served, only %u calls of %s could fail", serving,
          sweep.call);
}

/* Each of the calls that mend the files at the start fails once in each way. */
static void sweep_mending(struct sweep sweep, unsigned calls)
{
    for (unsigned i = 0; i < ERRORS; i++) {
        unsigned failed = 0;
        while (fail_from_start(&sweep, errors[i], failed + 1))
            failed++;
        check(failed == calls, "%u calls of %s failed with %s", failed, sweep.call, errors[i]);
    }
}

static void pwrite64_fails(const struct trial *trial)
{
    sweep((struct sweep){.trial = trial, .call = "pwrite64"});
}

static void fdatasync_fails(const struct trial *trial)
{
    sweep((struct sweep){.trial = trial, .call = "fdatasync"});
}

static void openat_fails(const struct trial *trial)
{
    sweep((struct sweep){.trial = trial, .call = "openat", .in_folder = true});
}

static void accept4_fails(const struct trial *trial)
{
    sweep((struct sweep){.trial = trial, .call = "accept4"});
}

static void epoll_ctl_fails(const struct trial *trial)
{
    sweep((struct sweep){.trial = trial, .call = "epoll_ctl"});
}

static void pipe2_fails(const struct trial *trial)
{
    sweep((struct sweep){.trial = trial, .call = "pipe2", .by_rooms = true});
}

static void clone3_fails(const struct trial *trial)
{
    sweep((struct sweep){.trial = trial, .call = "clone3", .by_rooms = true});
}

static void ftruncate_fails(const struct trial *trial)
{
    sweep_mending((struct sweep){.trial = trial, .call = "ftruncate", .mends = true}, GIVENS_TORN);
}

static void fsync_fails(const struct trial *trial)
{
    sweep_mending((struct sweep){.trial = trial, .call = "fsync", .mends = true}, GIVENS_TORN);
}

static void write_fails(const struct trial *trial)
{
    sweep_mending((struct sweep){.trial = trial, .call = "write", .file = "cut.chat.torn"}, 1);
}

const struct scenario sweeps_traced[] = {
    {"pwrite64_fails", pwrite64_fails},
    {"fdatasync_fails", fdatasync_fails},
    {"openat_fails", openat_fails},
    {"accept4_fails", accept4_fails},
    {"epoll_ctl_fails", epoll_ctl_fails},
    {"pipe2_fails", pipe2_fails},
    {"clone3_fails", clone3_fails},
    {"ftruncate_fails", ftruncate_fails},
    {"fsync_fails", fsync_fails},
    {"write_fails", write_fails},
    {0},
};
