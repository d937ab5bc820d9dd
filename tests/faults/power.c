/* A power cut, played on a loop-mounted ext4 image. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/faults/mounts.h"
#include "tests/faults/scenarios.h"
#include "tests/faults/serves.h"
#include "tests/harness/census.h"
#include "tests/harness/crowd.h"

enum { DISK = 64 << 20, AFTER_MS = 20 };

static struct server *start_on_disk(const struct trial *trial, const char *chats, const char *sync)
{
    return server_start(&(struct launch){.arch = trial->arch, .chats = chats, .options = {"--sync", sync}});
}

/* When everybody had read how much. */
struct mark {
    int64_t at;
    size_t *counts;
};

struct marks {
    struct mark *all;
    size_t n, room;
};

static void mark(struct marks *marks, const struct crowd *crowd)
{
    if (marks->n == marks->room) {
        marks->room = 2 * marks->room + 64;
        marks->all = trial_grow(marks->all, marks->room * sizeof *marks->all);
    }
    struct mark *now = &marks->all[marks->n++];
    *now = (struct mark){now_ms(), trial_alloc(crowd->n * sizeof *now->counts)};
    for (size_t i = 0; i < crowd->n; i++)
        now->counts[i] = crowd->members[i].stays[0].stream.count;
}

/* Everybody says so many things more. */
static void say_more(struct crowd *crowd, unsigned messages)
{
    for (size_t i = 0; i < crowd->n; i++)
        crowd->members[i].messages += messages;
    for (size_t i = 0; i < crowd->n; i++)
        crowd->members[i].expects += messages * (unsigned)crowd->n / crowd->rooms;
}

/* A steady talk for so long, then a storm. */
static struct marks talk(struct crowd *crowd, int64_t ms)
{
    enum { STORM_MS = 20 };
    static const struct timespec pause = {.tv_nsec = 5000000};
    struct marks marks = {0};
    int64_t end = now_ms() + ms;
    do {
        say_more(crowd, 3);
        crowd_finish(crowd);
        mark(&marks, crowd);
        nanosleep(&pause, NULL);
    } while (now_ms() < end);
    crowd->endless = true;
    crowd_run_for(crowd, STORM_MS);
    mark(&marks, crowd);
    return marks;
}

/* Cuts the power while the crowd talks, and ends the server soon afterwards. Behind it the disk is there again. What nobody had synced
 * must be lost: else it was no cut, and shows nothing. */
static void cut(struct crowd *crowd, const struct disk *disk)
{
    char *canary = trial_text("%s/canary", disk->folder);
    crowd->may_refuse = crowd->may_break = true;
    file_write(canary, "never synced", 12);
    disk_cut(disk);
    crowd_run_for(crowd, AFTER_MS);
    server_kill(crowd->server);
    crowd_read_out(crowd, false);
    disk_remount(disk);
    check(!file_exists(canary) || file_read(canary).n == 0, "what was never synced outlived the cut");
    unlink(canary);
}

/* The stream up to a number of records is where the file begins. */
static void check_beginning(const struct chat_file *file, const struct member *member, size_t count)
{
    struct stream beginning = member->stays[0].stream;
    beginning.count = count;
    check_piece(file, &beginning, 0, member->name);
}

/* What is lost had been seen after that moment; what is not lost is as it was seen. Whatever a server shows after the cut, which no
 * server could, is no matter: a sync that was under way may even claim to have succeeded then. */
static void check_lost_since(const struct crowd *crowd, const struct marks *marks, int64_t moment)
{
    const struct mark *last = NULL;
    for (size_t i = 0; i < marks->n && marks->all[i].at <= moment; i++)
        last = &marks->all[i];
    check(last && last->counts[0] > 0, "nothing was seen early enough");
    for (size_t i = 0; i < crowd->n; i++) {
        const struct member *member = &crowd->members[i];
        size_t seen = member->stays[0].stream.count;
        struct chat_file file = chat_file_read_torn(server_chat_path(crowd->server, member->chat));
        check(file.count >= last->counts[i], "of %zu records that %s had seen %lld ms before the cut, %zu are left",
              last->counts[i], member->name, (long long)(marks->all[marks->n - 1].at - last->at), file.count);
        check_beginning(&file, member, seen < file.count ? seen : file.count);
    }
}

/* Cuts the power so often. Nothing may be lost but what was seen in the last milliseconds before. */
static void cuts(const struct trial *trial, const char *sync, int64_t most)
{
    enum { MORE_MS = 500 };
    struct disk disk = disk_make(DISK);
    unsigned dice = (unsigned)getpid() ^ (unsigned)now_ms();
    for (unsigned round = 0, n = scaled(20, 2); round < n; round++) {
        struct server *server = start_on_disk(trial, trial_text("%s/chats-%u", disk.folder, round), sync);
        struct crowd crowd = crowd_make(server, 4, 2, 0, 60);
        crowd_begin(&crowd);
        /* So long that what must be there has seen more than the first of its syncs. */
        struct marks marks = talk(&crowd, 2 * most + rand_r(&dice) % MORE_MS);
        int64_t moment = now_ms() - most;
        cut(&crowd, &disk);
        check_lost_since(&crowd, &marks, moment);
        server_restart(server);
        check_rooms_served(&crowd);
        finish(server);
    }
}

/* --sync always: what anybody has seen is there again. */
static void sync_always(const struct trial *trial)
{
    cuts(trial, "always", 0);
}

/* --sync 1: at most what was said during a second and one sync is lost. A busy machine may take its time for a sync. */
static void sync_one_second(const struct trial *trial)
{
    int64_t patience = (time_limit() - now_ms()) / 10;
    cuts(trial, "1", 1000 + patience);
}

/* --sync 1: a room that ends has its file synced, however short it was in use. */
static void all_have_left(const struct trial *trial)
{
    int64_t patience = (time_limit() - now_ms()) / 10;
    struct disk disk = disk_make(DISK);
    struct timespec pause = {.tv_sec = patience / 1000, .tv_nsec = patience % 1000 * 1000000};
    for (unsigned round = 0, n = scaled(20, 2); round < n; round++) {
        char *canary = trial_text("%s/canary", disk.folder);
        struct server *server = server_start(&(struct launch){.arch = trial->arch,
                                                              .chats = trial_text("%s/left-%u", disk.folder, round),
                                                              .options = {"--sync", "1", "--room-linger", "0"}});
        struct crowd crowd = crowd_make(server, 4, 2, 3, 60);
        crowd_begin(&crowd);
        crowd_finish(&crowd);
        client_close_all(server);
        census(server);
        nanosleep(&pause, NULL);
        file_write(canary, "never synced", 12);
        disk_cut(&disk);
        server_kill(server);
        disk_remount(&disk);
        check(!file_exists(canary) || file_read(canary).n == 0, "what was never synced outlived the cut");
        unlink(canary);
        crowd_check(&crowd, false);
        crowd_check_all_stored(&crowd);
        server_restart(server);
        check_rooms_served(&crowd);
        finish(server);
    }
}

const struct scenario power_faults[] = {
    {"power_cut_sync_always", sync_always},
    {"power_cut_sync_one_second", sync_one_second},
    {"power_cut_all_have_left", all_have_left},
    {0},
};
