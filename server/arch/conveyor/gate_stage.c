/* The gate's stage. */
#include "server/arch/conveyor/gate_stage.h"

#include "server/arch/conveyor/line.h"
#include "server/desk/turn.h"
#include "server/door/wire.h"

static struct gate_stage *self(struct stage *stage)
{
    return (struct gate_stage *)(void *)stage;
}

static void take(struct stage *stage, struct session *session)
{
    desk_take(&self(stage)->bye.desk, session);
}

static struct outlet *outlet(struct stage *stage, struct session *session)
{
    (void)session;
    return self(stage)->name;
}

static void source(struct stage *stage, const struct epoll_event *event)
{
    entrance_accept(&self(stage)->entrance, &stage->shift, stage->line->server, event);
}

static void drain(struct stage *stage)
{
    self(stage)->entrance.draining = true;
}

/* Whoever bye has done with goes out here. */
static void let_out(struct stage *stage)
{
    struct gate_stage *gate = self(stage);
    struct list *link;
    while ((link = list_pop(&stage->gone))) {
        struct session *session = list_entry(link, struct session, changed);
        shift_forget(&stage->shift, session);
        gate_release(&gate->entrance.gate, session);
        counter_add(&gate->bye_count.departures, 1);
        counter_add(&gate->count.arrivals, 1);
    }
}

static void after(struct stage *stage)
{
    struct entrance *entrance = &self(stage)->entrance;
    let_out(stage);
    list_move_all(&stage->gone, &entrance->gate.entered);
    entrance_tend(entrance, &stage->shift, stage->line->server);
    stage->until = entrance_deadline(entrance);
}

int gate_stage_open(struct gate_stage *gate, struct line *line)
{
    static const struct stage_ops ops = {
        .take = take, .outlet = outlet, .source = source, .drain = drain, .after = after};
    int error = stage_open(&gate->stage, line, &ops, "gate", &gate->count);
    if (error)
        return error;
    bye_init(&gate->bye, &line->server->options->limits);
    crew_add(&gate->stage.shift.crew, &gate->bye.desk);
    gate->bye.desk.count = &gate->bye_count;
    gate_init(&gate->entrance.gate, &line->server->options->limits, &door_wire);
    entrance_tend(&gate->entrance, &gate->stage.shift, line->server);
    gate->stage.until = entrance_deadline(&gate->entrance); /* where the listeners could not be watched yet */
    return 0;
}

void gate_stage_close(struct gate_stage *gate)
{
    gate_free(&gate->entrance.gate);
    desk_free(&gate->bye.desk);
    stage_close(&gate->stage);
}
