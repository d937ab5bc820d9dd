/* A stage: a thread with an epoll set, a belt and the desks it runs. All stages of the line are alike; what differs
 * stands in struct stage_ops.
 *
 * A stage belongs to its thread from stage_begin on, and to whoever joins it afterwards. */
#ifndef CONVEYOR_STAGE_H
#define CONVEYOR_STAGE_H

#include <pthread.h>
#include <stdbool.h>

#include "server/arch/conveyor/belt.h"
#include "server/arch/shift.h"

struct line;
struct stage;

struct stage_ops {
    /* A client came off the belt. */
    void (*take)(struct stage *, struct session *);
    /* A word came off the belt. NULL: this stage is sent none. */
    void (*word)(struct stage *, const struct belt_item *);
    /* The way to session->next. */
    struct outlet *(*outlet)(struct stage *, struct session *);
    /* Something of the stage's own is ready. NULL: it has nothing of its own. */
    void (*source)(struct stage *, const struct epoll_event *);
    /* The server stops. */
    void (*drain)(struct stage *);
    /* After each turn, before the outlets are flushed. NULL: nothing to do. */
    void (*after)(struct stage *);
    /* Its belt was closed, all its clients have gone on: its last words. NULL: its belt is never closed. */
    void (*last)(struct stage *);
};

enum { OUTLETS_MAX = 3 };

struct stage {
    const struct stage_ops *ops;
    const char *name;
    struct line *line;
    pthread_t thread;
    struct shift shift;
    struct belt in;
    struct outlet outlets[OUTLETS_MAX]; /* to the stages of the fixed line this one sends to */
    int n_outlets;
    struct list pending; /* outlets to flush at the end of the turn */
    struct list gone;    /* this turn's leavers, then those of `after` too, by `changed` */
    uint64_t taken;      /* clients it has ever taken off its belt */
    int64_t until;       /* what `after`, or a belt that can't be watched, wants: a turn no later than this */
    bool over;           /* its belt was closed: it ends when all has gone on */
    bool ending;         /* it ends now */
};

/* Prepares a stage; no thread runs yet. 0 or an errno, and then nothing is left behind. */
int stage_open(struct stage *stage, struct line *line, const struct stage_ops *ops, const char *name,
               struct counters *count);
/* The stage sends to `to`: one edge of the line. */
struct outlet *stage_edge(struct stage *stage, const struct stage *to);
/* Starts the thread. 0 or an errno. */
int stage_begin(struct stage *stage);
/* Gathers the clients who are left at a stage that has ended, wherever it keeps them, by `changed`. */
void stage_collect(struct stage *stage, struct list *left);
/* Frees what stage_open made; the thread, if there was one, is joined. */
void stage_close(struct stage *stage);
/* Says a word at the end of the turn. */
void stage_say(struct stage *stage, struct outlet *outlet, struct belt_item word);

#endif
