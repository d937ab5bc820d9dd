/* Runs the server under strace, or has strace join it, so that chosen system calls fail, wait or kill. */
#ifndef FAULTS_STRACE_H
#define FAULTS_STRACE_H

#include "tests/harness/server.h"

enum { STRACE_RULES = 6 };

/* What strace is to do. It counts the calls of each thread for itself. */
struct strace {
    const char *inject[STRACE_RULES]; /* "pwrite64:error=EIO:when=3" and the like, up to the first NULL */
    const char *path; /* only calls on this file, or on this folder and names looked up in it; NULL: all */
    char *log;        /* filled in: the calls that were looked at; an injected one says so */
    int pid;          /* filled in by strace_join: strace's own process */
};

/* Has the server run under strace from its start; it keeps the process that the harness knows, so signals and waiting are as ever.
 * Skips the trial where nothing can be traced. */
void strace_launch(struct strace *strace, struct launch *launch);
/* Has strace join a server as soon as it serves, all its threads: none of its start's calls can fail. And has it go away. */
void strace_join(struct strace *strace, struct server *server);
void strace_part(struct strace *strace);
/* How many calls were made to fail or wait so far (a signal does not show), as far as strace has said. */
unsigned strace_injected(const struct strace *strace);
/* The same for a server that has ended, as this process: waits for strace's last word first. */
unsigned strace_injected_in_all(const struct strace *strace, pid_t ended);

#ifndef HARNESS
#define strace_launch(...) (HERE, (strace_launch)(__VA_ARGS__))
#define strace_join(...) (HERE, (strace_join)(__VA_ARGS__))
#define strace_part(...) (HERE, (strace_part)(__VA_ARGS__))
#define strace_injected_in_all(...) (HERE, (strace_injected_in_all)(__VA_ARGS__))
#endif

#endif
