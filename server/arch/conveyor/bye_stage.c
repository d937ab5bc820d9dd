/* The bye desk's stage. */
#include "server/arch/conveyor/bye_stage.h"

#include "server/arch/conveyor/line.h"
#include "server/desk/turn.h"

static struct bye_stage *self(struct stage *stage)
{
    return (struct bye_stage *)(void *)stage;
}

static void take(struct stage *stage, struct session *session)
{
    desk_take(&self(stage)->bye.desk, session);
}

static struct outlet *outlet(struct stage *stage, struct session *session)
{
    (void)session;
    return self(stage)->gate;
}

static void drain(struct stage *stage)
{
    (void)stage; /* whoever is here is on the way home already */
}

int bye_stage_open(struct bye_stage *bye, struct line *line)
{
    static const struct stage_ops ops = {.take = take, .outlet = outlet, .drain = drain};
    int error = stage_open(&bye->stage, line, &ops, "bye", &bye->count);
    if (error)
        return error;
    bye_init(&bye->bye, &line->server->options->limits);
    crew_add(&bye->stage.shift.crew, &bye->bye.desk);
    return 0;
}

void bye_stage_close(struct bye_stage *bye)
{
    desk_free(&bye->bye.desk);
    stage_close(&bye->stage);
}
