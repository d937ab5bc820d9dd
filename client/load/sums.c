/* What a load's threads have counted, added up. */
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "client/load/bot.h"
#include "client/load/load.h"
#include "client/load/worker.h"
#include "common/clock.h"

void load_tally(const struct load *load, int phase, struct tally *sum)
{
    for (size_t i = 0; i < load->config.threads; i++)
        tally_add(sum, &load->workers[i].tallies[phase + 1]);
}

int load_after(const struct load *load)
{
    return (int)load->schedule.n;
}

void load_times(const struct load *load, enum kind kind, struct hist *sum)
{
    for (size_t i = 0; i < load->config.threads; i++)
        for (int phase = 0; phase < load_after(load); phase++)
            hist_merge(sum, &load->workers[i].tallies[phase + 1].times[kind]);
}

uint64_t load_count(const struct load *load, enum count count)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < load->config.threads; i++)
        for (int phase = 0; phase <= load_after(load); phase++)
            sum += tally_count(&load->workers[i].tallies[phase + 1], count);
    return sum;
}

uint64_t load_error_in(const struct load *load, int phase, enum error error)
{
    uint64_t sum = 0;
    for (size_t i = 0; i < load->config.threads; i++)
        sum += tally_error(&load->workers[i].tallies[phase + 1], error);
    return sum;
}

uint64_t load_error(const struct load *load, enum error error)
{
    uint64_t sum = 0;
    for (int phase = LOAD_BEFORE; phase <= load_after(load); phase++)
        sum += load_error_in(load, phase, error);
    return sum;
}

uint64_t load_errors(const struct load *load)
{
    uint64_t sum = 0;
    for (enum error error = 0; error < ERRORS; error++)
        sum += load_error(load, error);
    return sum;
}

uint32_t load_present(const struct load *load)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < load->config.threads; i++)
        sum += atomic_load_explicit(&load->workers[i].present, memory_order_relaxed);
    return sum;
}

bool load_had_anybody(const struct load *load)
{
    for (size_t i = 0; i < load->config.threads; i++)
        if (atomic_load_explicit(&load->workers[i].had_anybody, memory_order_relaxed))
            return true;
    return false;
}

uint32_t load_missing(const struct load *load)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < load->config.threads; i++)
        sum += atomic_load_explicit(&load->workers[i].missing, memory_order_relaxed);
    return sum;
}

uint32_t load_parted(const struct load *load)
{
    uint32_t sum = 0;
    for (size_t i = 0; i < load->config.threads; i++)
        sum += atomic_load_explicit(&load->workers[i].parted, memory_order_relaxed);
    return sum;
}

struct load_effort load_effort(const struct load *load)
{
    struct load_effort effort = {.seconds = (double)(load->run_until - load->run_since) / SECOND,
                                 .overtime = (double)(load->drained_at - load->run_until) / SECOND};
    for (size_t i = 0; i < load->config.threads; i++) {
        double ran = (double)atomic_load_explicit(&load->workers[i].ran, memory_order_relaxed) / 1e9;
        effort.ran += ran;
        effort.wanted += ran + (double)atomic_load_explicit(&load->workers[i].waited, memory_order_relaxed) / 1e9;
        if (ran > effort.busiest * effort.seconds && effort.seconds > 0)
            effort.busiest = ran / effort.seconds;
        int64_t late = hist_quantile(&load->workers[i].beats, 0.99);
        effort.late = late > effort.late ? late : effort.late;
    }
    return effort;
}

uint64_t load_segments(const struct load *load)
{
    uint64_t segments = 0;
    for (uint32_t i = 0; i < load_bots(&load->config); i++) {
        struct tcp_info info = {0};
        socklen_t n = sizeof info;
        if (load->bots[i].fd >= 0 && getsockopt(load->bots[i].fd, IPPROTO_TCP, TCP_INFO, &info, &n) == 0)
            segments += info.tcpi_data_segs_in;
    }
    return segments;
}

int64_t load_time(const struct load *load)
{
    return clock_now() - load->run_since;
}

int load_phase_now(const struct load *load)
{
    return schedule_slot(&load->schedule, clock_now());
}
