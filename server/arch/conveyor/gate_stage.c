/* The gate's stage. */
#include "server/arch/conveyor/gate_stage.h"

#include <sys/eventfd.h>

#include "common/clock.h"
#include "server/arch/conveyor/line.h"
#include "server/door/wire.h"

static struct gate_stage *self(struct stage *stage)
{
    return (struct gate_stage *)(void *)stage;
}

static void take(struct stage *stage, struct session *session)
{
    gate_release(&self(stage)->gate, session);
    counter_add(&stage->shift.count->arrivals, 1);
}

static struct outlet *outlet(struct stage *stage, struct session *session)
{
    (void)session;
    return self(stage)->name;
}

static void source(struct stage *stage, const struct epoll_event *event)
{
    size_t i = (uintptr_t)shift_what(event) >> 3;
    gate_accept(&self(stage)->gate, stage->line->server->listeners[i], stage->shift.time.now);
}

static void drain(struct stage *stage)
{
    (void)stage; /* a draining gate stops listening after this turn */
}

static void listen_or_not(struct gate_stage *gate)
{
    struct shift *shift = &gate->stage.shift;
    const struct server *server = gate->stage.line->server;
    bool open = !gate->stage.draining && gate_open(&gate->gate, shift->time.now);
    if (open == gate->listening)
        return;
    gate->listening = open;
    for (size_t i = 0; i < server->n_listeners; i++) {
        if (open)
            shift_watch(shift, server->listeners[i], EPOLLIN, SOURCE_LISTENER, (void *)((uintptr_t)i << 3));
        else
            shift_unwatch(shift, server->listeners[i]);
    }
}

static void after(struct stage *stage)
{
    struct gate_stage *gate = self(stage);
    list_move_all(&stage->gone, &gate->gate.entered);
    listen_or_not(gate);
    stage->until = gate->gate.paused && !stage->draining ? gate->gate.retry_at : NEVER;
    if (stage->draining && gate->gate.inside == 0 && gate->gate.refusing == 0)
        eventfd_write(stage->line->server->empty, 1);
}

int gate_stage_open(struct gate_stage *gate, struct line *line)
{
    static const struct stage_ops ops = {
        .take = take, .outlet = outlet, .source = source, .drain = drain, .after = after};
    int error = stage_open(&gate->stage, line, &ops, "gate", &gate->count);
    if (error)
        return error;
    gate_init(&gate->gate, &line->server->options->limits, &door_wire);
    listen_or_not(gate);
    return 0;
}

void gate_stage_close(struct gate_stage *gate)
{
    gate_free(&gate->gate);
    stage_close(&gate->stage);
}
