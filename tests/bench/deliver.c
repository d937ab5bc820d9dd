/* What a delivered record costs: server CPU and rate, beside a floor that does the least with the same bytes. */
#include <inttypes.h>
#include <stdio.h>

#include "tests/bench/crowd.h"
#include "tests/bench/floor.h"
#include "tests/bench/sections.h"

#define WARM_UP INT64_C(250000000)
#define MEASURED INT64_C(1500000000)

enum { TARGETS_MOST = 17 };

static const struct setting {
    const char *name;
    struct shape shape;
} settings[] = {
    {"1 x 100, 1 sends, 16 in flight", {.rooms = 1, .members = 100, .senders = 1, .window = 16}},
    {"1 x 100, all send, 1 in flight", {.rooms = 1, .members = 100, .senders = 100, .window = 1}},
    {"10 x 10, all send, 1 in flight", {.rooms = 10, .members = 10, .senders = 10, .window = 1}},
    {"100 x 10, all send, 1 in flight", {.rooms = 100, .members = 10, .senders = 10, .window = 1}},
};
enum { SETTINGS = sizeof settings / sizeof *settings };

/* Of one setting on one target. */
struct result {
    struct figure cpu;      /* microseconds of server CPU a delivered record */
    struct figure rate;     /* millions delivered a second */
    struct figure gathered; /* records a send() of the server carried */
    struct figure load;     /* CPUs the clients took */
};

static void measure(struct crowd *crowd, const struct process *process, struct result *result)
{
    crowd_run(crowd, bench_now() + WARM_UP, UINT64_MAX);
    int64_t begin = bench_now();
    double cpu = process_cpu(process), own = process_own_cpu();
    uint64_t got = crowd->got, segments = crowd_segments(crowd);
    crowd_run(crowd, begin + MEASURED, UINT64_MAX);
    double seconds = (double)(bench_now() - begin) / 1e9;
    double records = (double)(crowd->got - got);
    cpu = process_cpu(process) - cpu;
    own = process_own_cpu() - own;
    segments = crowd_segments(crowd) - segments;
    figure_add(&result->cpu, 1e6 * cpu / records);
    figure_add(&result->rate, records / seconds / 1e6);
    figure_add(&result->gathered, records / (double)segments);
    figure_add(&result->load, own / seconds);
}

/* NULL: the floor. */
static void run(const char *arch, const struct shape *shape, struct result *result)
{
    struct process process;
    struct crowd crowd;
    struct path chats = scratch_folder();
    if (arch) {
        process_start_server(&process, arch, chats.text, NULL);
        load_create_chats(shape->rooms, &process);
    } else {
        floor_start_chat(&process, shape->rooms, shape->members);
    }
    crowd_join(&crowd, shape, &process);
    measure(&crowd, &process, result);
    crowd_drain(&crowd);
    crowd_leave(&crowd);
    process_stop(&process);
    scratch_remove(chats.text);
}

static void print_row(const struct result *result, const struct result *floor, const char *target)
{
    printf("    %-10s", target);
    figure_print(&result->cpu, 3);
    figure_print_ratio(&result->cpu, &floor->cpu);
    figure_print(&result->rate, 2);
    figure_print_ratio(&result->rate, &floor->rate);
    printf(" %10.1f %9.2f\n", figure_median(&result->gathered), figure_median(&result->load));
}

static void print_head(void)
{
    printf("\ndeliver: rooms x members, texts of %d bytes, frames of %d; %.2f s after %.2f s of warm-up\n", TEXT_BYTES,
           FRAME_BYTES, MEASURED / 1e9, WARM_UP / 1e9);
    printf("    %-10s", "");
    figure_print_head("server CPU, us a record");
    figure_print_ratio_head();
    figure_print_head("millions delivered a second");
    figure_print_ratio_head();
    printf(" %10s %9s\n", "per send", "load CPU");
}

void section_deliver(const struct look *look)
{
    static struct result results[SETTINGS][TARGETS_MOST];
    size_t targets = look->n + 1;
    for (size_t r = 0; r < REPEATS; r++)
        for (size_t s = 0; s < SETTINGS; s++)
            for (size_t i = 0; i < targets; i++) {
                size_t t = (i + r) % targets;
                run(t ? look->arches[t - 1] : NULL, &settings[s].shape, &results[s][t]);
            }
    print_head();
    for (size_t s = 0; s < SETTINGS; s++) {
        printf("  %s\n", settings[s].name);
        for (size_t t = 0; t < targets; t++)
            print_row(&results[s][t], &results[s][0], t ? look->arches[t - 1] : "floor");
    }
}
