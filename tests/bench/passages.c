/* What a whole visit costs: connect, name, join, leave, disconnect, in lock step, many at once. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "tests/bench/figure.h"
#include "tests/bench/load.h"
#include "tests/bench/sections.h"
#include "tests/bench/stages.h"
#include "tests/bench/usage.h"

#define WARM_UP (SECOND_NS / 4)
#define MEASURED (2 * SECOND_NS)

enum { VISITORS = 64, EVENTS = 64 };

/* What a visitor waits for, and what it asks for when that has come. */
static const struct step {
    int32_t due;
    int32_t then; /* -1: nothing */
    const char *text;
} steps[] = {
    {SET_NAME, -1, NULL},           {GET_CHATS, CONNECT_CHAT, "room-0000"},
    {CONNECT_CHAT, LEAVE_CHAT, ""}, {GET_CHATS, DISCONNECT, ""},
    {DISCONNECT, -1, NULL},
};
enum { STEPS = sizeof steps / sizeof *steps };

struct visitor {
    struct client client;
    size_t step; /* STEPS: only the end is due */
};

/* Figures of one passage, but for the first and the last two. */
struct result {
    struct figure rate; /* passages a second */
    struct figure cpu, user, system;
    struct figure switches, preempted;
    struct figure load;                 /* CPUs the clients took */
    struct figure threads[USAGE_NAMES]; /* CPU by the threads' names */
    char names[USAGE_NAMES][16];
    struct stage_counts stages[STAGES_MOST]; /* of the last run, from its start to its end */
    size_t n_stages;
    double passages; /* of all that run */
};

/* A visitor's name is the same each time: it must be free when its last visit is over. */
static void enter(int epoll, struct visitor *visitor, uint32_t id, const struct process *server)
{
    char name[16];
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = visitor};
    load_connect(&visitor->client, id, server);
    visitor->step = 0;
    snprintf(name, sizeof name, "v%05u", id);
    load_send(&visitor->client, SET_NAME, name);
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, visitor->client.fd, &event) < 0)
        bench_fail("epoll_ctl: %s", strerror(errno));
}

static void take(struct visitor *visitor, const struct frame *frame)
{
    char due[32];
    const struct step *step = &steps[visitor->step];
    if (visitor->step == STEPS)
        load_wrong(&visitor->client, frame, "the end of the connection");
    if (frame->request != step->due || frame->response != SUCCESS) {
        snprintf(due, sizeof due, "{%d,%d}", step->due, SUCCESS);
        load_wrong(&visitor->client, frame, due);
    }
    visitor->step++;
    if (step->then >= 0)
        load_send(&visitor->client, step->then, step->text);
}

/* True when the visit is over. */
static bool look_at(struct visitor *visitor)
{
    struct reader reader;
    struct frame frame;
    ssize_t n;
    do {
        n = load_read(&visitor->client, &reader);
        while (load_frame(&reader, &frame))
            take(visitor, &frame);
        load_keep(&visitor->client, &reader);
    } while (n > 0 && visitor->step == STEPS);
    if (n == 0 && visitor->step < STEPS)
        bench_fail("client %u: the server closed where {%d,%d} was due", visitor->client.id, steps[visitor->step].due,
                   SUCCESS);
    return n == 0;
}

/* Until the time has come; who is done begins anew, or, with `last`, does not. How many passages were completed. */
static uint64_t pass(int epoll, struct visitor visitors[VISITORS], const struct process *server, int64_t until,
                     bool last)
{
    struct epoll_event events[EVENTS];
    uint64_t done = 0;
    while (last ? done < VISITORS : bench_now() < until) {
        int n = epoll_wait(epoll, events, EVENTS, (int)(PATIENCE / 1000000));
        bench_check();
        if (n == 0)
            bench_fail("none of %d visitors was answered for %d s", VISITORS, (int)(PATIENCE / SECOND_NS));
        for (int i = 0; i < n; i++) {
            struct visitor *visitor = events[i].data.ptr;
            if (!look_at(visitor))
                continue;
            done++;
            load_close(&visitor->client);
            if (!last)
                enter(epoll, visitor, (uint32_t)(visitor - visitors), server);
        }
    }
    return done;
}

/* The threads of a server are the same in every run, and come in the same order. */
static void add_usage(const struct usage *usage, double done, struct result *result)
{
    figure_add(&result->user, 1e6 * usage->user / done);
    figure_add(&result->system, 1e6 * usage->system / done);
    figure_add(&result->switches, usage->switches / done);
    figure_add(&result->preempted, usage->preempted / done);
    for (size_t i = 0; i < usage->n; i++) {
        size_t at = 0;
        while (at < USAGE_NAMES - 1 && *result->names[at] && strcmp(result->names[at], usage->threads[i].name) != 0)
            at++;
        snprintf(result->names[at], sizeof result->names[at], "%s", usage->threads[i].name);
        if (result->threads[at].n < result->user.n)
            figure_add(&result->threads[at], 1e6 * usage->threads[i].cpu / done);
    }
}

static void measure(int epoll, struct visitor visitors[VISITORS], const struct process *server, struct result *result)
{
    result->passages = (double)pass(epoll, visitors, server, bench_now() + WARM_UP, false);
    struct usage before = usage_read(server);
    int64_t begin = bench_now();
    double cpu = process_cpu(server), own = process_own_cpu();
    double done = (double)pass(epoll, visitors, server, begin + MEASURED, false);
    double seconds = (double)(bench_now() - begin) / 1e9;
    figure_add(&result->rate, done / seconds);
    figure_add(&result->cpu, 1e6 * (process_cpu(server) - cpu) / done);
    figure_add(&result->load, (process_own_cpu() - own) / seconds);
    struct usage after = usage_read(server), used = usage_since(&after, &before);
    add_usage(&used, done, result);
    result->passages += done;
}

static void run(const struct target *target, struct result *result)
{
    struct visitor visitors[VISITORS];
    struct process server;
    struct path chats = scratch_folder();
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    process_start_server(&server, target, chats.text, NULL);
    load_create_chats(1, &server);
    for (uint32_t i = 0; i < VISITORS; i++)
        enter(epoll, &visitors[i], i, &server);
    measure(epoll, visitors, &server, result);
    result->passages += (double)pass(epoll, visitors, &server, 0, true);
    close(epoll);
    process_stop(&server);
    result->n_stages = stages_read(&server, result->stages);
    scratch_remove(chats.text);
}

static void print_figures(const struct plan *plan, const struct result *results)
{
    printf("    %-13s", "");
    figure_print_head("passages a second");
    figure_print_head("server CPU, us each");
    figure_print_load_head();
    putchar('\n');
    for (size_t a = 0; a < plan->n; a++) {
        const struct result *result = &results[a];
        printf("    %-13s", plan->targets[a].label);
        figure_print(&result->rate, 0);
        figure_print(&result->cpu, 1);
        figure_print_load(&result->load);
        putchar('\n');
    }
}

static void print_threads(const struct target *target, const struct result *result)
{
    printf("    %-13s a passage: user %.1f us, system %.1f us; %.2f context switches, %.2f of them suffered\n",
           target->label, figure_median(&result->user), figure_median(&result->system),
           figure_median(&result->switches), figure_median(&result->preempted));
    printf("    %-13s by thread, us of CPU:", "");
    for (size_t i = 0; i < USAGE_NAMES && *result->names[i]; i++)
        printf(" %s %.1f", result->names[i], figure_median(&result->threads[i]));
    putchar('\n');
}

/* Turns and what they do are counted by the server, which sees the clients' pace, not the bench's clock. */
static void print_stages(const struct result *result)
{
    printf("    %-13s the server's counters, last run:", "");
    for (size_t i = 0; i < result->n_stages; i++) {
        const struct stage_counts *stage = &result->stages[i];
        if (stage->turns == 0)
            continue;
        printf("%s %s %.2f turns, batch %.1f, busy %.1f us", i ? ";" : "", stage->name, stage->turns / result->passages,
               stage->batch_mean, stage->busy_us / result->passages);
        if (stage->belt_us > 0)
            printf(", %.0f us on its belt", stage->belt_us / stage->arrivals);
    }
    putchar('\n');
}

void section_passages(const struct plan *plan)
{
    static struct result results[TARGETS_MOST];
    for (int r = 0; r < figure_rounds; r++)
        for (size_t i = 0; i < plan->n; i++)
            run(&plan->targets[plan_turn(plan, r, i)], &results[plan_turn(plan, r, i)]);
    printf("\npassages: connect, name, join, leave, disconnect, closed; %d at once, each in lock step, one chat; "
           "%.2f s after %.2f s of warm-up\n",
           VISITORS, (double)MEASURED / 1e9, (double)WARM_UP / 1e9);
    print_figures(plan, results);
    for (size_t a = 0; a < plan->n; a++) {
        print_threads(&plan->targets[a], &results[a]);
        print_stages(&results[a]);
    }
}
