/* The server under test: starting, stopping, killing and restarting the real program, and reading its log. */
#ifndef HARNESS_SERVER_H
#define HARNESS_SERVER_H

#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

#include <cjson/cJSON.h>

#include "tests/harness/trial.h"

enum { LAUNCH_OPTIONS = 24, LAUNCH_BEFORE = 24, LAUNCH_VARIABLES = 4 };

/* How a server is to be started. */
struct launch {
    const char *arch;
    const char *chats;                   /* NULL: a folder of its own */
    const char *options[LAUNCH_OPTIONS]; /* further ones, up to the first NULL */
    const char *before[LAUNCH_BEFORE];   /* a command that runs it in its own process, up to the first NULL */
    const char *log_file;                /* what --log-file says, when it is among the options: checked at the end */
    const char *notify;                  /* the value of NOTIFY_SOCKET */
    bool console;                        /* its stdin is a pipe that the test holds, else /dev/null */
    bool piped;                          /* its stdout is a pipe that the test holds, else a file */
    bool own_listen;                     /* no --listen but what the options say */
    bool bare;                           /* no argument at all but the options */
    rlim_t file_limit;                   /* RLIMIT_FSIZE; 0: none */
    rlim_t descriptors;                  /* RLIMIT_NOFILE; 0: as it is */
    char *variables[LAUNCH_VARIABLES];   /* NAME=VALUE for its environment, up to the first NULL */
};

struct server {
    struct server *next;
    struct launch launch;
    pid_t pid;    /* 0 when it does not run */
    pid_t ran_as; /* the process it is or was */
    unsigned starts;
    int port;
    int console; /* the writing end of its stdin, or -1 */
    int pipe;    /* the reading end of its stdout, or -1 */
    bool deaf;   /* nobody reads this end */
    bool talks;  /* its stderr may hold something */
    char *chats, *out, *err;
    size_t read;    /* bytes of its stdout that have been looked at */
    cJSON *started; /* the data of its first record */
};

/* Starts it and waits for its first record. Fails the trial when that does not come. */
struct server *server_start(const struct launch *launch);
/* Starts one that may fail to start, and waits until it serves. When it ends instead it must have said why, in one line on stderr;
 * then its pid is 0, and *code tells how it ended, as server_wait does. */
struct server *server_try(const struct launch *launch, int *code);
/* Starts it again on the same folder, with the same options; it must not run. */
void server_restart(struct server *server);
/* SIGTERM; it must exit 0, its last record be "Server stopped", every record well made and its stderr empty. */
void server_stop(struct server *server);
void server_kill(struct server *server);
void server_signal(struct server *server, int number);
/* Waits until it has ended by itself: its exit code, or minus the signal that killed it. */
int server_wait(struct server *server);
/* What server_stop checks once the server has ended with 0. */
void server_check_end(struct server *server);

/* The next record with this message on its stdout, among those not looked at yet, or NULL. The caller deletes it. */
cJSON *server_record(struct server *server, const char *message);
/* The same, but waits for it. */
cJSON *server_wait_record(struct server *server, const char *message);
/* Waits for a line on standard output that is a record with this text somewhere in it, looking from the start. */
void server_wait_line(struct server *server, const char *text);
/* Writes a line to its console. */
void server_tell(struct server *server, const char *line);

/* What it holds: open descriptors; bytes of memory it has asked for. */
unsigned server_descriptors(const struct server *server);
size_t server_memory(const struct server *server);
/* False for builds with a sanitizer: what they hold is the sanitizer's, which keeps what was freed. */
bool server_memory_is_its_own(void);
/* The CPU time it has used, in microseconds. */
int64_t server_cpu(const struct server *server);
/* A file that is built beside it, under tests/. */
char *server_companion(const char *name);

/* The path of a chat's file. */
char *server_chat_path(const struct server *server, const char *chat);

/* For programs that end by themselves: what they said and how they ended (minus a signal). */
struct outcome {
    int code;
    pid_t pid;
    struct bytes out, err;
};
struct outcome server_outcome(const struct launch *launch);

void server_describe_all(void);
void server_end_all(void);

#ifndef HARNESS
#define server_start(...) (HERE, (server_start)(__VA_ARGS__))
#define server_try(...) (HERE, (server_try)(__VA_ARGS__))
#define server_restart(...) (HERE, (server_restart)(__VA_ARGS__))
#define server_stop(...) (HERE, (server_stop)(__VA_ARGS__))
#define server_wait(...) (HERE, (server_wait)(__VA_ARGS__))
#define server_check_end(...) (HERE, (server_check_end)(__VA_ARGS__))
#define server_wait_record(...) (HERE, (server_wait_record)(__VA_ARGS__))
#define server_wait_line(...) (HERE, (server_wait_line)(__VA_ARGS__))
#define server_outcome(...) (HERE, (server_outcome)(__VA_ARGS__))
#endif

#endif
