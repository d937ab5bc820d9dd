/* Loaded into the server by LD_PRELOAD: makes the N-th of its allocations fail, or of other calls, as another process says. */
#include "tests/faults/failing_calls.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* The C library's own functions, under the names it has for them besides. */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *memory, size_t n);

/* Until the file is mapped, and where there is none, nothing fails. */
static struct failing_calls unwatched;
static struct failing_calls *calls = &unwatched;

typedef int create_thread(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *);
static create_thread *real_pthread_create;

__attribute__((constructor)) static void map_calls(void)
{
    const char *path = getenv(FAILING_CALLS);
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    real_pthread_create = (create_thread *)dlsym(RTLD_NEXT, "pthread_create");
    if (fd < 0)
        return;
    long mapped = syscall(SYS_mmap, NULL, sizeof *calls, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0L);
    close(fd);
    if (mapped != -1)
        calls = (struct failing_calls *)mapped;
}

/* True when this call is to fail. */
static bool fails(enum failing_call kind)
{
    struct failing *failing = &calls->of[kind];
    atomic_fetch_add(&failing->calls, 1);
    if (atomic_load(&failing->times) <= 0 || atomic_fetch_sub(&failing->before, 1) > 0 ||
        atomic_fetch_sub(&failing->times, 1) <= 0)
        return false;
    atomic_fetch_add(&failing->failed, 1);
    return true;
}

void *malloc(size_t size)
{
    if (!fails(FAIL_ALLOCATION))
        return __libc_malloc(size);
    errno = ENOMEM;
    return NULL;
}

void *calloc(size_t nmemb, size_t size)
{
    if (!fails(FAIL_ALLOCATION))
        return __libc_calloc(nmemb, size);
    errno = ENOMEM;
    return NULL;
}

void *realloc(void *ptr, size_t size)
{
    if (!fails(FAIL_ALLOCATION))
        return __libc_realloc(ptr, size);
    errno = ENOMEM;
    return NULL;
}

int pthread_create(pthread_t *newthread, const pthread_attr_t *attr, void *(*start_routine)(void *), void *arg)
{
    return fails(FAIL_THREAD) ? EAGAIN : real_pthread_create(newthread, attr, start_routine, arg);
}

int epoll_ctl(int epfd, int op, int fd, struct epoll_event *event)
{
    if (op == EPOLL_CTL_DEL || !fails(FAIL_CONTROL))
        return (int)syscall(SYS_epoll_ctl, epfd, op, fd, event);
    errno = ENOMEM;
    return -1;
}

int pipe2(int pipedes[2], int flags)
{
    if (!fails(FAIL_PIPE))
        return (int)syscall(SYS_pipe2, pipedes, flags);
    errno = EMFILE;
    return -1;
}

int epoll_create1(int flags)
{
    if (!fails(FAIL_SET))
        return (int)syscall(SYS_epoll_create1, flags);
    errno = EMFILE;
    return -1;
}

void *mmap(void *addr, size_t len, int prot, int flags, int fd, off_t offset)
{
    if (!fails(FAIL_MAP))
        return (void *)syscall(SYS_mmap, addr, len, prot, flags, fd, offset);
    errno = ENOMEM;
    return MAP_FAILED;
}
