/* A thread of bots: its epoll set, its clock, and the mode that the driver has put it in. */
#ifndef LOAD_WORKER_H
#define LOAD_WORKER_H

#include <pthread.h>
#include <stdatomic.h>

#include "client/load/agenda.h"
#include "client/load/ledger.h"
#include "client/load/load.h"
#include "client/load/mark.h"
#include "client/load/profile.h"
#include "client/load/schedule.h"
#include "common/buf.h"
#include "common/clock.h"

enum {
    WORKER_READ = 256 * 1024, /* bytes read at once */
    WORKER_ENTERING = 256     /* bots on their way in at once: no more than a server's queue of connections holds */
};

#define WORKER_CHECK MILLISECOND /* whether a mode is over: that means looking at every bot */

/* What the driver wants. */
enum mode {
    MODE_ENTER,  /* let bots in until all have arrived */
    MODE_RUN,    /* work through the schedule */
    MODE_SETTLE, /* say nothing more; wait until all that was said has come back to its sender */
    MODE_DRAIN,  /* wait until every receiver has all of it */
    MODE_QUIT,   /* say goodbye */
    MODE_END
};

/* Orders are numbers that only rise, so that nobody takes a new one for an old one: first to enter; then to run, to settle and to
 * drain for each load_run; then to quit and to end. */
enum { ORDER_ENTER = 0, ORDER_RUN = 1, ORDERS_A_RUN = 3, ORDER_QUIT = 1 << 30, ORDER_END };
static inline enum mode order_mode(unsigned order)
{
    if (order >= ORDER_QUIT)
        return order == ORDER_QUIT ? MODE_QUIT : MODE_END;
    return order == ORDER_ENTER ? MODE_ENTER : (enum mode)(MODE_RUN + (order - ORDER_RUN) % ORDERS_A_RUN);
}

struct worker {
    struct load *load;
    const struct profile *profile;
    const struct load_config *config;
    pthread_t thread;
    char name[16];
    int epoll, bell;           /* the bell wakes it when the mode changes */
    _Atomic unsigned order;    /* the driver's word */
    _Atomic unsigned finished; /* 1 + the last order that has been carried out */
    _Atomic bool gave_up;      /* in this run something due did not come */
    _Atomic uint32_t present;
    _Atomic bool had_anybody; /* present was not 0 once */
    _Atomic uint32_t missing; /* those who had no connection when all was settled, and should have had */
    _Atomic uint32_t parted;  /* and those who had none because their last visit had come to its end */

    struct bot *bots;
    uint32_t n;
    uint32_t at_home;     /* as many as were there at once while they were let in */
    uint32_t target;      /* the first so many are to be there */
    uint32_t started;     /* the first so many have been let in */
    uint32_t entering;    /* of these are on their way */
    struct bot **senders; /* in the order in which they take turns */
    uint32_t n_senders;
    uint64_t turn;   /* how many turns of its senders have come, since the schedule began */
    struct bot *due; /* those who may send now that the batch of events is over */

    unsigned seen; /* the order that it carries out, and its mode */
    enum mode seen_mode;
    int64_t now; /* when the batch of events was taken, or read anew after long work */
    int64_t mode_since;
    int64_t progress; /* when something last came, or somebody arrived */
    int64_t patience; /* without any progress for so long nothing more is waited for in this mode */
    int64_t checked;  /* when it last looked whether the mode is finished */
    int64_t slot_end; /* of the schedule's slot that is now */
    struct agenda agenda;
    struct book book;
    struct buf events; /* lines of the thesis's log that are to be written */
    uint32_t source;   /* of its connections' addresses */

    struct schedule schedule;
    struct tally *tallies; /* before, each phase, after: LOAD_PHASES + 2 */
    size_t n_tallies;      /* that are open */
    struct tally *tally;   /* the one that was looked for last, and its time */
    int64_t tally_begin, tally_end;

    int64_t cpu_ran, cpu_waited; /* of the thread when the run began, nanoseconds */
    _Atomic int64_t ran, waited; /* since then, until time was over */
    struct hist beats;           /* how late it was with moments known beforehand, in this run */
    int64_t next_beat;
    char scratch[WORKER_READ];
};

struct load {
    struct load_config config;
    struct mark_key key;
    int64_t epoch; /* marks count from here */
    _Atomic uint32_t voices;
    int news;               /* an eventfd: a worker has finished something */
    struct worker *workers; /* config.threads of them */
    size_t n_started;
    struct schedule schedule; /* the driver's; workers copy it when they begin to run */
    unsigned order, runs;     /* the last one that was given; how often load_run was called */
    int64_t run_since, run_until, drained_at;
    struct bot *bots;
    struct bot **senders;
    uint32_t n_senders;
    _Atomic uint64_t *ends; /* how many records each room has, as far as known when all was settled */
};

/* The thread's whole life. */
void *worker_run(void *at);
/* From the driver. What it has set up before is seen by the worker, and what the worker has done is seen by the driver. */
void worker_order(struct worker *worker, unsigned order);
static inline bool worker_has_finished(const struct worker *worker, unsigned order)
{
    return atomic_load_explicit(&worker->finished, memory_order_acquire) > order;
}

/* The tally that a moment belongs to. */
struct tally *worker_tally_of(struct worker *worker, int64_t at);
static inline struct tally *worker_tally(struct worker *worker, int64_t at)
{
    return at >= worker->tally_begin && at < worker->tally_end ? worker->tally : worker_tally_of(worker, at);
}
static inline void worker_time(struct worker *worker, enum kind kind, int64_t begin)
{
    hist_add(&worker_tally(worker, begin)->times[kind], worker->now - begin);
    counter_add(&worker_tally(worker, worker->now)->came[kind], 1);
}
void worker_error(struct worker *worker, enum error error);
/* Counts the bot among those on their way in, and among those who are there, or no more. */
void worker_entering(struct worker *worker, struct bot *bot, bool entering);
void worker_present(struct worker *worker, struct bot *bot, bool present);
/* True while the run wants so many clients as this one is the how manyeth of. */
bool worker_wants(const struct worker *worker, const struct bot *bot);
/* True while bots may begin something new. */
static inline bool worker_goes_on(const struct worker *worker)
{
    return worker->seen_mode <= MODE_RUN;
}
/* Memory has run out, or a call that can't fail has: ends the program. */
_Noreturn void worker_die(const char *what);

#endif
