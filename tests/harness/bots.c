/* The bots of conveyor-load against the server under test. */
#define HARNESS
#include "tests/harness/bots.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/harness/census.h"

enum {
    BOTS_WORDS = 32,
    OWN_LIMIT_MS =
        35000 /* what they wait for things that do not come: when time is over, for all of it, for goodbyes */
};

static struct bots *all;

static void end_all(void)
{
    for (; all; all = all->next) {
        if (all->pid > 0) {
            kill(all->pid, SIGKILL);
            waitpid(all->pid, NULL, 0);
        }
    }
}

static void become(const struct bots *bots, char *argv[])
{
    const char *const standard[3] = {"/dev/null", bots->out, bots->err};
    for (int i = 0; i < 3; i++) {
        int fd = open(standard[i], i ? O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC : O_RDONLY | O_CLOEXEC, 0666);
        dup2(fd, i);
    }
    execv(argv[0], argv);
    dprintf(2, "%s: %s\n", argv[0], strerror(errno));
    _exit(127);
}

/* Options of their own come later, and win; addresses add up, so that theirs is the only one then. */
static void fill_argv(const struct server *server, const char *const options[], char *argv[])
{
    bool has_address = options[0] && strcmp(options[0], "--connect") == 0;
    const char *const always[] = {"--chats", server->chats, "--duration", "86400", "--threads", "2"};
    size_t n = 0;
    argv[n++] = server_companion("../conveyor-load");
    argv[n++] = trial_text("--connect=%s", has_address ? options[1] : trial_text("127.0.0.1:%d", server->port));
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        argv[n++] = trial_text("%s", always[i]);
    for (size_t i = has_address ? 2 : 0; options[i]; i++) {
        if (n == BOTS_WORDS)
            trial_fail("too many options for bots");
        argv[n++] = trial_text("%s", options[i]);
    }
    argv[n] = NULL;
}

struct bots *bots_start(const struct server *server, const char *const options[])
{
    static unsigned made;
    char *argv[BOTS_WORDS + 1];
    struct bots *bots = trial_alloc(sizeof *bots);
    fill_argv(server, options, argv);
    bots->server = server;
    bots->out = trial_path("bots-%u.out", made);
    bots->err = trial_path("bots-%u.err", made);
    made++;
    bots->next = all;
    all = bots;
    trial_undo(end_all);
    pid_t parent = getpid();
    bots->pid = fork();
    if (bots->pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == parent)
            become(bots, argv);
        _exit(127);
    }
    if (bots->pid < 0)
        trial_fail("no process: %s", strerror(errno));
    return bots;
}

/* What they complained of stands before the lines they write each second. */
static void describe(const char *title, const char *path)
{
    enum { MOST = 6000 };
    struct bytes text = file_read(path);
    fprintf(stderr, "--- the bots' %s:\n%.*s\n", title, text.n > MOST ? MOST : (int)text.n, text.at);
}

/* False while they run; else how they ended: their exit code, or minus the signal. */
static bool have_ended(struct bots *bots, int *code)
{
    int status;
    if (waitpid(bots->pid, &status, WNOHANG) != bots->pid)
        return false;
    bots->pid = 0;
    *code = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    return true;
}

static void expect_running(struct bots *bots)
{
    int code;
    if (!have_ended(bots, &code))
        return;
    describe("stderr", bots->err);
    describe("stdout", bots->out);
    trial_fail("the bots ended with %d before they were told to", code);
}

/* Bytes in all chats' files. */
static size_t stored(const struct server *server)
{
    size_t sum = 0;
    struct stat stat;
    DIR *folder = opendir(server->chats);
    if (!folder)
        trial_fail("%s: %s", server->chats, strerror(errno));
    for (struct dirent *entry; (entry = readdir(folder));) {
        size_t n = strlen(entry->d_name);
        if (n > 5 && strcmp(entry->d_name + n - 5, ".chat") == 0 &&
            fstatat(dirfd(folder), entry->d_name, &stat, AT_SYMLINK_NOFOLLOW) == 0)
            sum += (size_t)stat.st_size;
    }
    closedir(folder);
    return sum;
}

void bots_talk(struct bots *bots, size_t bytes)
{
    size_t last = stored(bots->server), now = last, wanted = now + bytes;
    for (int64_t until = time_limit(); now < wanted; now = stored(bots->server)) {
        expect_running(bots);
        if (now > last)
            until = time_limit();
        last = now;
        look_again(until, trial_text("the bots to say more: the files have %zu bytes, of %zu", now, wanted));
    }
}

void bots_come(struct bots *bots, struct server *server, long long accepted)
{
    long long last = 0, now;
    for (int64_t until = time_limit(); (now = census_take(server).accepted) < accepted; last = now) {
        expect_running(bots);
        if (now > last)
            until = time_limit();
        look_again(until, trial_text("the bots to come: %lld of %lld did", now, accepted));
    }
}

void bots_settle(struct bots *bots, struct server *server, long long in_rooms)
{
    long long now;
    for (int64_t until = time_limit(); (now = census_take(server).room) != in_rooms;) {
        expect_running(bots);
        look_again(until, trial_text("all bots to be in rooms: %lld of %lld are", now, in_rooms));
    }
}

void bots_stop(struct bots *bots)
{
    int code;
    expect_running(bots);
    kill(bots->pid, SIGTERM);
    for (int64_t until = time_limit() + OWN_LIMIT_MS; !have_ended(bots, &code);)
        look_again(until, "the bots to end");
    if (code == 0)
        return;
    describe("stderr", bots->err);
    describe("stdout", bots->out);
    trial_fail("the bots ended with %d instead of 0", code);
}
