/* The asynchronous pool: a few workers over one readiness queue, and a strand for each desk.
 *
 *     queue --> any worker --> the strand of the client's station --> whichever worker runs it
 *
 * Threads: main starts and ends it and reads counters; workers do everything else. What a station holds is serialised by its strand;
 * a client is its station's or the queue's by one atomic word (claim.h). There is no lock. */
#include "server/arch/async/async.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/log.h"
#include "server/arch/async/async_internal.h"
#include "server/desk/turn.h"

/* --- The stations of the name desk and of bye: their desks do everything. --- */

static void take_at_name(struct station *station, struct session *session)
{
    desk_take(&station->async->name.desk.desk, session);
}

static void close_name(struct station *station)
{
    desk_close(&station->async->name.desk.desk);
}

static void take_at_bye(struct station *station, struct session *session)
{
    desk_take(&station->async->bye.desk.desk, session);
}

static void open_name(struct async *async)
{
    static const struct station_ops ops = {.take = take_at_name, .close = close_name};
    name_init(&async->name.desk, &async->server->options->limits);
    station_open(&async->name.station, async, &ops, AT_NAME);
    crew_add(&async->name.station.crew, &async->name.desk.desk);
}

/* Whoever is at bye is on the way home already: it is never told that the server stops. */
static void open_bye(struct async *async)
{
    static const struct station_ops ops = {.take = take_at_bye};
    bye_init(&async->bye.desk, &async->server->options->limits);
    station_open(&async->bye.station, async, &ops, AT_BYE);
    crew_add(&async->bye.station.crew, &async->bye.desk.desk);
}

/* --- What the queue announces. --- */

static void announced(struct worker *worker, const struct epoll_event *event)
{
    const struct async *async = worker->pool->owner;
    if (event->data.u64 & BEACON_MARK) {
        beacon_fire(worker, event);
        return;
    }
    struct claim *claim = claim_fire(&async->claims, event);
    if (claim)
        pool_post(worker, claim->strand, &claim->notice.task);
}

/* --- Start and end. --- */

static void close_kits(struct async *async)
{
    for (unsigned i = 0; async->kits && i < async->server->options->limits.workers; i++)
        crew_scratch_free(async->kits[i].scratch, 0);
    free(async->kits);
}

static bool open_kits(struct async *async, unsigned n)
{
    async->kits = calloc(n, sizeof *async->kits);
    for (unsigned i = 0; async->kits && i < n; i++) {
        async->kits[i].scratch = crew_scratch_new(0);
        if (!async->kits[i].scratch)
            return false;
    }
    return async->kits != NULL;
}

static void open_stations(struct async *async)
{
    gate_station_open(&async->gate, async);
    open_name(async);
    lobby_station_open(&async->lobby, async);
    open_bye(async);
    beacon_init(&async->stopping, async->stop, &async->gate.station.job, &async->gate.station.close.task);
}

static void close_stations(struct async *async)
{
    lobby_station_close(&async->lobby);
    desk_free(&async->name.desk.desk);
    desk_free(&async->bye.desk.desk);
    gate_station_close(&async->gate);
}

static int open_common(struct async *async, unsigned workers)
{
    int error = pool_open(&async->pool, workers, announced, async);
    if (error)
        return error;
    if ((error = claims_open(&async->claims)))
        goto no_claims;
    if ((error = alarms_open(&async->alarms, &async->pool)))
        goto no_alarms;
    async->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    async->sync = async->stop < 0 ? NULL : sync_start();
    if (async->sync)
        return 0;
    error = errno;
    if (async->stop >= 0)
        close(async->stop);
    alarms_close(&async->alarms);
no_alarms:
    claims_close(&async->claims);
no_claims:
    pool_close(&async->pool);
    return error;
}

static void close_common(struct async *async)
{
    sync_stop(async->sync);
    close(async->stop);
    alarms_close(&async->alarms);
    claims_close(&async->claims);
    pool_close(&async->pool);
}

/* The clock and the order to stop are announced from the beginning; the gate's first go sees to the listeners. */
static int begin(struct async *async)
{
    int error = alarms_begin(&async->alarms);
    if (!error)
        error = beacon_arm(&async->pool, &async->stopping);
    if (error)
        return error;
    pool_post(&async->pool.workers[0], &async->gate.station.job, &async->gate.station.rang.task);
    return pool_begin(&async->pool);
}

static int open_all(struct async *async)
{
    unsigned workers = async->server->options->limits.workers;
    if (!open_kits(async, workers))
        return ENOMEM;
    int error = open_common(async, workers);
    if (error)
        return error;
    open_stations(async);
    error = begin(async);
    if (!error)
        return 0;
    close_stations(async);
    close_common(async);
    return error;
}

static bool start(struct server *server)
{
    struct async *async = calloc(1, sizeof *async);
    int error = ENOMEM;
    if (async) {
        async->server = server;
        error = open_all(async);
    }
    if (!error) {
        server->arch = async;
        return true;
    }
    log_at(LOG_ERROR, "async", "Could not start", LOG_C("error", strerror(error)));
    if (async)
        close_kits(async);
    free(async);
    return false;
}

static void drain(struct server *server)
{
    struct async *async = server->arch;
    eventfd_write(async->stop, 1);
}

/* Whoever is left is shown out without ceremony. */
static void end(struct server *server)
{
    struct async *async = server->arch;
    pool_end(&async->pool);
    gate_station_clear(&async->gate);
    close_stations(async);
    close_common(async);
    close_kits(async);
    free(async);
    server->arch = NULL;
}

static void census(struct server *server, struct census *census)
{
    struct async *async = server->arch;
    const struct gate *gate = &async->gate.entrance.gate;
    *census = (struct census){.accepted = counter_get(&gate->accepted),
                              .closed = counter_get(&gate->closed),
                              .refused = counter_get(&gate->refused),
                              .stages = async->pool.n};
    for (unsigned i = 0; i < async->pool.n; i++)
        for (int row = 0; row < CENSUS_DESKS; row++)
            census_add(&census->at[row], &async->kits[i].count[row]);
    census_count_belts(census);
}

const struct arch arch_async = {
    .name = "async",
    .about = "a pool of workers over one readiness queue, a strand per desk",
    .client_bytes = sizeof(struct claim),
    .start = start,
    .drain = drain,
    .end = end,
    .census = census,
};
