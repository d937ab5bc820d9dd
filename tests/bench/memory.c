/* What an idle named client costs in user-space memory, and what a room in use costs before anybody writes. */
#include <stdio.h>

#include "tests/bench/bots.h"
#include "tests/bench/figure.h"
#include "tests/bench/sections.h"

#define SETTLING (SECOND_NS / 4)

enum { CLIENTS = 10000, ROOMS = 100 };

/* Bytes, of touched pages that the process has for itself alone. */
struct result {
    struct figure lobby;    /* a client in the lobby */
    struct figure members;  /* a client in a room, its share of the room in it */
    struct figure joining;  /* a client in a room that others use already */
    struct figure room;     /* a room with one person, without the person */
    struct figure resident; /* the whole process, with all clients in rooms, shared pages too: MiB */
};

static double settled(const struct process *server)
{
    bench_pause(SETTLING);
    return process_memory(server).private_dirty;
}

static void begin(struct process *server, const struct target *target, struct path *chats)
{
    *chats = scratch_folder();
    bots_make_chats(chats->text, ROOMS);
    process_start_server(server, target, chats->text, NULL);
}

static void end(struct process *server, const struct path *chats)
{
    process_stop(server);
    scratch_remove(chats->text);
}

/* So many who have a name and stay in the lobby. */
static void open_lobby(struct bots *bots, uint32_t n, const struct process *server)
{
    struct load_config config = bots_config(&profile_idle);
    config.clients = n;
    bots_open(bots, &config, server);
}

/* So many in each of the rooms. */
static void open_rooms(struct bots *bots, uint32_t members, const struct process *server)
{
    struct load_config config = bots_config(&profile_rooms);
    config.rooms = ROOMS;
    config.members = members;
    bots_open(bots, &config, server);
}

static void run_lobby(const struct target *target, uint32_t n, struct result *result)
{
    struct process server;
    struct path chats;
    struct bots bots;
    begin(&server, target, &chats);
    double before = settled(&server);
    open_lobby(&bots, n, &server);
    figure_add(&result->lobby, (settled(&server) - before) / n);
    bots_close(&bots);
    end(&server, &chats);
}

/* One person a room in the lobby and, when these are gone, in the rooms; then all the others, of a load of their own. */
static void run_rooms(const struct target *target, uint32_t n, struct result *result)
{
    struct process server;
    struct path chats;
    struct bots first, others;
    begin(&server, target, &chats);
    double before = settled(&server);
    open_lobby(&first, ROOMS, &server);
    double named = settled(&server);
    bots_close(&first);
    open_rooms(&first, 1, &server);
    double used = settled(&server);
    open_rooms(&others, n / ROOMS - 1, &server);
    double full = settled(&server);
    figure_add(&result->room, (used - named) / ROOMS);
    figure_add(&result->joining, (full - used) / (n - ROOMS));
    figure_add(&result->members, (full - before) / n);
    figure_add(&result->resident, process_memory(&server).resident / 1048576);
    bots_close(&others);
    bots_close(&first);
    end(&server, &chats);
}

static void print(const struct plan *plan, const struct result *results, uint32_t n)
{
    printf(
        "\nmemory: Private_Dirty of smaps_rollup, touched pages of thread stacks in it: what it grew by, shared out;\n"
        "        %u idle named clients, %u chats, %u clients a room\n",
        n, (uint32_t)ROOMS, n / ROOMS);
    printf("    %-13s", "");
    figure_print_head("bytes a client, lobby");
    figure_print_head("in rooms, rooms' share in");
    figure_print_head("in rooms already in use");
    figure_print_head("KiB a room in use");
    figure_print_head("Rss in the end, MiB");
    putchar('\n');
    for (size_t t = 0; t < plan->n; t++) {
        struct figure room = {0};
        for (int i = 0; i < results[t].room.n; i++)
            figure_add(&room, results[t].room.at[i] / 1024);
        printf("    %-13s", plan->targets[t].label);
        figure_print(&results[t].lobby, 0);
        figure_print(&results[t].members, 0);
        figure_print(&results[t].joining, 0);
        figure_print(&room, 1);
        figure_print(&results[t].resident, 1);
        putchar('\n');
    }
}

void section_memory(const struct plan *plan)
{
    static struct result results[TARGETS_MOST];
    uint32_t most = bots_most() / 4 * 3;
    uint32_t n = most < CLIENTS ? most / ROOMS * ROOMS : CLIENTS;
    if (n <= ROOMS) {
        printf("\nmemory: SKIP: too few open files are allowed\n");
        return;
    }
    for (int r = 0; r < figure_rounds; r++)
        for (size_t i = 0; i < plan->n; i++) {
            size_t t = plan_turn(plan, r, i);
            run_lobby(&plan->targets[t], n, &results[t]);
            run_rooms(&plan->targets[t], n, &results[t]);
        }
    print(plan, results, n);
}
