/* How the cost of a delivery grows with the number of rooms, and with the members of one, beside a floor's growth. */
#include <stdio.h>

#include "common/clock.h"
#include "tests/bench/delivery.h"
#include "tests/bench/sections.h"

#define MEASURED SECOND

/* At every point so many records are delivered a second: what grows is only among how many. */
enum { RECORDS = 50000, RESERVE = 500 };

static const struct point {
    uint32_t rooms, members;
} points[] = {{1, 10}, {10, 10}, {100, 10}, {1000, 10}, {1, 100}, {1, 1000}, {1, 5000}};
enum { POINTS = sizeof points / sizeof *points };

/* Points by their numbers, from the smallest on. */
static const struct line {
    const char *name;
    size_t n, at[POINTS];
} lines[] = {{"rooms of 10", 4, {0, 1, 2, 3}}, {"members of one room", 4, {0, 4, 5, 6}}};
enum { LINES = sizeof lines / sizeof *lines };

typedef struct delivery point_results[TARGETS_MOST];

static struct shape shape_of(const struct point *point)
{
    return (struct shape){.rooms = point->rooms, .members = point->members, .senders = point->members, .window = 1};
}

/* The largest of the points' medians by the smallest. Of medians, as noise alone makes it larger than 1. */
static double growth(const struct figure *figures, size_t n)
{
    double least = figure_median(&figures[0]), most = least;
    for (size_t i = 1; i < n; i++) {
        double value = figure_median(&figures[i]);
        least = value < least ? value : least;
        most = value > most ? value : most;
    }
    return least > 0 ? most / least : 0;
}

static void print_points(const struct plan *plan, const struct line *line, const point_results *results)
{
    for (size_t i = 0; i < line->n; i++) {
        const struct point *point = &points[line->at[i]];
        const struct delivery *result = results[line->at[i]];
        printf("    %u x %u, %u messages a second\n", point->rooms, point->members, RECORDS / point->members);
        for (size_t t = 0; t < plan->n && result[t].cpu.n; t++) {
            printf("      %-13s", plan->targets[t].label);
            figure_print(&result[t].cpu, 3);
            figure_print_ratio(&result[t].cpu, t ? &result[0].cpu : NULL);
            printf(" %9.1f", figure_median(&result[t].gathered));
            share_print(&result[t].share);
            putchar('\n');
        }
    }
}

/* The line's points that were measured: a target's figures at each, or their ratios to the floor's. */
static size_t gather(const struct line *line, const point_results *results, size_t t, bool beside,
                     struct figure figures[POINTS])
{
    size_t n = 0;
    for (; n < line->n && results[line->at[n]][t].cpu.n; n++) {
        const struct delivery *result = results[line->at[n]];
        figures[n] = beside ? figure_ratio(&result[t].cpu, &result[0].cpu) : result[t].cpu;
    }
    return n;
}

static void print_growth(const struct plan *plan, const struct line *line, const point_results *results)
{
    struct figure figures[POINTS] = {0};
    for (size_t t = 0; t < plan->n; t++) {
        size_t n = gather(line, results, t, false, figures);
        printf("      %-13s largest / smallest CPU %.2f", plan->targets[t].label, growth(figures, n));
        if (t && (n = gather(line, results, t, true, figures))) {
            printf("; of its ratios to the floor %.2f, last / first of them", growth(figures, n));
            figure_print_ratio(&figures[n - 1], &figures[0]);
        }
        putchar('\n');
    }
}

static void measure(const struct plan *plan, point_results *results)
{
    uint32_t most = bots_most() - RESERVE;
    for (int r = 0; r < figure_rounds; r++)
        for (size_t p = 0; p < POINTS; p++) {
            struct shape shape = shape_of(&points[p]);
            if (shape.rooms * shape.members > most)
                continue;
            for (size_t i = 0; i < plan->n; i++) {
                size_t t = plan_turn(plan, r, i);
                delivery_paced(&plan->targets[t], &shape, RECORDS / shape.members, MEASURED, &results[p][t]);
            }
        }
}

void section_growth(const struct plan *plan)
{
    static point_results results[POINTS];
    struct plan all = plan_with_floor(plan);
    measure(&all, results);
    printf("\ngrowth, open loop: %u records of %d bytes delivered a second at every point, everybody sends in turn;\n"
           "        %.2f s after %.2f s of warm-up; growth: the largest of a line's points by its smallest\n",
           RECORDS, FRAME_BYTES, (double)MEASURED / SECOND, (double)DELIVERY_WARM_UP / SECOND);
    printf("      %-13s", "");
    figure_print_head("server CPU, us a record");
    figure_print_ratio_head("/ floor");
    printf(" %9s", "per send");
    share_print_head();
    putchar('\n');
    for (size_t i = 0; i < LINES; i++) {
        printf("  %s\n", lines[i].name);
        print_points(&all, &lines[i], results);
        print_growth(&all, &lines[i], results);
    }
}
