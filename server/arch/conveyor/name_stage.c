/* The name desk's stage. */
#include "server/arch/conveyor/name_stage.h"

#include "server/arch/conveyor/line.h"
#include "server/desk/turn.h"

static struct name_stage *self(struct stage *stage)
{
    return (struct name_stage *)(void *)stage;
}

static void take(struct stage *stage, struct session *session)
{
    desk_take(&self(stage)->name.desk, session);
}

static struct outlet *outlet(struct stage *stage, struct session *session)
{
    return session->next.to == LOBBY ? self(stage)->lobby : self(stage)->gate;
}

static void drain(struct stage *stage)
{
    desk_close(&self(stage)->name.desk);
}

int name_stage_open(struct name_stage *name, struct line *line)
{
    static const struct stage_ops ops = {.take = take, .outlet = outlet, .drain = drain};
    int error = stage_open(&name->stage, line, &ops, "name", &name->count);
    if (error)
        return error;
    name_init(&name->name, &line->server->options->limits);
    crew_add(&name->stage.shift.crew, &name->name.desk);
    return 0;
}

void name_stage_close(struct name_stage *name)
{
    desk_free(&name->name.desk);
    stage_close(&name->stage);
}
