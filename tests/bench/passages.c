/* What a whole visit costs: connect, name, join, leave, disconnect, in lock step, many at once. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "tests/bench/load.h"
#include "tests/bench/sections.h"

#define WARM_UP (SECOND_NS / 4)
#define MEASURED (3 * SECOND_NS)

enum { VISITORS = 64, EVENTS = 64, ARCHES_MOST = 16 };

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

struct result {
    struct figure rate; /* passages a second */
    struct figure cpu;  /* microseconds of server CPU each */
    struct figure load; /* CPUs the clients took */
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

static void measure(int epoll, struct visitor visitors[VISITORS], const struct process *server, struct result *result)
{
    pass(epoll, visitors, server, bench_now() + WARM_UP, false);
    int64_t begin = bench_now();
    double cpu = process_cpu(server), own = process_own_cpu();
    double done = (double)pass(epoll, visitors, server, begin + MEASURED, false);
    double seconds = (double)(bench_now() - begin) / 1e9;
    figure_add(&result->rate, done / seconds);
    figure_add(&result->cpu, 1e6 * (process_cpu(server) - cpu) / done);
    figure_add(&result->load, (process_own_cpu() - own) / seconds);
}

static void run(const char *arch, struct result *result)
{
    struct visitor visitors[VISITORS];
    struct process server;
    struct path chats = scratch_folder();
    int epoll = epoll_create1(EPOLL_CLOEXEC);
    process_start_server(&server, arch, chats.text, NULL);
    load_create_chats(1, &server);
    for (uint32_t i = 0; i < VISITORS; i++)
        enter(epoll, &visitors[i], i, &server);
    measure(epoll, visitors, &server, result);
    pass(epoll, visitors, &server, 0, true);
    close(epoll);
    process_stop(&server);
    scratch_remove(chats.text);
}

void section_passages(const struct look *look)
{
    static struct result results[ARCHES_MOST];
    for (size_t r = 0; r < REPEATS; r++)
        for (size_t i = 0; i < look->n; i++)
            run(look->arches[(i + r) % look->n], &results[(i + r) % look->n]);
    printf("\npassages: connect, name, join, leave, disconnect, closed; %d at once, each in lock step, one chat; "
           "%.2f s after %.2f s of warm-up\n",
           VISITORS, (double)MEASURED / 1e9, (double)WARM_UP / 1e9);
    printf("    %-10s", "");
    figure_print_head("passages a second");
    figure_print_head("server CPU, us each");
    printf(" %9s\n", "load CPU");
    for (size_t a = 0; a < look->n; a++) {
        printf("    %-10s", look->arches[a]);
        figure_print(&results[a].rate, 0);
        figure_print(&results[a].cpu, 1);
        printf(" %9.2f\n", figure_median(&results[a].load));
    }
}
