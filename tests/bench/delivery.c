/* One run of a crowd against one target, and what it gives. */
#include "tests/bench/delivery.h"

#include "tests/bench/floor.h"

struct run {
    struct process process;
    struct crowd crowd;
    struct path chats;
};

static void begin_run(struct run *run, const struct target *target, const struct shape *shape)
{
    run->chats = scratch_folder();
    if (*target->arch) {
        process_start_server(&run->process, target, run->chats.text, NULL);
        load_create_chats(shape->rooms, &run->process);
    } else {
        floor_start_chat(&run->process, shape->rooms, shape->members);
    }
    crowd_join(&run->crowd, shape, &run->process);
}

static void end_run(struct run *run)
{
    crowd_leave(&run->crowd);
    process_stop(&run->process);
    scratch_remove(run->chats.text);
}

/* What the clocks and counters say at one moment. */
struct reading {
    int64_t at;
    double cpu;
    struct effort own;
    uint64_t got, segments;
};

static struct reading read_all(const struct run *run)
{
    return (struct reading){.at = bench_now(),
                            .cpu = process_cpu(&run->process),
                            .own = process_own_effort(),
                            .got = run->crowd.got,
                            .segments = crowd_segments(&run->crowd)};
}

static void add_figures(struct delivery *delivery, const struct reading *before, const struct reading *after)
{
    double seconds = (double)(after->at - before->at) / 1e9;
    double records = (double)(after->got - before->got);
    figure_add(&delivery->cpu, 1e6 * (after->cpu - before->cpu) / records);
    figure_add(&delivery->rate, records / seconds / 1e6);
    figure_add(&delivery->gathered, records / (double)(after->segments - before->segments));
    share_add(&delivery->share, &before->own, &after->own, seconds);
}

void delivery_saturated(const struct target *target, const struct shape *shape, int64_t length,
                        struct delivery *delivery)
{
    struct run run;
    begin_run(&run, target, shape);
    crowd_run(&run.crowd, bench_now() + DELIVERY_WARM_UP, UINT64_MAX);
    struct reading before = read_all(&run);
    crowd_run(&run.crowd, before.at + length, UINT64_MAX);
    struct reading after = read_all(&run);
    crowd_drain(&run.crowd);
    end_run(&run);
    add_figures(delivery, &before, &after);
}

void delivery_paced(const struct target *target, const struct shape *shape, unsigned rate, int64_t length,
                    struct delivery *delivery)
{
    struct run run;
    struct schedule warm_up = {.interval = SECOND_NS / rate, .n = (uint64_t)(DELIVERY_WARM_UP * rate / SECOND_NS) + 1};
    struct schedule schedule = {.interval = warm_up.interval, .n = (uint64_t)(length * rate / SECOND_NS)};
    struct times times;
    samples_open(&times.sent_late, schedule.n);
    samples_open(&times.delivered, schedule.n * shape->members);
    begin_run(&run, target, shape);
    crowd_pace(&run.crowd, &warm_up, NULL);
    struct reading before = read_all(&run);
    crowd_pace(&run.crowd, &schedule, &times);
    struct reading after = read_all(&run);
    end_run(&run);
    add_figures(delivery, &before, &after);
    figure_add(&delivery->p50, samples_quantile(&times.delivered, 500));
    figure_add(&delivery->p99, samples_quantile(&times.delivered, 990));
    figure_add(&delivery->late, samples_quantile(&times.sent_late, 990));
    samples_close(&times.sent_late);
    samples_close(&times.delivered);
}
