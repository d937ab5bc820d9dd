/* A load: bots on threads of their own, told what to do phase by phase. The program conveyor-load and the bench drive it.
 *
 *     load_open      starts the threads; bots that stand in rooms, or are held idle, have arrived when it returns
 *     load_run       lets them work through phases, one right after the other, until what they sent has been answered
 *     load_close     has them say goodbye, and ends the threads
 *
 * All of these are for one thread, the driver's. What the load's threads count may be read by the driver at any time
 * (tally.h); what they hold besides is theirs until load_run or load_open has returned. */
#ifndef LOAD_LOAD_H
#define LOAD_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "client/load/tally.h"
#include "common/net.h"

enum { LOAD_ADDRESSES = 16, LOAD_PHASES = 64, LOAD_THREADS = 256, LOAD_WINDOW_MOST = 10000, LOAD_COMPLAINT = 256 };

#define LOAD_FRAME_MOST ((uint64_t)256 << 20) /* a list of more chats than a server can have */

struct profile;

struct load_config {
    const struct profile *profile;
    struct net_address connect[LOAD_ADDRESSES]; /* bots take them in turn */
    size_t n_connect;
    uint32_t threads;
    uint64_t seed;
    size_t phases;                    /* the most that one load_run will be given */
    uint32_t clients;                 /* the most there will be, of profiles without rooms full of members */
    bool staged;                      /* nobody comes before the phases want it */
    uint32_t rooms, members, senders; /* senders and slow: in each room */
    uint32_t slow;                    /* of its members, how many stop reading while time runs */
    uint32_t size;                    /* bytes of a text */
    uint32_t window;                  /* messages of a sender on their way, in a closed loop */
    bool closed;                      /* no schedule: who has been answered goes on */
    bool ahead;                       /* a visit's requests are sent at once */
    uint32_t history;                 /* records in each chat before it is replayed */
    uint32_t least_chats;             /* the thesis's bots create chats below this number */
    double create_chance, leave_chance;
    bool verify;
    bool events; /* the thesis's events go to standard output */
};

/* With a schedule: each turn is due at a moment of its own. What a turn is says the profile: a message, or a visit. */
bool load_paced(const struct load_config *config);

/* So long, at this rate (turns a second over all who take them) with a schedule; without one, with so many clients, of
 * profiles without rooms. */
struct load_phase {
    int64_t length; /* microseconds */
    double value;
    bool measured; /* false: to warm up */
};

struct load;

/* Called several times a second while the driver waits; true: that is enough. */
typedef bool load_watch(void *with);

/* NULL when it can't be; then the complaint says why, in one line. */
struct load *load_open(const struct load_config *config, load_watch *watch, void *with, char complaint[LOAD_COMPLAINT]);

/* False when what was due did not come within the limit; what was missing has been counted, and told as far as it is a
 * violation. Profiles with rooms may be run again: later runs start from empty tallies, but for what came before the first. */
bool load_run(struct load *load, const struct load_phase *phases, size_t n, load_watch *watch, void *with);
/* False when somebody was left without a goodbye. The load's memory stays until load_free. */
bool load_close(struct load *load);
void load_free(struct load *load);

/* ---- What came of it ---- */

/* Phases of the present or last load_run are numbered from 0. What came before them, or after, has a tally as well. */
enum { LOAD_BEFORE = -1 };
int load_after(const struct load *load);
/* Adds the tally of one phase, of all threads, to one that is open. What is being counted meanwhile may be missing. */
void load_tally(const struct load *load, int phase, struct tally *sum);
/* The same for one kind of time and for one count, over all phases; for errors, of one kind or all, that ever were. */
void load_times(const struct load *load, enum kind kind, struct hist *sum);
uint64_t load_count(const struct load *load, enum count count);
uint64_t load_error(const struct load *load, enum error error);
uint64_t load_errors(const struct load *load);
/* Errors of one kind in one phase. */
uint64_t load_error_in(const struct load *load, int phase, enum error error);
/* What the last load_run took, and what the threads needed while time ran in it. */
struct load_effort {
    double seconds;     /* that have passed */
    double ran, wanted; /* CPU seconds of all threads: had; had or waited for */
    double busiest;     /* the share of the time that the busiest thread ran */
    int64_t late;    /* by so many microseconds, one time in a hundred, the latest thread came to what it had planned */
    double overtime; /* seconds after that until all that was due had come, or was given up */
};
struct load_effort load_effort(const struct load *load);
/* Bots that are connected and named now. */
uint32_t load_present(const struct load *load);
/* There was one once. */
bool load_had_anybody(const struct load *load);
/* At the end of the last load_run: bots that had lost their connection and found no other. */
uint32_t load_missing(const struct load *load);
/* And those who had said goodbye, as their profile has it. */
uint32_t load_parted(const struct load *load);
/* TCP segments with data that the connections of now have received; only while load_run does not run. */
uint64_t load_segments(const struct load *load);
/* Microseconds since load_run began its first phase; and the number of the phase that this moment belongs to. */
int64_t load_time(const struct load *load);
int load_phase_now(const struct load *load);
/* Compares what the threads saw with each other and, unless DIR is NULL, with the chats' files there. After load_close. */
void load_compare(struct load *load, const char *dir);
/* How many bots there are in all. */
uint32_t load_bots(const struct load_config *config);
/* The first of a room's chats; others count on from there. */
void load_chat_name(const struct load_config *config, uint32_t room, char name[64]);

#endif
