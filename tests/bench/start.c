/* How long a start takes with many chat files. */
#include <stdio.h>
#include <string.h>

#include <errno.h>

#include "tests/bench/process.h"
#include "tests/bench/sections.h"

enum { FILES = 10000, RECORDS = 3, ARCHES_MOST = 16 };

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

static void run(const char *arch, const char *chats, struct figure *wall, struct figure *cpu)
{
    struct process server;
    process_start_server(&server, arch, chats, NULL);
    figure_add(cpu, 1e3 * process_cpu(&server));
    figure_add(wall, (double)server.start_time / 1e6);
    process_stop(&server);
}

static void print_row(const char *folder, const char *arch, const struct figure *wall, const struct figure *cpu)
{
    printf("    %-22s %-10s", folder, arch);
    figure_print(wall, 1);
    figure_print(cpu, 1);
    putchar('\n');
}

void section_start(const struct look *look)
{
    static struct figure wall[2][ARCHES_MOST], cpu[2][ARCHES_MOST];
    struct path empty = scratch_folder(), full = scratch_folder();
    make_files(full.text);
    for (size_t r = 0; r < REPEATS; r++) {
        for (size_t i = 0; i < look->n; i++) {
            size_t a = (i + r) % look->n;
            run(look->arches[a], empty.text, &wall[0][a], &cpu[0][a]);
            run(look->arches[a], full.text, &wall[1][a], &cpu[1][a]);
        }
    }
    scratch_remove(full.text);
    printf("\nstart: milliseconds from exec to \"Server started\"; files of %d records, in the page cache\n", RECORDS);
    printf("    %-22s %-10s", "", "");
    figure_print_head("passed, ms");
    figure_print_head("CPU, ms");
    putchar('\n');
    for (size_t a = 0; a < look->n; a++)
        print_row("an empty folder", look->arches[a], &wall[0][a], &cpu[0][a]);
    for (size_t a = 0; a < look->n; a++)
        print_row("10,000 chat files", look->arches[a], &wall[1][a], &cpu[1][a]);
}
