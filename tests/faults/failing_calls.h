/* What failing_calls.so keeps in the file named by the environment's FAILING_CALLS: which calls are to fail, and which did. */
#ifndef FAULTS_FAILING_CALLS_H
#define FAULTS_FAILING_CALLS_H

#include <stdatomic.h>
#include <stdint.h>

#define FAILING_CALLS "FAILING_CALLS"

enum failing_call {
    FAIL_ALLOCATION, /* malloc, calloc, realloc: ENOMEM */
    FAIL_THREAD,     /* pthread_create: EAGAIN */
    FAIL_CONTROL,    /* epoll_ctl, but to remove: ENOMEM */
    FAIL_PIPE,       /* pipe2: EMFILE */
    FAIL_SET,        /* epoll_create1: EMFILE */
    FAIL_MAP,        /* mmap: ENOMEM */
    FAILING_KINDS
};

/* Both sides write it, the server from any thread. */
struct failing_calls {
    struct failing {
        _Atomic int64_t before; /* calls that still succeed */
        _Atomic int64_t times;  /* how many fail then; 0: none does, and nobody counts */
        _Atomic uint64_t calls, failed;
    } of[FAILING_KINDS];
};

#endif
