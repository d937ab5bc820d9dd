/* One run of one case against one target, and what it gives. */
#include <math.h>

#include "common/clock.h"
#include "tests/bench/delivery.h"
#include "tests/bench/verdict.h"
#include "tests/bench/visits.h"

/* The thesis's load grows dearer with what has been said: the first seconds are not like the later ones. */
static const struct verdict_lengths usual[] = {
    [LOAD_THESIS] = {0.8, 0.8}, [LOAD_ROOMS] = {(double)DELIVERY_WARM_UP / SECOND, 0.8}, [LOAD_CHURN] = {0.2, 0.8}};
/* A server that needs half a second for an answer would give nothing to measure in that time. */
enum { BASELINE_SECONDS = 2, BASELINE_WARM_UP = 1 };

struct verdict_lengths verdict_lengths(const struct verdict_task *task)
{
    struct verdict_lengths lengths = usual[task->of->load];
    if (!target_is_baseline(task->target) && task->run != RUN_BASELINES)
        return lengths;
    lengths.measured = BASELINE_SECONDS;
    if (task->of->load != LOAD_ROOMS)
        lengths.warm_up = BASELINE_WARM_UP;
    return lengths;
}

static void read_rooms(const struct verdict_task *task, const struct verdict_lengths *lengths, double *readings)
{
    const struct verdict_case *of = task->of;
    struct shape shape = {.rooms = of->rooms, .members = of->clients, .senders = of->clients, .window = 1};
    struct delivery delivery = {0};
    int64_t length = (int64_t)(lengths->measured * SECOND);
    if (task->rate > 0)
        delivery_paced(task->target, &shape, task->rate < 1 ? 1 : (unsigned)task->rate, length, &delivery);
    else
        delivery_saturated(task->target, &shape, length, &delivery);
    readings[READ_CPU] = delivery.cpu.at[0];
    readings[READ_DELIVERED] = delivery.rate.at[0];
    readings[READ_TURNS] = 1e6 * readings[READ_DELIVERED] / of->clients;
    readings[READ_SWITCHES] = delivery.switches.at[0];
    readings[READ_MEMORY] = delivery.memory.at[0];
    readings[READ_WANTED] = delivery.share.wanted.at[0];
    readings[READ_P50] = delivery.p50.at[0] / MILLISECOND;
    readings[READ_P99] = delivery.p99.at[0] / MILLISECOND;
    readings[READ_LATE] = delivery.late.at[0] / MILLISECOND;
}

/* What is asked for and answered: messages have no answer but their record. */
static const enum kind requests[] = {KIND_CREATE, KIND_JOIN, KIND_LEAVE};
static const enum kind passages[] = {KIND_VISIT};

static void read_times(const struct tally *due, const enum kind *kinds, size_t n, double *readings)
{
    struct hist times;
    if (!hist_open(&times))
        bench_fail("no memory");
    for (size_t i = 0; i < n; i++)
        hist_merge(&times, &due->times[kinds[i]]);
    readings[READ_P50] = (double)hist_quantile(&times, 0.5) / MILLISECOND;
    readings[READ_P99] = (double)hist_quantile(&times, 0.99) / MILLISECOND;
    readings[READ_LATE] = (double)hist_quantile(&due->times[KIND_LAG], 0.99) / MILLISECOND;
    hist_close(&times);
}

static void read_thesis(const struct visits *visits, double seconds, double *readings)
{
    const struct tally *due = &visits->due, *passed = &visits->passed;
    double records = (double)(tally_count(passed, COUNT_DELIVERED) + tally_count(passed, COUNT_REPLAYED));
    double sent = (double)(tally_count(passed, COUNT_SENT) + tally_count(&visits->warm_up, COUNT_SENT));
    readings[READ_CPU] = 1e6 * visits->cpu / records;
    readings[READ_DELIVERED] = records / visits->seconds / 1e6;
    readings[READ_TURNS] = tally_rate(due, KIND_CREATE, seconds) + tally_rate(due, KIND_LEAVE, seconds);
    readings[READ_ANSWERED] = readings[READ_TURNS] + tally_rate(due, KIND_JOIN, seconds);
    readings[READ_SWITCHES] = visits->server.switches / sent;
    read_times(due, requests, sizeof requests / sizeof *requests, readings);
}

static void read_churn(const struct visits *visits, double seconds, double *readings)
{
    readings[READ_CPU] = 1e6 * visits->cpu / (double)hist_count(&visits->passed.times[KIND_VISIT]);
    readings[READ_TURNS] = readings[READ_ANSWERED] = tally_rate(&visits->due, KIND_VISIT, seconds);
    readings[READ_SWITCHES] = visits->server.switches / visits_all(visits, KIND_VISIT);
    read_times(&visits->due, passages, 1, readings);
}

static void read_guests(const struct verdict_task *task, const struct verdict_lengths *lengths, double *readings)
{
    bool thesis = task->of->load == LOAD_THESIS;
    struct guests guests = {.profile = thesis ? &profile_thesis : &profile_churn,
                            .clients = task->of->clients,
                            .chats = task->of->rooms,
                            .rate = task->rate,
                            .warm_up = (int64_t)(lengths->warm_up * SECOND),
                            .length = (int64_t)(lengths->measured * SECOND)};
    struct visits visits;
    visits_measure(task->target, &guests, &visits);
    (thesis ? read_thesis : read_churn)(&visits, lengths->measured, readings);
    readings[READ_MEMORY] = visits.private_dirty / 1024;
    readings[READ_WANTED] = visits.effort.wanted / visits.effort.seconds;
    visits_close(&visits);
}

void verdict_measure(const void *asked, void *result)
{
    const struct verdict_task *task = asked;
    double *readings = result;
    struct verdict_lengths lengths = verdict_lengths(task);
    if (task->of->load == LOAD_ROOMS)
        read_rooms(task, &lengths, readings);
    else
        read_guests(task, &lengths, readings);
    for (size_t i = 0; i < VERDICT_READINGS; i++)
        if (!isfinite(readings[i]))
            bench_fail("nothing came of it in %.1f s", lengths.measured);
}
