/* What a delivered record costs at saturation, and how many come through, beside a floor. */
#include <stdio.h>

#include "common/clock.h"
#include "tests/bench/beside.h"
#include "tests/bench/delivery.h"
#include "tests/bench/sections.h"

#define MEASURED SECOND

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

static void print_row(const struct plan *plan, const struct delivery *results, size_t t)
{
    const struct delivery *result = &results[t], *floor = t ? &results[0] : NULL;
    printf("    %-13s", plan->targets[t].label);
    figure_print(&result->cpu, 3);
    figure_print_ratio(&result->cpu, floor ? &floor->cpu : NULL);
    beside_print(plan, t, &results->cpu, sizeof *results);
    figure_print(&result->rate, 3);
    figure_print_ratio(&result->rate, floor ? &floor->rate : NULL);
    beside_print(plan, t, &results->rate, sizeof *results);
    printf(" %9.1f", figure_median(&result->gathered));
    share_print(&result->share);
    putchar('\n');
}

static void print_head(const struct plan *plan)
{
    printf("\ndeliver, closed loop: rooms x members, texts of %d bytes, frames of %d; %.2f s after %.2f s of warm-up\n",
           TEXT_BYTES, FRAME_BYTES, (double)MEASURED / SECOND, (double)DELIVERY_WARM_UP / SECOND);
    printf("    %-13s", "");
    figure_print_head("server CPU, us a record");
    figure_print_ratio_head("/ floor");
    beside_print_head(plan);
    figure_print_head("millions delivered a s");
    figure_print_ratio_head("/ floor");
    beside_print_head(plan);
    printf(" %9s", "per send");
    share_print_head();
    putchar('\n');
}

void section_deliver(const struct plan *plan)
{
    static struct delivery results[SETTINGS][TARGETS_MOST];
    struct plan all = plan_spread(plan);
    for (int r = 0; r < figure_rounds; r++)
        for (size_t s = 0; s < SETTINGS; s++)
            for (size_t i = 0; i < all.n; i++) {
                size_t t = plan_turn(&all, r, i);
                delivery_saturated(&all.targets[t], &settings[s].shape, MEASURED, &results[s][t]);
            }
    print_head(&all);
    for (size_t s = 0; s < SETTINGS; s++) {
        printf("  %s\n", settings[s].name);
        for (size_t t = 0; t < all.n; t++)
            print_row(&all, results[s], t);
    }
}
