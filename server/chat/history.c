/* A chat's file: all writing to it is here. */
#include "server/chat/history.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/protocol.h"
#include "server/teeth.h"

enum { FILE_FLAGS = (WITHOUT_NOFOLLOW ? 0 : O_NOFOLLOW) | O_NONBLOCK | O_CLOEXEC };

static int write_all(int fd, struct span bytes, uint64_t at)
{
    while (bytes.n > 0) {
        ssize_t n = pwrite(fd, bytes.at, bytes.n, (off_t)at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return errno;
        if (n == 0)
            return EIO;
        bytes.at += n;
        bytes.n -= (size_t)n;
        at += (uint64_t)n;
    }
    return 0;
}

/* Takes away what stands behind `committed`. */
static int cut_back(struct history *history)
{
    int done;
    do {
        done = ftruncate(history->fd, (off_t)history->committed);
    } while (done < 0 && errno == EINTR);
    history->uncut = done < 0;
    return done < 0 ? errno : 0;
}

/* The next record must not run into a last one that has no end. */
static int end_last_record(struct history *history)
{
    char last;
    if (history->committed == 0 || WITHOUT_LAST_CR)
        return 0;
    if (history_read(history, history->committed - 1, &last, 1) != 1)
        return EIO;
    if (last == RECORD_END)
        return 0;
    static const char end = RECORD_END;
    int error = write_all(history->fd, (struct span){&end, 1}, history->committed);
    if (error)
        return error;
    history->committed++;
    return 0;
}

static int measure(struct history *history, const struct chat *chat)
{
    struct stat stat;
    if (fstat(history->fd, &stat) < 0)
        return errno;
    if (!S_ISREG(stat.st_mode))
        return EINVAL;
    if (chat->uncut) { /* an earlier room could not take its failed write back */
        history->committed = chat->committed;
        return cut_back(history);
    }
    history->committed = (uint64_t)stat.st_size;
    return end_last_record(history);
}

int history_open(struct history *history, const struct folder *folder, struct chat *chat)
{
    char file[NAME_MAX + 1];
    *history = (struct history){.fd = -1};
    if (!folder_file(chat_name(chat), file))
        return ENAMETOOLONG;
    history->fd = openat(folder->fd, file, O_RDWR | FILE_FLAGS);
    if (history->fd < 0)
        return errno;
    int error = measure(history, chat);
    if (error) {
        close(history->fd);
        history->fd = -1;
        return error;
    }
    chat->uncut = false;
    return 0;
}

int history_sync_file(int fd, struct chat *chat)
{
    if (fdatasync(fd) == 0)
        return 0;
    int error = errno;
    if (!WITHOUT_SYNC_MARK)
        atomic_store(&chat->sync_failed, error);
    return error;
}

int history_append(struct history *history, struct chat *chat, struct span records, bool sync_now)
{
    int error = history->uncut && !WITHOUT_CUTTING_LATER ? cut_back(history) : 0;
    if (error)
        return error;
    error = write_all(history->fd, records, history->committed);
    if (!error && sync_now && !WITHOUT_SYNC_BEFORE_SHOW)
        error = history_sync_file(history->fd, chat);
    if (error) {
        if (!WITHOUT_CUT_BACK)
            cut_back(history);
        return error;
    }
    history->committed += records.n;
    return 0;
}

ssize_t history_read(const struct history *history, uint64_t at, char *to, size_t n)
{
    if (at >= history->committed && !WITHOUT_COMMITTED_END)
        return 0;
    if (n > history->committed - at && !WITHOUT_COMMITTED_END)
        n = history->committed - at;
    size_t done = 0;
    while (done < n) {
        ssize_t got = pread(history->fd, to + done, n - done, (off_t)(at + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0) { /* somebody cut the file under us */
            errno = EIO;
            return -1;
        }
        done += (size_t)got;
    }
    return (ssize_t)done;
}

bool history_begins_at(const struct history *history, uint64_t at)
{
    char before;
    if (at == 0 || WITHOUT_RECORD_EDGES)
        return true;
    return at <= history->committed && history_read(history, at - 1, &before, 1) == 1 && before == RECORD_END;
}

int history_release(struct history *history, struct chat *chat)
{
    int fd = history->fd;
    if (fd < 0)
        return -1;
    if (history->uncut)
        cut_back(history);
    chat->uncut = history->uncut;
    chat->committed = history->committed;
    history->fd = -1;
    return fd;
}

int history_create(const struct folder *folder, struct span chat)
{
    char file[NAME_MAX + 1];
    if (!folder_file(chat, file))
        return ENAMETOOLONG;
    int fd = openat(folder->fd, file, O_WRONLY | O_CREAT | O_EXCL | FILE_FLAGS, 0666);
    if (fd < 0)
        return errno;
    close(fd);
    return 0;
}

void history_uncreate(const struct folder *folder, struct span chat)
{
    char file[NAME_MAX + 1];
    int error = errno;
    if (folder_file(chat, file))
        unlinkat(folder->fd, file, 0);
    errno = error;
}
