/* Counts the allocations of the program it is loaded into by LD_PRELOAD, where another process can watch. */
#include "tests/bench/allocations.h"

#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

/* The C library's own functions, under the names it has for them besides. */
void *__libc_malloc(size_t n);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *memory, size_t n);
void *__libc_memalign(size_t alignment, size_t n);
void __libc_free(void *memory);

/* Until the file is mapped, and where there is none, the counts go nowhere. */
static struct allocations unwatched;
static struct allocations *counts = &unwatched;

__attribute__((constructor)) static void map_counts(void)
{
    const char *path = getenv("ALLOCATIONS");
    int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    void *mapped = mmap(NULL, sizeof *counts, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (mapped != MAP_FAILED)
        counts = mapped;
}

static void count(_Atomic uint64_t *counter)
{
    atomic_fetch_add_explicit(counter, 1, memory_order_relaxed);
}

void *malloc(size_t size)
{
    count(&counts->mallocs);
    return __libc_malloc(size);
}

void *calloc(size_t nmemb, size_t size)
{
    count(&counts->callocs);
    return __libc_calloc(nmemb, size);
}

void *realloc(void *ptr, size_t size)
{
    count(&counts->reallocs);
    return __libc_realloc(ptr, size);
}

void *memalign(size_t alignment, size_t size)
{
    count(&counts->aligned);
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size)
{
    return memalign(alignment, size);
}

int posix_memalign(void **memptr, size_t alignment, size_t size)
{
    void *made = memalign(alignment, size);
    if (!made)
        return ENOMEM;
    *memptr = made;
    return 0;
}

void free(void *ptr)
{
    if (ptr)
        count(&counts->frees);
    __libc_free(ptr);
}
