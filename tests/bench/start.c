/* How long a start takes with many chat files. */
#include <stdio.h>
#include <string.h>

#include <errno.h>

#include "tests/bench/figure.h"
#include "tests/bench/process.h"
#include "tests/bench/sections.h"

enum { FILES = 10000, RECORDS = 3 };

static void make_files(const char *folder)
{
    for (int i = 0; i < FILES; i++) {
        struct path path;
        int n = snprintf(path.text, sizeof path.text, "%s/chat-%05d.chat", folder, i);
        FILE *file = n > 0 && (size_t)n < sizeof path.text ? fopen(path.text, "we") : NULL;
        for (int r = 0; file && r < RECORDS; r++)
            fprintf(file, "author-%d\t12:34:%02d 01/02/26\nThe record number %d of the chat number %d.\r", r, r, r, i);
        if (!file || fclose(file) != 0)
            bench_fail("%s: %s", path.text, strerror(errno));
        if (i % 100 == 0)
            bench_check();
    }
}

static void run(const struct target *target, const char *chats, struct figure *wall, struct figure *cpu)
{
    struct process server;
    process_start_server(&server, target, chats, NULL);
    figure_add(cpu, 1e3 * process_cpu(&server));
    figure_add(wall, (double)server.start_time / 1e6);
    process_stop(&server);
}

static void print_row(const char *folder, const struct target *target, const struct figure *wall,
                      const struct figure *cpu)
{
    printf("    %-22s %-13s", folder, target->label);
    figure_print(wall, 1);
    figure_print(cpu, 1);
    putchar('\n');
}

void section_start(const struct plan *plan)
{
    static struct figure wall[2][TARGETS_MOST], cpu[2][TARGETS_MOST];
    struct path empty = scratch_folder(), full = scratch_folder();
    make_files(full.text);
    for (int r = 0; r < figure_rounds; r++) {
        for (size_t i = 0; i < plan->n; i++) {
            size_t a = plan_turn(plan, r, i);
            run(&plan->targets[a], empty.text, &wall[0][a], &cpu[0][a]);
            run(&plan->targets[a], full.text, &wall[1][a], &cpu[1][a]);
        }
    }
    scratch_remove(full.text);
    printf("\nstart: milliseconds from exec to \"Server started\"; files of %d records, in the page cache\n", RECORDS);
    printf("    %-22s %-13s", "", "");
    figure_print_head("passed, ms");
    figure_print_head("CPU, ms");
    putchar('\n');
    for (size_t a = 0; a < plan->n; a++)
        print_row("an empty folder", &plan->targets[a], &wall[0][a], &cpu[0][a]);
    for (size_t a = 0; a < plan->n; a++)
        print_row("10,000 chat files", &plan->targets[a], &wall[1][a], &cpu[1][a]);
}
