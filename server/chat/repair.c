/* Start-up repair: finds the end of the last whole record and moves what follows it out of the chat. */
#include "server/chat/repair.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/protocol.h"
#include "server/teeth.h"

enum { STEP = 64 * 1024 };

static ssize_t read_at(int fd, char *to, size_t n, uint64_t at)
{
    ssize_t got;
    do {
        got = pread(fd, to, n, (off_t)at);
    } while (got < 0 && errno == EINTR);
    return got;
}

/* Going back from `end`: the end of the last stretch with a byte that `stops` holds for; 0 when there is none. -1 on error.
 * Looks no further back than `most` bytes; *gave_up tells that it got there. */
static int64_t search_back(int fd, uint64_t end, uint64_t most, bool (*stops)(char), bool *gave_up)
{
    char *step = malloc(STEP);
    if (!step)
        return -1;
    uint64_t floor = end > most ? end - most : 0;
    int64_t found = 0;
    *gave_up = false;
    while (end > floor) {
        uint64_t at = end - floor > STEP ? end - STEP : floor;
        ssize_t got = read_at(fd, step, end - at, at);
        if (got != (ssize_t)(end - at)) {
            found = -1;
            break;
        }
        while (got > 0 && !stops(step[got - 1]))
            got--;
        if (got > 0) {
            found = (int64_t)(at + (uint64_t)got);
            break;
        }
        end = at;
    }
    if (found == 0)
        *gave_up = floor > 0;
    free(step);
    return found;
}

static bool is_end(char c)
{
    return c == RECORD_END;
}

static bool is_something(char c)
{
    return c != '\0';
}

/* Appends the bytes from `from` to `to` of the file to NAME.chat.torn. 0 or an errno. */
static int keep_torn(const struct folder *folder, const char *file, int fd, uint64_t from, uint64_t to)
{
    char name[NAME_MAX + 1];
    int n = snprintf(name, sizeof name, "%s.torn", file);
    if (n < 0 || (size_t)n >= sizeof name)
        return ENAMETOOLONG;
    int torn = openat(folder->fd, name, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
    if (torn < 0)
        return errno;
    char *step = malloc(STEP);
    int error = step ? 0 : ENOMEM;
    while (!error && from < to) {
        ssize_t got = read_at(fd, step, to - from > STEP ? STEP : to - from, from);
        if (got <= 0) {
            error = got < 0 ? errno : EIO;
            break;
        }
        for (ssize_t at = 0; at < got && !error;) {
            ssize_t written = write(torn, step + at, (size_t)(got - at));
            if (written > 0)
                at += written;
            else if (written == 0 || errno != EINTR)
                error = written < 0 ? errno : EIO;
        }
        from += (uint64_t)got;
    }
    if (!error && fsync(torn) < 0)
        error = errno;
    free(step);
    if (close(torn) < 0 && !error)
        error = errno;
    return error;
}

/* Keeps, then cuts, all from `from` on. The file is opened again: it was opened for reading only. */
static struct repair cut(const struct folder *folder, const char *file, int fd, uint64_t from, uint64_t size)
{
    struct repair repair = {.bytes = size - from};
    repair.error = WITHOUT_KEEPING_TORN ? 0 : keep_torn(folder, file, fd, from, size);
    if (!repair.error && !WITHOUT_CUTTING_TORN) {
        int writable = openat(folder->fd, file, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
        if (writable < 0 || ftruncate(writable, (off_t)from) < 0 || fdatasync(writable) < 0)
            repair.error = errno;
        if (writable >= 0)
            close(writable);
    }
    repair.message = repair.error ? "Could not cut a torn record" : "Cut a torn record, kept in the .torn file";
    return repair;
}

struct repair repair_file(const struct folder *folder, const char *file, int fd, uint64_t size)
{
    struct repair fine = {0};
    struct repair unreadable = {.message = "Could not read a chat's file", .bytes = size, .error = EIO};
    bool gave_up;
    char last;
    if (size == 0)
        return fine;
    if (read_at(fd, &last, 1, size - 1) != 1)
        return unreadable;
    if (last == RECORD_END)
        return fine;
    int64_t text_end = search_back(fd, size, size, is_something, &gave_up);
    if (text_end < 0)
        return unreadable;
    int64_t record_end = search_back(fd, (uint64_t)text_end, RECORD_MAX + 1, is_end, &gave_up);
    if (record_end < 0)
        return unreadable;
    if (record_end > 0)
        return cut(folder, file, fd, (uint64_t)record_end, size);
    if (gave_up && (uint64_t)text_end < size)
        return cut(folder, file, fd, (uint64_t)text_end, size);
    struct repair kept = {.message = "The file's end is no record, it is kept as it is", .bytes = size};
    return kept;
}
