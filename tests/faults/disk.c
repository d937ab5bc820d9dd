/* A full disk and back again, and syncs that fail. */
#include <fcntl.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "tests/faults/mounts.h"
#include "tests/faults/scenarios.h"
#include "tests/faults/serves.h"
#include "tests/faults/strace.h"
#include "tests/harness/census.h"
#include "tests/harness/crowd.h"
#include "tests/harness/rows.h"

enum { DISK = 64 << 20, SPARE = 32 << 10 };

static size_t space_on(const char *disk)
{
    struct statvfs space;
    check(statvfs(disk, &space) == 0, "%s can't be measured", disk);
    return space.f_bavail * space.f_bsize;
}

/* Leaves just a little space. The server takes some at the same time. */
static void fill_disk(const char *disk, int ballast)
{
    int64_t until = time_limit();
    for (size_t n; (n = space_on(disk)) > SPARE; look_again(until, "the disk to be full")) {
        if (posix_fallocate(ballast, 0, (off_t)(n - SPARE)) == 0)
            break;
    }
}

/* Full and not full, again and again, under load: whoever can't be stored is told so, in its turn; what is shown is in the file, and
 * nothing else is. */
static void full_disk(const struct trial *trial)
{
    enum { REFUSED = 300, STORED = 1000 };
    char *disk = mount_memory(DISK);
    int ballast = open(trial_text("%s/ballast", disk), O_WRONLY | O_CREAT | O_CLOEXEC, 0666);
    struct server *server = server_start(&(struct launch){.arch = trial->arch, .chats = trial_text("%s/chats", disk)});
    struct crowd crowd = crowd_make(server, 8, 2, 0, 300);
    crowd.endless = crowd.may_refuse = crowd.keeps_answers = true;
    crowd_begin(&crowd);
    for (unsigned cycle = 0, n = scaled(20, 2); cycle < n; cycle++) {
        crowd_run(&crowd, STORED);
        fill_disk(disk, ballast);
        crowd_run_refused(&crowd, REFUSED);
        crowd_be_quiet(&crowd);
        crowd_check_answers(&crowd); /* nothing of what was refused is left behind, not for now either */
        crowd.endless = true;
        check(strstr(crowd.reason, "No space left on device"), "refused was '%s'", crowd.reason);
        check(ftruncate(ballast, 0) == 0, "the disk can't be emptied");
    }
    close(ballast);
    crowd_run(&crowd, STORED);
    crowd_be_quiet(&crowd);
    crowd_check(&crowd, false);
    crowd_check_answers(&crowd);
    finish(server);
    server_restart(server);
    check_rooms_served(&crowd);
    finish(server);
}

const struct scenario disk_faults[] = {
    {"full_disk", full_disk},
    {0},
};

/* Once a sync has failed, nothing more is taken into the chat: not from who is there, nor from who comes back, nor after everybody had
 * left. Other chats go on, and the next start knows nothing of it. */
static void read_only(const struct trial *trial, const char *sync)
{
    struct launch launch = {.arch = trial->arch, .options = {"--sync", sync, "--room-linger", "0"}};
    char *chats = trial_path("chats-synced-%s", sync);
    struct strace strace = {.inject = {"fdatasync:error=EIO"}, .path = trial_text("%s/hall.chat", chats)};
    launch.chats = chats;
    strace_launch(&strace, &launch);
    struct server *server = server_start(&launch);
    struct client *ann = client_login(server, "ann"), *bob = client_login(server, "bob");
    client_create(ann, "hall");
    client_expect_list(bob, "hall\n");
    client_create(bob, "den");
    client_expect_list(ann, "hall\nden\n");
    client_enter(ann, "hall");
    bool seen = strcmp(sync, "always") != 0;
    if (seen)
        client_message(ann, "ann", "not synced yet");
    else
        client_ask(ann, SEND_MESSAGE, "can't be synced", SEND_MESSAGE, FAILURE, SAY_READ_ONLY);
    server_wait_line(server, seen ? "Could not sync a chat's file" : "A sync failed, the chat is read-only");
    for (int visit = 0; visit < 3; visit++) {
        client_ask(ann, SEND_MESSAGE, "one more", SEND_MESSAGE, FAILURE, SAY_READ_ONLY);
        client_expect_nothing(ann);
        client_leave(ann);
        census(server);
        client_enter(ann, "hall");
        if (seen)
            client_expect_record(ann, RECEIVE_MESSAGE, "ann", "not synced yet");
    }
    client_enter(bob, "den");
    client_message(bob, "bob", "here it works");
    check(chat_file_read(server_chat_path(server, "hall")).count == seen, "something refused was stored");
    finish(server);
    check(strace_injected_in_all(&strace, server->ran_as) == 1, "a sync was tried again");
    memset(server->launch.before, 0, sizeof server->launch.before);
    server_restart(server);
    check_chat_served(server, "hall");
    finish(server);
}

static void read_only_always(const struct trial *trial)
{
    read_only(trial, "always");
}

static void read_only_period(const struct trial *trial)
{
    read_only(trial, "1");
}

const struct scenario disk_traced[] = {
    {"sync_fails_always", read_only_always},
    {"sync_fails_in_period", read_only_period},
    {0},
};
