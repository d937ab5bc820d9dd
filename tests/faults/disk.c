/* A full disk and back again, and syncs that fail. */
#include <errno.h>
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

/* The first sync of the hall's file fails in this way; one more would do. */
struct bad_sync {
    const char *sync; /* what --sync says */
    const char *name;
    int error;
};

/* A record of the log says which sync failed, and why. */
static void check_logged(struct server *server, const char *message, int error)
{
    cJSON *record = server_wait_record(server, message), *data = cJSON_GetObjectItem(record, "data");
    const char *chat = cJSON_GetStringValue(cJSON_GetObjectItem(data, "chat"));
    const char *why = cJSON_GetStringValue(cJSON_GetObjectItem(data, "error"));
    check(chat && strcmp(chat, "hall") == 0, "\"%s\" is said of %s", message, chat ? chat : "no chat");
    check(why && strcmp(why, strerror(error)) == 0, "\"%s\" is said with '%s'", message, why ? why : "no reason");
    cJSON_Delete(record);
}

static unsigned syncs_seen(const struct strace *strace)
{
    unsigned n = 0;
    struct bytes log = file_read(strace->log);
    for (const char *at = log.at; (at = strstr(at, "fdatasync(")); at++)
        n++;
    return n;
}

/* Ann's message is the one whose sync fails. True when it was stored before that. */
static bool meet_bad_sync(struct server *server, struct client *ann, const struct bad_sync *bad)
{
    bool seen = strcmp(bad->sync, "always") != 0;
    if (seen) {
        client_message(ann, "ann", "not synced yet");
        check_logged(server, "Could not sync a chat's file", bad->error);
        client_ask(ann, SEND_MESSAGE, "too late", SEND_MESSAGE, FAILURE, SAY_READ_ONLY);
    } else {
        client_ask(ann, SEND_MESSAGE, "can't be synced", SEND_MESSAGE, FAILURE, SAY_READ_ONLY);
    }
    check_logged(server, "A sync failed, the chat is read-only", bad->error);
    return seen;
}

/* Nothing is taken from who is there, nor from who comes back, nor after everybody had left. */
static void check_refused(struct server *server, struct client *ann, bool seen)
{
    for (int visit = 0; visit < 3; visit++) {
        client_ask(ann, SEND_MESSAGE, "one more", SEND_MESSAGE, FAILURE, SAY_READ_ONLY);
        client_expect_nothing(ann);
        client_leave(ann);
        census(server);
        client_enter(ann, "hall");
        if (seen)
            client_expect_record(ann, RECEIVE_MESSAGE, "ann", "not synced yet");
    }
}

/* Once a sync has failed, however it failed, nothing more is taken into the chat, and its file is never synced again. Other chats go
 * on, and the next start knows nothing of it. */
static void read_only(const struct trial *trial, const struct bad_sync *bad)
{
    struct launch launch = {.arch = trial->arch, .options = {"--sync", bad->sync, "--room-linger", "0"}};
    char *chats = trial_path("chats-%s-%s", bad->sync, bad->name);
    struct strace strace = {.inject = {trial_text("fdatasync:error=%s:when=1", bad->name)},
                            .path = trial_text("%s/hall.chat", chats)};
    launch.chats = chats;
    strace_launch(&strace, &launch);
    struct server *server = server_start(&launch);
    struct client *ann = client_login(server, "ann"), *bob = client_login(server, "bob");
    client_create(ann, "hall");
    client_expect_list(bob, "hall\n");
    client_create(bob, "den");
    client_expect_list(ann, "hall\nden\n");
    client_enter(ann, "hall");
    bool seen = meet_bad_sync(server, ann, bad);
    check_refused(server, ann, seen);
    client_enter(bob, "den");
    client_message(bob, "bob", "here it works");
    check(chat_file_read(server_chat_path(server, "hall")).count == seen, "something refused was stored");
    finish(server);
    check(strace_injected_in_all(&strace, server->ran_as) == 1, "not one sync failed with %s", bad->name);
    check(syncs_seen(&strace) == 1, "after %s a sync was tried again", bad->name);
    memset(server->launch.before, 0, sizeof server->launch.before);
    server_restart(server);
    check_chat_served(server, "hall");
    finish(server);
}

static void read_only_after_each(const struct trial *trial, const char *sync)
{
    read_only(trial, &(struct bad_sync){sync, "EIO", EIO});
    read_only(trial, &(struct bad_sync){sync, "ENOSPC", ENOSPC});
    read_only(trial, &(struct bad_sync){sync, "EINTR", EINTR});
}

static void read_only_always(const struct trial *trial)
{
    read_only_after_each(trial, "always");
}

static void read_only_period(const struct trial *trial)
{
    read_only_after_each(trial, "1");
}

const struct scenario disk_traced[] = {
    {"sync_fails_always", read_only_always},
    {"sync_fails_in_period", read_only_period},
    {0},
};
