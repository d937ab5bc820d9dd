/* What a delivered record costs: server CPU and rate, beside a floor that does the least with the same bytes. */
#include <inttypes.h>
#include <stdio.h>

#include "tests/bench/crowd.h"
#include "tests/bench/figure.h"
#include "tests/bench/floor.h"
#include "tests/bench/sections.h"

#define WARM_UP (SECOND_NS / 5)
#define MEASURED SECOND_NS

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

static void run(const struct target *target, const struct shape *shape, struct result *result)
{
    struct process process;
    struct crowd crowd;
    struct path chats = scratch_folder();
    if (*target->arch) {
        process_start_server(&process, target, chats.text, NULL);
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

static void print_row(const struct plan *plan, const struct result *results, size_t t)
{
    const struct result *result = &results[t], *floor = t ? &results[0] : NULL;
    size_t epoll = plan_epoll(plan);
    bool beside = t && epoll < plan->n && epoll != t;
    printf("    %-13s", plan->targets[t].label);
    figure_print(&result->cpu, 3);
    figure_print_ratio(&result->cpu, floor ? &floor->cpu : NULL);
    figure_print_brief_ratio(&result->cpu, beside ? &results[epoll].cpu : NULL);
    figure_print(&result->rate, 3);
    figure_print_ratio(&result->rate, floor ? &floor->rate : NULL);
    figure_print_brief_ratio(&result->rate, beside ? &results[epoll].rate : NULL);
    printf(" %9.1f", figure_median(&result->gathered));
    figure_print_load(&result->load);
    putchar('\n');
}

static void print_head(void)
{
    printf("\ndeliver: rooms x members, texts of %d bytes, frames of %d; %.2f s after %.2f s of warm-up\n", TEXT_BYTES,
           FRAME_BYTES, (double)MEASURED / 1e9, (double)WARM_UP / 1e9);
    printf("    %-13s", "");
    figure_print_head("server CPU, us a record");
    figure_print_ratio_head("/ floor");
    figure_print_brief_ratio_head("/ epoll");
    figure_print_head("millions delivered a s");
    figure_print_ratio_head("/ floor");
    figure_print_brief_ratio_head("/ epoll");
    printf(" %9s", "per send");
    figure_print_load_head();
    putchar('\n');
}

void section_deliver(const struct plan *plan)
{
    static struct result results[SETTINGS][TARGETS_MOST];
    struct plan all = plan_spread(plan);
    for (int r = 0; r < figure_rounds; r++)
        for (size_t s = 0; s < SETTINGS; s++)
            for (size_t i = 0; i < all.n; i++) {
                size_t t = plan_turn(&all, r, i);
                run(&all.targets[t], &settings[s].shape, &results[s][t]);
            }
    print_head();
    for (size_t s = 0; s < SETTINGS; s++) {
        printf("  %s\n", settings[s].name);
        for (size_t t = 0; t < all.n; t++)
            print_row(&all, results[s], t);
    }
}
