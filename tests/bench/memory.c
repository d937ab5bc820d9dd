/* What an idle named client costs in user-space memory. */
#include <stdio.h>
#include <stdlib.h>

#include "tests/bench/figure.h"
#include "tests/bench/load.h"
#include "tests/bench/sections.h"

#define SETTLING (SECOND_NS / 4)

enum { CLIENTS = 5000, PER_ROOM = 100 };

/* Bytes a client: what the process has more than before they came, shared out. */
struct result {
    struct figure private_dirty, anonymous, pss;
};

static void run(const struct target *target, uint32_t n, uint32_t per_room, struct result *result)
{
    struct process server;
    struct path chats = scratch_folder();
    struct client *clients = bench_alloc(n * sizeof *clients);
    process_start_server(&server, target, chats.text, NULL);
    load_create_chats(CLIENTS / PER_ROOM, &server);
    bench_pause(SETTLING);
    struct memory before = process_memory(&server);
    load_enter(clients, n, per_room, &server);
    bench_pause(SETTLING);
    struct memory after = process_memory(&server);
    figure_add(&result->private_dirty, (after.private_dirty - before.private_dirty) / n);
    figure_add(&result->anonymous, (after.anonymous - before.anonymous) / n);
    figure_add(&result->pss, (after.pss - before.pss) / n);
    for (uint32_t i = 0; i < n; i++)
        load_close(&clients[i]);
    free(clients);
    process_stop(&server);
    scratch_remove(chats.text);
}

static void print_row(const char *place, const struct target *target, const struct result *result)
{
    printf("    %-22s %-13s", place, target->label);
    figure_print(&result->private_dirty, 0);
    figure_print(&result->anonymous, 0);
    figure_print(&result->pss, 0);
    putchar('\n');
}

void section_memory(const struct plan *plan)
{
    static struct result lobby[TARGETS_MOST], rooms[TARGETS_MOST];
    uint32_t most = load_clients_most();
    uint32_t n = most < CLIENTS ? most / PER_ROOM * PER_ROOM : CLIENTS;
    if (n == 0) {
        printf("\nmemory: SKIP: only %u open files are allowed\n", most);
        return;
    }
    for (int r = 0; r < figure_rounds; r++) {
        for (size_t i = 0; i < plan->n; i++) {
            size_t a = plan_turn(plan, r, i);
            run(&plan->targets[a], n, 0, &lobby[a]);
            run(&plan->targets[a], n, PER_ROOM, &rooms[a]);
        }
    }
    printf("\nmemory: bytes a client of %u idle named ones, from smaps_rollup: (after - before) / n; %d chats exist\n",
           n, CLIENTS / PER_ROOM);
    printf("    %-22s %-13s", "", "");
    figure_print_head("private dirty");
    figure_print_head("anonymous");
    figure_print_head("proportional set");
    putchar('\n');
    for (size_t a = 0; a < plan->n; a++)
        print_row("in the lobby", &plan->targets[a], &lobby[a]);
    for (size_t a = 0; a < plan->n; a++)
        print_row("in rooms of 100", &plan->targets[a], &rooms[a]);
}
