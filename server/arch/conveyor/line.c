/* The line is wired here: every stage, every belt, one line an edge.
 *
 *     gate --> name --> lobby <--> room ...
 *      ^        ^ |_______|_________|
 *      +--------+
 *
 * Threads: main starts and ends the line and reads counters; each stage runs itself; the lobby's stage starts and joins the
 * room stages. There is no lock: clients and words ride belts, counters are relaxed atomics with one writer each. */
#include "server/arch/conveyor/line.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "common/log.h"
#include "server/arch/conveyor/conveyor.h"
#include "server/chat/owner.h"

enum { FIXED = 3 };

/* The fixed stages in the order in which they start and are joined. */
static void fixed_stages(struct line *line, struct stage *stages[FIXED])
{
    stages[0] = &line->lobby.stage;
    stages[1] = &line->name.stage;
    stages[2] = &line->gate.stage;
}

static void wire(struct line *line)
{
    line->gate.name = stage_edge(&line->gate.stage, &line->name.stage);
    line->name.lobby = stage_edge(&line->name.stage, &line->lobby.stage);
    line->name.gate = stage_edge(&line->name.stage, &line->gate.stage);
    line->lobby.name = stage_edge(&line->lobby.stage, &line->name.stage);
    /* lobby -> room, room -> lobby and room -> name: lobby_stage.c and room_stage.c, when a room stage starts. */
}

static int open_common(struct line *line)
{
    line->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (line->stop < 0)
        return errno;
    line->end = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    line->sync = line->end < 0 ? NULL : sync_start();
    if (line->sync)
        return 0;
    int error = errno;
    close(line->stop);
    if (line->end >= 0)
        close(line->end);
    return error;
}

static void close_common(struct line *line)
{
    sync_stop(line->sync);
    close(line->stop);
    close(line->end);
}

/* Opens what the line is made of, in order; undone in reverse when something can't be had. */
static int open_line(struct line *line)
{
    int error = open_common(line);
    if (error)
        return error;
    if ((error = lobby_stage_open(&line->lobby, line)))
        goto no_lobby;
    if ((error = name_stage_open(&line->name, line)))
        goto no_name;
    if ((error = gate_stage_open(&line->gate, line)))
        goto no_gate;
    wire(line);
    return 0;
no_gate:
    name_stage_close(&line->name);
no_name:
    lobby_stage_close(&line->lobby);
no_lobby:
    close_common(line);
    return error;
}

static void close_line(struct line *line)
{
    gate_stage_close(&line->gate);
    name_stage_close(&line->name);
    lobby_stage_close(&line->lobby);
    close_common(line);
}

/* Joins the first n fixed stages after the line was told to end, then the rooms. */
static void join_stages(struct line *line, int n)
{
    struct stage *stages[FIXED];
    fixed_stages(line, stages);
    eventfd_write(line->end, 1);
    for (int i = 0; i < n; i++)
        pthread_join(stages[i]->thread, NULL);
    lobby_stage_end_rooms(&line->lobby);
}

static int begin_stages(struct line *line)
{
    struct stage *stages[FIXED];
    fixed_stages(line, stages);
    for (int i = 0; i < FIXED; i++) {
        int error = stage_begin(stages[i]);
        if (error) {
            join_stages(line, i);
            return error;
        }
    }
    return 0;
}

static bool start(struct server *server)
{
    struct line *line = calloc(1, sizeof *line);
    int error = ENOMEM;
    if (!line)
        goto failed;
    line->server = server;
    if ((error = open_line(line)))
        goto failed;
    if ((error = begin_stages(line))) {
        close_line(line);
        goto failed;
    }
    server->arch = line;
    return true;
failed:
    log_at(LOG_ERROR, "line", "Could not start", LOG_C("error", strerror(error)));
    free(line);
    return false;
}

static void drain(struct server *server)
{
    struct line *line = server->arch;
    eventfd_write(line->stop, 1);
}

/* Whoever is left, wherever, is shown out without ceremony. All threads are joined. */
static void clear(struct line *line)
{
    struct stage *stages[FIXED];
    struct list *link;
    fixed_stages(line, stages);
    for (int i = 0; i < FIXED; i++)
        stage_collect(stages[i], &line->lobby.left);
    list_move_all(&line->lobby.left, &line->gate.entrance.gate.entered);
    while ((link = list_pop(&line->lobby.left))) {
        struct session *session = list_entry(link, struct session, changed);
        owner_inherit(session);
        names_release(&line->name.name.names, &session->name);
        gate_release(&line->gate.entrance.gate, session);
    }
}

static void end(struct server *server)
{
    struct line *line = server->arch;
    join_stages(line, FIXED);
    clear(line);
    close_line(line);
    free(line);
    server->arch = NULL;
}

static void census(struct server *server, struct census *census)
{
    struct line *line = server->arch;
    *census = (struct census){.accepted = counter_get(&line->gate.entrance.gate.accepted),
                              .closed = counter_get(&line->gate.entrance.gate.closed),
                              .refused = counter_get(&line->gate.entrance.gate.refused),
                              .stages = FIXED + counter_get(&line->lobby.running)};
    census_add(&census->at[AT_GATE], &line->gate.count);
    census_add(&census->at[AT_NAME], &line->name.count);
    census_add(&census->at[AT_LOBBY], &line->lobby.count);
    census_add(&census->at[AT_BYE], &line->gate.bye_count);
    for (uint32_t i = 0; i < line->lobby.n_slots; i++)
        census_add(&census->at[AT_ROOM], &line->lobby.slots[i].count);
    census_count_belts(census);
}

const struct arch arch_conveyor = {
    .name = "conveyor",
    .about = "a stage thread per desk, clients ride belts from stage to stage",
    .start = start,
    .drain = drain,
    .end = end,
    .census = census,
};
