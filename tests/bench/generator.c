/* What one thread of bots can take in: at the pace of the floor, and when records are there as fast as it reads them. */
#include <stdio.h>

#include "common/clock.h"
#include "tests/bench/delivery.h"
#include "tests/bench/sections.h"

#define MEASURED SECOND

/* The second one is the first with a floor that has always something to send: it waits until half of what the sender may have
 * under way has come, and gives each member all of that at once. */
static const struct setting {
    const char *name;
    struct shape shape;
} settings[] = {
    {"floor, 16 in flight", {.rooms = 1, .members = 100, .senders = 1, .window = 16}},
    {"1,000 records at once", {.rooms = 1, .members = 100, .senders = 1, .window = 2000, .hold = 1000}},
};
enum { SETTINGS = sizeof settings / sizeof *settings };

static void print_row(const struct setting *setting, const struct delivery *result, const struct delivery *floor)
{
    printf("    %-22s", setting->name);
    figure_print(&result->rate, 3);
    figure_print_ratio(&result->rate, floor == result ? NULL : &floor->rate);
    figure_print(&result->taken, 0);
    printf(" %9.1f", figure_median(&result->gathered));
    share_print(&result->share);
    putchar('\n');
}

void section_generator(const struct plan *plan)
{
    static struct delivery results[SETTINGS];
    const struct target floor = {.label = "floor"};
    (void)plan;
    for (int r = 0; r < figure_rounds; r++)
        for (size_t i = 0; i < SETTINGS; i++) {
            size_t s = (i + (size_t)r) % SETTINGS;
            delivery_saturated(&floor, &settings[s].shape, MEASURED, &results[s]);
        }
    printf("\ngenerator, closed loop: one thread of bots, 1 x 100, 1 sends, texts of %d bytes; %.2f s after %.2f s\n"
           "        of warm-up; how much it takes in, verifies and times\n",
           TEXT_BYTES, (double)MEASURED / SECOND, (double)DELIVERY_WARM_UP / SECOND);
    printf("    %-22s", "");
    figure_print_head("millions delivered a s");
    figure_print_ratio_head("/ floor");
    figure_print_head("bots' CPU, ns a record");
    printf(" %9s", "per send");
    share_print_head();
    putchar('\n');
    for (size_t s = 0; s < SETTINGS; s++)
        print_row(&settings[s], &results[s], &results[0]);
}
