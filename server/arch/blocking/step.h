/* A stage of the blocking server: a thread, the pipe that brings it people, and the epoll set that holds them.
 *
 * A step belongs to the thread that runs it; others only write to its pipe, by step_send. */
#ifndef BLOCKING_STEP_H
#define BLOCKING_STEP_H

#include <pthread.h>

#include "server/chat/session.h"
#include "server/desk/counters.h"

struct house;
struct step;

/* What a routine does. It says where somebody goes by session->next; dead ones go to `disconnect` by themselves. */
struct step_ops {
    void (*arrive)(struct step *, struct session *);
    void (*serve)(struct step *, struct session *, const struct request *);
    /* What a silent session is told. NULL: it may be silent. */
    void (*late)(struct step *, struct session *);
    /* Before it goes: what is due to it is sent. NULL: nothing is. */
    void (*leave)(struct step *, struct session *);
    /* At the end of each round. NULL: nothing. */
    void (*round)(struct step *);
    /* True when the routine is at its end. NULL: it never is. */
    bool (*over)(struct step *);
};

struct step {
    const struct step_ops *ops;
    struct house *house;
    struct counters *count;
    pthread_t thread;
    int take, put;      /* the pipe's ends; it carries descriptors, four bytes each */
    int epoll;          /* -1: nobody is waited for */
    struct list people; /* by `changed` */
    char *text;         /* of the request at hand: max_message + FRAME_SLACK bytes */
};

/* `ops` NULL: a step without an epoll set, which is not for step_run. 0 or an errno; then nothing is left behind. */
int step_open(struct step *step, const struct step_ops *ops, struct house *house, struct counters *count);
/* The thread is joined, and nobody writes any more. */
void step_close(struct step *step);
/* Starts a thread under this name. 0 or an errno. */
int step_begin(pthread_t *thread, const char *name, void *(*run)(void *), void *argument);
/* A thread's function; its argument is the step. The rounds of a routine, until it is over or the house ends: take, wait, serve,
 * round, send on. */
void *step_run(void *argument);

/* Hands the session over: it is the other step's from the write on. Waits while the pipe is full. Any thread. */
void step_send(struct step *to, struct session *session, struct counters *from);
/* The next arrival, NULL when there is none. */
struct session *step_take(struct step *step);
/* It is no longer one of this step's people. */
void step_part(struct step *step, struct session *session);

#endif
