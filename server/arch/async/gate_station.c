/* The gate's station. */
#include "server/arch/async/gate_station.h"

#include "server/arch/async/async_internal.h"
#include "server/chat/owner.h"
#include "server/door/wire.h"

static struct gate_station *self(struct station *station)
{
    return (struct gate_station *)(void *)station;
}

static void let_out(struct gate_station *gate, struct session *session)
{
    claim_of(&gate->station.async->claims, session)->session = NULL;
    gate_release(&gate->entrance.gate, session);
}

static void take(struct station *station, struct session *session)
{
    let_out(self(station), session);
    counter_add(&station->crew.count->arrivals, 1);
}

/* The gate is told first. */
static void close_gate(struct station *station)
{
    self(station)->entrance.draining = true;
    station_tell_close(station->worker, &station->async->name.station);
    station_tell_close(station->worker, &station->async->lobby.station);
}

static void connecting(struct station *station, struct notice *notice)
{
    struct listener *listener = (struct listener *)(void *)notice;
    beacon_taken(&listener->beacon);
    /* It may have been armed when the server began to stop, or the gate to pause. */
    if (entrance_open(&self(station)->entrance, station->crew.time.now))
        gate_accept(&self(station)->entrance.gate, listener->beacon.fd, station->crew.time.now);
}

/* A listener is announced once; what waits there stays until it is armed again. */
static void arm_listeners(struct gate_station *gate)
{
    struct async *async = gate->station.async;
    for (size_t i = 0; i < gate->n_listeners; i++) {
        int error = beacon_arm(&async->pool, &gate->listeners[i].beacon);
        if (error)
            gate_pause(&gate->entrance.gate, gate->station.crew.time.now, error);
    }
}

static void tend(struct gate_station *gate)
{
    if (entrance_open(&gate->entrance, gate->station.crew.time.now))
        arm_listeners(gate);
    entrance_tell_empty(&gate->entrance, gate->station.async->server);
    gate->station.until = entrance_deadline(&gate->entrance);
}

static void after(struct station *station)
{
    struct gate_station *gate = self(station);
    struct list *link;
    while ((link = list_pop(&gate->entrance.gate.entered))) {
        struct session *session = list_entry(link, struct session, changed);
        claim_of(&station->async->claims, session)->session = session;
        if (session->fd > gate->highest)
            gate->highest = session->fd;
        list_append(&station->gone, link);
    }
    tend(gate);
}

void gate_station_open(struct gate_station *gate, struct async *async)
{
    static const struct station_ops ops = {.take = take, .close = close_gate, .connecting = connecting, .after = after};
    const struct server *server = async->server;
    station_open(&gate->station, async, &ops, AT_GATE);
    gate_init(&gate->entrance.gate, &server->options->limits, &door_wire);
    gate->n_listeners = server->n_listeners;
    for (size_t i = 0; i < server->n_listeners; i++) {
        struct listener *listener = &gate->listeners[i];
        listener->notice.kind = CONNECTING;
        beacon_init(&listener->beacon, server->listeners[i], &gate->station.job, &listener->notice.task);
    }
}

void gate_station_clear(struct gate_station *gate)
{
    struct async *async = gate->station.async;
    for (int fd = 0; fd <= gate->highest; fd++) {
        struct session *session = async->claims.at[fd].session;
        if (!session)
            continue;
        owner_inherit(session);
        names_release(&async->name.desk.names, &session->name);
        let_out(gate, session);
    }
}

void gate_station_close(struct gate_station *gate)
{
    gate_free(&gate->entrance.gate);
}
