/* What a delivered record costs at a fixed rate, and how long deliveries take, beside a floor. */
#include <stdio.h>

#include "common/clock.h"
#include "tests/bench/beside.h"
#include "tests/bench/delivery.h"
#include "tests/bench/sections.h"

#define MEASURED SECOND

static const struct setting {
    const char *name;
    struct shape shape;
    unsigned rate; /* messages a second */
} settings[] = {
    {"1 x 100, 1 sends", {.rooms = 1, .members = 100, .senders = 1, .window = 1}, 1000},
    {"1 x 100, all send", {.rooms = 1, .members = 100, .senders = 100, .window = 1}, 1000},
    {"10 x 10, all send", {.rooms = 10, .members = 10, .senders = 10, .window = 1}, 2000},
    {"100 x 10, all send", {.rooms = 100, .members = 10, .senders = 10, .window = 1}, 5000},
};
enum { SETTINGS = sizeof settings / sizeof *settings };

static void print_row(const struct plan *plan, const struct delivery *results, size_t t)
{
    const struct delivery *result = &results[t], *floor = t ? &results[0] : NULL;
    printf("    %-13s", plan->targets[t].label);
    figure_print(&result->cpu, 3);
    figure_print_ratio(&result->cpu, floor ? &floor->cpu : NULL);
    beside_print(plan, t, &results->cpu, sizeof *results);
    printf(" %8.0f", figure_median(&result->p50));
    figure_print_brief_ratio(&result->p50, floor ? &floor->p50 : NULL);
    figure_print(&result->p99, 0);
    figure_print_ratio(&result->p99, floor ? &floor->p99 : NULL);
    beside_print(plan, t, &results->p99, sizeof *results);
    printf(" %9.1f %8.0f", figure_median(&result->gathered), figure_median(&result->late));
    share_print(&result->share);
    putchar('\n');
}

static void print_head(const struct plan *plan)
{
    printf(
        "\nsteady, open loop: rooms x members, texts of %d bytes, frames of %d; %.2f s after %.2f s of warm-up;\n"
        "        p50 and p99: us from when a message was due to when a member had read it; late: p99 of due to sent\n",
        TEXT_BYTES, FRAME_BYTES, (double)MEASURED / SECOND, (double)DELIVERY_WARM_UP / SECOND);
    printf("    %-13s", "");
    figure_print_head("server CPU, us a record");
    figure_print_ratio_head("/ floor");
    beside_print_head(plan);
    printf(" %8s", "p50, us");
    figure_print_brief_ratio_head("/ floor");
    figure_print_head("p99, us");
    figure_print_ratio_head("/ floor");
    beside_print_head(plan);
    printf(" %9s %8s", "per send", "late, us");
    share_print_head();
    putchar('\n');
}

void section_steady(const struct plan *plan)
{
    static struct delivery results[SETTINGS][TARGETS_MOST];
    struct plan all = plan_spread(plan);
    for (int r = 0; r < figure_rounds; r++)
        for (size_t s = 0; s < SETTINGS; s++)
            for (size_t i = 0; i < all.n; i++) {
                size_t t = plan_turn(&all, r, i);
                delivery_paced(&all.targets[t], &settings[s].shape, settings[s].rate, MEASURED, &results[s][t]);
            }
    print_head(&all);
    for (size_t s = 0; s < SETTINGS; s++) {
        printf("  %s, %u messages a second\n", settings[s].name, settings[s].rate);
        for (size_t t = 0; t < all.n; t++)
            print_row(&all, results[s], t);
    }
}
