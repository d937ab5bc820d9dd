/* One run of rooms full of bots against one target, and what it gives. */
#include "tests/bench/delivery.h"

#include "common/clock.h"
#include "tests/bench/floor.h"

struct run {
    struct process process;
    struct bots bots;
    struct path chats;
    double sent; /* messages until now */
};

static void begin_run(struct run *run, const struct target *target, const struct shape *shape, bool closed)
{
    struct load_config config = bots_config(&profile_rooms);
    config.rooms = shape->rooms;
    config.members = shape->members;
    config.senders = shape->senders;
    config.window = shape->window;
    config.closed = closed;
    run->chats = scratch_folder();
    run->sent = 0;
    if (*target->arch)
        process_start_server(&run->process, target, run->chats.text, NULL);
    else
        floor_start_chat(&run->process, shape->rooms, shape->members, shape->hold);
    bots_open(&run->bots, &config, &run->process);
}

static void end_run(struct run *run, struct delivery *delivery)
{
    figure_add(&delivery->memory, process_memory(&run->process).private_dirty / 1024);
    bots_close(&run->bots);
    process_stop(&run->process);
    figure_add(&delivery->switches, run->process.switches / run->sent);
    scratch_remove(run->chats.text);
}

static void let_send(struct run *run, const struct load_phase *phase)
{
    bots_run(&run->bots, phase, 1, NULL, NULL);
    run->sent += (double)load_count(run->bots.load, COUNT_SENT);
}

/* Lets them send for so long, and adds what all that they sent has cost. */
static void measure(struct run *run, const struct load_phase *phase, struct delivery *delivery)
{
    const struct load *load = run->bots.load;
    uint64_t segments = load_segments(load);
    double cpu = process_cpu(&run->process);
    int64_t begin = bench_now();
    let_send(run, phase);
    double seconds = SECONDS(bench_now() - begin);
    cpu = process_cpu(&run->process) - cpu;
    segments = load_segments(load) - segments;
    double records = (double)load_count(load, COUNT_DELIVERED);
    struct load_effort effort = load_effort(load);
    figure_add(&delivery->cpu, 1e6 * cpu / records);
    figure_add(&delivery->rate, records / seconds / 1e6);
    figure_add(&delivery->gathered, records / (double)segments);
    figure_add(&delivery->taken, 1e9 * effort.ran / records);
    share_add(&delivery->share, &effort);
}

void delivery_saturated(const struct target *target, const struct shape *shape, int64_t length,
                        struct delivery *delivery)
{
    struct run run;
    struct load_phase warm_up = {.length = DELIVERY_WARM_UP}, phase = {.length = length, .measured = true};
    begin_run(&run, target, shape, true);
    let_send(&run, &warm_up);
    measure(&run, &phase, delivery);
    end_run(&run, delivery);
}

static void add_times(const struct load *load, struct delivery *delivery)
{
    struct hist delivered, lag;
    if (!hist_open(&delivered) || !hist_open(&lag))
        bench_fail("no memory");
    load_times(load, KIND_DELIVER, &delivered);
    load_times(load, KIND_LAG, &lag);
    figure_add(&delivery->p50, (double)hist_quantile(&delivered, 0.5));
    figure_add(&delivery->p99, (double)hist_quantile(&delivered, 0.99));
    figure_add(&delivery->late, (double)hist_quantile(&lag, 0.99));
    hist_close(&delivered);
    hist_close(&lag);
}

void delivery_paced(const struct target *target, const struct shape *shape, unsigned rate, int64_t length,
                    struct delivery *delivery)
{
    struct run run;
    struct load_phase warm_up = {.length = DELIVERY_WARM_UP, .value = rate};
    struct load_phase phase = {.length = length, .value = rate, .measured = true};
    begin_run(&run, target, shape, false);
    let_send(&run, &warm_up);
    measure(&run, &phase, delivery);
    add_times(run.bots.load, delivery);
    end_run(&run, delivery);
}
