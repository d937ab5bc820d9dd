/* The load generator under test: starting it, and what its results say. */
#ifndef CLIENTS_LOADER_H
#define CLIENTS_LOADER_H

#include "tests/clients/program.h"

#define LOADER "conveyor-load"

struct loader {
    struct program *program;
    char *json_path;
};

/* How it ended. */
struct result {
    struct outcome outcome;
    const cJSON *json; /* NULL: it wrote none; freed with the trial */
};

/* The call with these words, which are separated by single spaces, and with --connect unless the port is 0. */
struct call loader_call(int port, const char *words);
/* Starts it so, with --json. */
struct loader loader_start(int port, const char *words);
/* Waits until it has ended by itself, for as long as it may be patient with a server. */
struct result loader_end(struct loader *loader);
struct result loader_run(int port, const char *words);
/* Waits until it says this on stderr, in what stands behind the first `from` bytes; how many bytes stood there then. */
size_t loader_wait(const struct loader *loader, size_t from, const char *text);
/* It ends with this code, one line on stderr that has this text, and nothing on stdout. */
void loader_refuses(const struct call *call, int code, const char *text);

/* What is at a path like "times_us/deliver/p99", which must be there; loader_has: whether it is. */
double result_number(const struct result *result, const char *path);
bool result_is(const struct result *result, const char *path);
const char *result_text(const struct result *result, const char *path);
bool result_has(const struct result *result, const char *path);
/* No violation, and the exit code that follows from the rest: 4 when the machine was too busy for the generator. */
void result_delivered(const struct result *result);
/* The same, and nothing went wrong. */
void result_fine(const struct result *result);
/* Violations of this kind (NULL: of any) were found, counted and told with their evidence, and made it end with 3. */
void result_violates(const struct result *result, const char *kind);

/* A rate, a number or a time that a build with a sanitizer can do. */
unsigned gentle(unsigned n);
/* How many records the folder's chats hold; fails when two of them have the same text, or a text is no mark. */
unsigned loader_stored(const char *folder);

#ifndef HARNESS
#define loader_start(...) (HERE, (loader_start)(__VA_ARGS__))
#define loader_end(...) (HERE, (loader_end)(__VA_ARGS__))
#define loader_run(...) (HERE, (loader_run)(__VA_ARGS__))
#define loader_wait(...) (HERE, (loader_wait)(__VA_ARGS__))
#define loader_refuses(...) (HERE, (loader_refuses)(__VA_ARGS__))
#define loader_stored(...) (HERE, (loader_stored)(__VA_ARGS__))
#define result_number(...) (HERE, (result_number)(__VA_ARGS__))
#define result_is(...) (HERE, (result_is)(__VA_ARGS__))
#define result_text(...) (HERE, (result_text)(__VA_ARGS__))
#define result_delivered(...) (HERE, (result_delivered)(__VA_ARGS__))
#define result_fine(...) (HERE, (result_fine)(__VA_ARGS__))
#define result_violates(...) (HERE, (result_violates)(__VA_ARGS__))
#endif

#endif
