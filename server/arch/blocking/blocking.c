/* The thesis's threaded server as it was: a baseline for the lab, do not deploy.
 *
 *     accepting --> user_name_enter --> list_of_chats <--> chat_message (a thread for each chat in use)
 *                            |__________________|_______________|---> disconnect
 *
 * People ride pipes from thread to thread, as in the conveyor; but within a stage everything waits. A socket blocks, and a
 * receive has a limit of half a second, which each empty text waits out. A pipe is looked at between two waits for events of
 * 10 ms. An answer is four small sends without TCP_NODELAY. What a member misses is read from the chat's file, after each round,
 * from the beginning for whoever comes. `disconnect` spins. All of that is kept, because it is what is measured.
 *
 * What it answers is right: the same requests get the same answers as everywhere, from clients that read what they are sent and
 * send frames whole. But it is exempt from what always holds in the other architectures: stages share data, guarded by two
 * mutexes where the thesis had none, so there are locks; a client that does not read, or sends half a frame, stalls its whole
 * stage, so that others meet silence; what is due to it is no constant; and what waits in a socket counts as at rest. The faults
 * are tried on it only as far as they ask for what it promises.
 *
 * Threads: main starts, drains, ends and counts; each routine's thread runs its step, and the lobby's starts and joins those of
 * chats. --room-threads and --room-linger mean nothing here. */
#include "server/arch/blocking/blocking.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>

#include "common/log.h"
#include "server/arch/arch.h"
#include "server/arch/blocking/routines.h"

enum { FIXED = 4 };

static int open_steps(struct house *house)
{
    int error = step_open(&house->bye, NULL, house, &house->bye_count);
    if (error)
        return error;
    if ((error = step_open(&house->lobby, &list_of_chats_ops, house, &house->lobby_count)))
        goto no_lobby;
    if ((error = step_open(&house->name, &user_name_enter_ops, house, &house->name_count)))
        goto no_name;
    return 0;
no_name:
    step_close(&house->lobby);
no_lobby:
    step_close(&house->bye);
    return error;
}

/* Has the first n threads end and joins them: the accepting one last, as it is the last to start. */
static void join_threads(struct house *house, int n)
{
    pthread_t *const threads[FIXED] = {&house->bye.thread, &house->lobby.thread, &house->name.thread,
                                       &house->accepting};
    atomic_store(&house->draining, true);
    atomic_store(&house->ending, true);
    eventfd_write(house->wake, 1);
    house_hang_up(house);
    for (int i = 0; i < n; i++)
        pthread_join(*threads[i], NULL);
    chat_message_close(house);
}

static int begin_threads(struct house *house)
{
    int n = 0, error = step_begin(&house->bye.thread, "disconnect", disconnect_run, house);
    if (!error && ++n)
        error = step_begin(&house->lobby.thread, "list_of_chats", step_run, &house->lobby);
    if (!error && ++n)
        error = step_begin(&house->name.thread, "user_name_enter", step_run, &house->name);
    if (!error && ++n)
        error = step_begin(&house->accepting, "accepting", accepting_run, house);
    if (error)
        join_threads(house, n);
    return error;
}

static void close_house(struct house *house)
{
    step_close(&house->name);
    step_close(&house->lobby);
    step_close(&house->bye);
    house_close(house);
    free(house);
}

static bool start(struct server *server)
{
    struct house *house = calloc(1, sizeof *house);
    int error = ENOMEM;
    if (!house || (error = house_open(house, server)))
        goto failed;
    if ((error = open_steps(house))) {
        house_close(house);
        goto failed;
    }
    if ((error = begin_threads(house))) {
        close_house(house);
        house = NULL;
        goto failed;
    }
    server->arch = house;
    return true;
failed:
    log_at(LOG_ERROR, "blocking", "Could not start", LOG_C("error", strerror(error)));
    free(house);
    return false;
}

static void drain(struct server *server)
{
    struct house *house = server->arch;
    atomic_store(&house->draining, true);
    eventfd_write(house->wake, 1);
}

/* Whatever clients do: no receive and no send waits once their sockets are shut down. */
static void end(struct server *server)
{
    struct house *house = server->arch;
    join_threads(house, FIXED);
    close_house(house);
    server->arch = NULL;
}

static void census(struct server *server, struct census *census)
{
    struct house *house = server->arch;
    *census = (struct census){.accepted = counter_get(&house->gate.accepted),
                              .closed = counter_get(&house->gate.closed),
                              .refused = counter_get(&house->gate.refused),
                              .stages = FIXED + atomic_load(&house->running)};
    census_add(&census->at[AT_GATE], &house->gate_count);
    census_add(&census->at[AT_NAME], &house->name_count);
    census_add(&census->at[AT_LOBBY], &house->lobby_count);
    census_add(&census->at[AT_BYE], &house->bye_count);
    chat_message_census(house, &census->at[AT_ROOM]);
    census_count_belts(census);
}

const struct arch arch_blocking = {
    .name = "blocking",
    .about = "the thesis's threaded server, which blocks",
    .baseline = true,
    .start = start,
    .drain = drain,
    .end = end,
    .census = census,
};
