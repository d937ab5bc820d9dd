/* Folders and files for tests. */
#include "tests/unit/files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

/* In memory if that can be had: thousands of files that are synced one by one take their time on a disk. */
static const char *base(void)
{
    const char *told = getenv("TMPDIR");
    if (told && *told)
        return told;
    return access("/dev/shm", W_OK | X_OK) == 0 ? "/dev/shm" : "/tmp";
}

void files_open(char path[FILES_PATH])
{
    int n = snprintf(path, FILES_PATH, "%s/conveyor-unit-XXXXXX", base());
    assert_true(n > 0 && n < FILES_PATH);
    assert_non_null(mkdtemp(path));
}

void files_close(const char *path)
{
    DIR *dir = opendir(path);
    struct dirent *entry;
    assert_non_null(dir);
    while ((entry = readdir(dir))) {
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        if (unlinkat(dirfd(dir), entry->d_name, 0) < 0 && (errno == EISDIR || errno == EPERM))
            unlinkat(dirfd(dir), entry->d_name, AT_REMOVEDIR);
    }
    closedir(dir);
    assert_int_equal(rmdir(path), 0);
}

const char *files_at(const char *path, const char *name)
{
    static char at[2 * FILES_PATH];
    int n = snprintf(at, sizeof at, "%s/%s", path, name);
    assert_true(n > 0 && (size_t)n < sizeof at);
    return at;
}

void files_put(const char *path, const char *name, struct span bytes)
{
    int fd = open(files_at(path, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    while (bytes.n > 0) {
        ssize_t n = write(fd, bytes.at, bytes.n);
        assert_true(n > 0);
        bytes.at += n;
        bytes.n -= (size_t)n;
    }
    close(fd);
}

struct buf files_get(const char *path, const char *name)
{
    struct buf got = {0};
    ssize_t n;
    int fd = open(files_at(path, name), O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    do {
        assert_true(buf_reserve(&got, 4096));
        n = read(fd, got.at + got.n, got.room - got.n);
        assert_true(n >= 0);
        got.n += (uint32_t)n;
    } while (n > 0);
    close(fd);
    return got;
}

bool files_exist(const char *path, const char *name)
{
    struct stat stat;
    return lstat(files_at(path, name), &stat) == 0;
}

void files_assert(const char *path, const char *name, struct span bytes)
{
    struct buf got = files_get(path, name);
    assert_int_equal(got.n, bytes.n);
    if (bytes.n)
        assert_memory_equal(got.at, bytes.at, bytes.n);
    buf_free(&got);
}

static void limit(rlim_t bytes)
{
    struct rlimit now;
    signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(getrlimit(RLIMIT_FSIZE, &now), 0);
    now.rlim_cur = bytes < now.rlim_max ? bytes : now.rlim_max;
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &now), 0);
}

void files_limit(size_t bytes)
{
    fflush(NULL); /* the test's own report may go to a file */
    limit((rlim_t)bytes);
}

void files_unlimit(void)
{
    limit(RLIM_INFINITY);
}
