/* Descriptors, processors, scheduling. */
#include "server/machine.h"

#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

enum { FDS_PER_ROOM = 3 /* a room's stage: its belt's two ends and its epoll set */ };

/* The processors this process may use. */
static uint32_t count_cpus(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return (uint32_t)CPU_COUNT(&set);
    long online = sysconf(_SC_NPROCESSORS_ONLN); /* more than a set holds */
    return online > 0 ? (uint32_t)online : 1;
}

/* How many descriptors this process may have open. */
static uint64_t raise_fd_limit(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return FOPEN_MAX;
    rlim_t before = limit.rlim_cur;
    limit.rlim_cur = limit.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &limit) < 0 ? before : limit.rlim_cur;
}

/* One processor is left to the other stages and to what the kernel does for all sockets: with a room's thread there too, fewer
 * messages are gathered for each turn than the turn's own work is worth.
 *
 * Where there are too few descriptors even for the rooms, rooms get half of what there is: chats without a thread of their own
 * move in with others. */
bool machine_share(struct limits *limits, char *complaint, size_t room)
{
    uint32_t cpus = count_cpus();
    if (limits->room_threads == 0)
        limits->room_threads = cpus > 1 ? cpus - 1 : 1;
    if (limits->workers == 0)
        limits->workers = cpus;
    uint64_t fds = raise_fd_limit();
    uint64_t spare = fds > 2 * FD_RESERVE ? fds - FD_RESERVE : fds / 2;
    uint64_t rooms = (uint64_t)limits->room_threads * FDS_PER_ROOM;
    if (rooms >= spare) {
        limits->room_threads = spare / 2 > FDS_PER_ROOM ? (uint32_t)(spare / 2 / FDS_PER_ROOM) : 1;
        rooms = (uint64_t)limits->room_threads * FDS_PER_ROOM;
    }
    uint64_t most = spare > rooms ? spare - rooms : 1;
    if (limits->max_clients > most) {
        snprintf(complaint, room,
                 "max-clients: %u is more than the %llu that %llu open files allow beside %u room threads",
                 limits->max_clients, (unsigned long long)most, (unsigned long long)fds, limits->room_threads);
        return false;
    }
    if (limits->max_clients == 0)
        limits->max_clients = most < CLIENTS_MOST ? (uint32_t)most : CLIENTS_MOST;
    return true;
}

/* On a busy core a batch thread that is woken waits for its turn instead of taking it, and finds more to do then; on an idle
 * core it begins at once all the same. A policy other than the usual one was chosen by somebody, and stays. */
void machine_serve_in_batches(void)
{
    if (sched_getscheduler(0) == SCHED_OTHER)
        sched_setscheduler(0, SCHED_BATCH, &(struct sched_param){0});
}
