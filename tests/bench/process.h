/* The processes that are measured: the real server, and children of the bench's own. */
#ifndef BENCH_PROCESS_H
#define BENCH_PROCESS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "tests/bench/bench.h"
#include "tests/bench/target.h"

struct process {
    pid_t pid;
    uint16_t port;      /* on 127.0.0.1 */
    int out;            /* a server's standard output; -1 otherwise */
    int64_t start_time; /* from exec to "Server started", in nanoseconds */
    struct path chats, log;
    const char *name;
    const struct target *target; /* a server's */
    double switches; /* when it has ended: context switches in its whole life, of all threads there ever were */
};

struct memory {
    double private_dirty, resident; /* bytes */
};

/* Starts a server over `chats`; `preload`, when it is not NULL, is loaded into it. Waits for "Server started". */
void process_start_server(struct process *process, const struct target *target, const char *chats, const char *preload);
/* A listening socket on a free port of 127.0.0.1; a child that is forked next serves it. */
int process_listen(struct process *process, const char *name);
/* Forks. True in the child, which must end by _exit, is killed with the bench, and is scheduled as a server. */
bool process_fork(struct process *process);
/* The same for a part of the bench itself, which is scheduled like the bench, and has no children yet. */
bool process_branch(struct process *process);
/* Ends it: a server in order, with exit code 0, anything else by SIGKILL. */
void process_stop(struct process *process);
/* Waits for a child that ends by itself; its status. */
int process_wait(struct process *process);
/* Ends everything that still runs. */
void process_kill_all(void);

/* CPU seconds, user and system, of all its threads until now. */
double process_cpu(const struct process *process);
struct memory process_memory(const struct process *process);

#endif
