/* A client program under test, or a tool that looks at what it gave: starting, feeding, ending it, and reading what it said. */
#ifndef CLIENTS_PROGRAM_H
#define CLIENTS_PROGRAM_H

#include <sys/types.h>

#include "tests/harness/server.h"

enum { CALL_WORDS = 64 };

/* How it is to be started. */
struct call {
    const char *words[CALL_WORDS]; /* up to the first NULL; the program is one of ours, or is looked for in PATH */
    const char *input;             /* the file that is its stdin; NULL: a pipe that the test holds */
    bool no_input;                 /* its stdin is closed */
    const struct program *into;    /* its stdout is the stdin of this one; NULL: a file */
};

struct program {
    struct program *next;
    const char *name;
    pid_t pid; /* 0 when it has ended */
    int input; /* the writing end of its stdin, or -1 */
    char *out, *err;
};

/* Where a program of this name is: ours lie beside the server; another one's name itself. */
const char *program_path(const char *name);
/* Starts it. It is ended with the trial, if it still runs then. */
struct program *program_start(const struct call *call);
/* Writes all of it to its stdin. */
void program_feed(struct program *program, const void *bytes, size_t n);
void program_end_input(struct program *program);
void program_signal(const struct program *program, int number);
/* Waits until it has ended: its exit code, or minus the signal that killed it. */
int program_wait(struct program *program);
/* The same with a moment of one's own, for programs that take their time. */
int program_wait_until(struct program *program, int64_t until);
/* Waits for a text on its stderr, and gives all that is there. */
struct bytes program_wait_err(struct program *program, const char *text);
/* For those that end by themselves; their stdin is empty unless the call says otherwise. */
struct outcome program_outcome(const struct call *call);

#ifndef HARNESS
#define program_start(...) (HERE, (program_start)(__VA_ARGS__))
#define program_feed(...) (HERE, (program_feed)(__VA_ARGS__))
#define program_wait(...) (HERE, (program_wait)(__VA_ARGS__))
#define program_wait_until(...) (HERE, (program_wait_until)(__VA_ARGS__))
#define program_wait_err(...) (HERE, (program_wait_err)(__VA_ARGS__))
#define program_outcome(...) (HERE, (program_outcome)(__VA_ARGS__))
#endif

#endif
