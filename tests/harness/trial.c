/* What every scenario stands on. */
#define HARNESS
#include "tests/harness/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/harness/client.h"
#include "tests/harness/server.h"

const char *const trial_archs[] = {"conveyor", "async", "epoll", NULL};
const char *const trial_slow_archs[] = {"blocking", NULL};
const char *const trial_null_archs[] = {"null", NULL};

enum { LIMIT_MS = 10000, LOOK_MS = 2, UNDOS_MOST = 8 };

static struct {
    const char *name;
    char scratch[64];
    struct {
        const char *file;
        int line;
    } here;
    void (*undos[UNDOS_MOST])(void);
    unsigned n_undos;
} now;

/* Every block of the trial's memory is in a ring, so that a failure half-way leaks nothing. */
struct block {
    struct block *next, *previous;
    max_align_t bytes[];
};
static struct block blocks = {.next = &blocks, .previous = &blocks};

static void out_of_memory(void)
{
    fputs("out of memory\n", stderr);
    abort();
}

/* Its block, out of the ring; NULL for NULL. */
static struct block *take_out(void *old)
{
    if (!old)
        return NULL;
    struct block *block = (struct block *)((char *)old - offsetof(struct block, bytes));
    block->previous->next = block->next;
    block->next->previous = block->previous;
    return block;
}

void *trial_grow(void *old, size_t n)
{
    struct block *block = realloc(take_out(old), sizeof *block + n);
    if (!block)
        out_of_memory();
    block->next = blocks.next;
    block->previous = &blocks;
    blocks.next->previous = block;
    blocks.next = block;
    return block->bytes;
}

void *trial_alloc(size_t n)
{
    return memset(trial_grow(NULL, n), 0, n);
}

void trial_free(void *old)
{
    free(take_out(old));
}

static void free_blocks(void)
{
    while (blocks.next != &blocks) {
        struct block *block = blocks.next;
        blocks.next = block->next;
        free(block);
    }
    blocks.previous = &blocks;
}

static int remove_one(const char *path, const struct stat *stat, int flag, struct FTW *walk)
{
    (void)stat;
    (void)flag;
    (void)walk;
    return remove(path);
}

void trial_begin(const char *name)
{
    const char *base = getenv("TMPDIR");
    now.name = name;
    now.here.file = NULL;
    snprintf(now.scratch, sizeof now.scratch, "%s/conveyor-XXXXXX", base && strlen(base) < 40 ? base : "/tmp");
    if (!mkdtemp(now.scratch)) {
        perror(now.scratch);
        abort();
    }
}

void trial_undo(void (*undo)(void))
{
    for (unsigned i = 0; i < now.n_undos; i++) {
        if (now.undos[i] == undo)
            return;
    }
    if (now.n_undos == UNDOS_MOST)
        abort();
    now.undos[now.n_undos++] = undo;
}

void trial_end(void)
{
    server_end_all();
    client_end_all();
    while (now.n_undos > 0)
        now.undos[--now.n_undos]();
    if (getenv("TEST_KEEP"))
        print_message("%s: kept in %s\n", now.name, now.scratch);
    else
        nftw(now.scratch, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    free_blocks();
}

void here_at(const char *file, int line)
{
    now.here.file = file;
    now.here.line = line;
}

void trial_fail(const char *format, ...)
{
    va_list args;
    char *what = NULL;
    va_start(args, format);
    if (vasprintf(&what, format, args) < 0)
        out_of_memory();
    va_end(args);
    print_error("%s: %s\n", now.name, what);
    free(what);
    server_describe_all();
    _fail(now.here.file ? now.here.file : __FILE__, now.here.file ? now.here.line : __LINE__);
    abort();
}

void trial_skip(const char *format, ...)
{
    va_list args;
    print_message("%s is skipped: ", now.name);
    va_start(args, format);
    vprint_message(format, args);
    va_end(args);
    print_message("\n");
    _skip(now.here.file ? now.here.file : __FILE__, now.here.line);
    abort();
}

int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static double setting(const char *name, double usual)
{
    const char *text = getenv(name);
    double value = text ? strtod(text, NULL) : usual;
    return value > 0 ? value : usual;
}

int64_t stretched(int64_t ms)
{
    return (int64_t)((double)ms * setting("TEST_SLOW", 1));
}

int64_t time_limit(void)
{
    return now_ms() + stretched(LIMIT_MS);
}

int time_left(int64_t until)
{
    int64_t left = until - now_ms();
    return left > 0 ? (int)left : 0;
}

void look_again(int64_t until, const char *waiting_for)
{
    if (now_ms() > until)
        trial_fail("the time is over, waiting for %s", waiting_for);
    nanosleep(&(struct timespec){.tv_nsec = LOOK_MS * 1000000}, NULL);
}

unsigned scaled(unsigned n, unsigned least)
{
    double most = n * setting("TEST_SCALE", 100) / 100;
    return most > least ? (unsigned)most : least;
}

static char *text_of(const char *format, va_list args)
{
    char *text = NULL;
    int n = vasprintf(&text, format, args);
    if (n < 0)
        out_of_memory();
    char *copy = trial_alloc((size_t)n + 1);
    memcpy(copy, text, (size_t)n + 1);
    free(text);
    return copy;
}

char *trial_text(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = text_of(format, args);
    va_end(args);
    return text;
}

char *trial_path(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *name = text_of(format, args);
    va_end(args);
    return trial_text("%s/%s", now.scratch, name);
}

void bytes_add(struct bytes *bytes, const void *more, size_t n)
{
    if (bytes->room - bytes->n < n + 1) {
        bytes->room = 2 * bytes->room + n + 64;
        bytes->at = trial_grow(bytes->at, bytes->room);
    }
    if (n)
        memcpy(bytes->at + bytes->n, more, n);
    bytes->n += n;
    bytes->at[bytes->n] = '\0';
}

void bytes_text(struct bytes *bytes, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    char *text = text_of(format, args);
    va_end(args);
    bytes_add(bytes, text, strlen(text));
}

struct bytes file_read(const char *path)
{
    struct bytes bytes = {0};
    struct stat stat;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &stat) < 0)
        trial_fail("%s can't be read: %s", path, strerror(errno));
    bytes_add(&bytes, "", 0);
    for (;;) {
        char step[65536];
        ssize_t got = read(fd, step, sizeof step);
        if (got <= 0)
            break;
        bytes_add(&bytes, step, (size_t)got);
    }
    close(fd);
    return bytes;
}

void file_write(const char *path, const void *bytes, size_t n)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        trial_fail("%s can't be written: %s", path, strerror(errno));
    for (size_t at = 0; at < n;) {
        ssize_t wrote = write(fd, (const char *)bytes + at, n - at);
        if (wrote <= 0)
            trial_fail("%s can't be written: %s", path, strerror(errno));
        at += (size_t)wrote;
    }
    close(fd);
}

bool file_exists(const char *path)
{
    struct stat stat;
    return lstat(path, &stat) == 0;
}

const char *shown(const void *bytes, size_t n)
{
    enum { MOST = 160 };
    static char ring[8][4 * MOST + 32];
    static unsigned turn;
    char *text = ring[turn++ % 8];
    char *to = text;
    for (size_t i = 0; i < n && i < MOST; i++) {
        unsigned char c = ((const unsigned char *)bytes)[i];
        if (c >= ' ' && c < 127 && c != '\\')
            *to++ = (char)c;
        else
            to += sprintf(to, "\\x%02x", c);
    }
    if (n > MOST)
        sprintf(to, "... (%zu bytes)", n);
    else
        *to = '\0';
    return text;
}
