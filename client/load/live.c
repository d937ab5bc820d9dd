/* What a run does while it lasts. */
#include "client/load/live.h"

#include <inttypes.h>
#include <signal.h>
#include <unistd.h>

#include "client/load/profile.h"
#include "common/clock.h"

static volatile sig_atomic_t caught;

static void catch_signal(int number)
{
    if (caught)
        _exit(128 + number);
    caught = number;
}

void live_catch_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        sigaction(signals[i], &(struct sigaction){.sa_handler = catch_signal}, NULL);
    signal(SIGPIPE, SIG_IGN);
}

bool live_open(struct live *live, const struct options *options)
{
    *live = (struct live){.options = options, .tty = isatty(STDERR_FILENO)};
    if (!hist_open(&live->times) || !hist_open(&live->before))
        return false;
    if (!options->csv)
        return true;
    live->csv = fopen(options->csv, "we");
    if (live->csv)
        fprintf(live->csv,
                "second,clients,sent,delivered,replayed,errors,count,p50_us,p90_us,p99_us,p99_9_us,max_us\n");
    return live->csv;
}

void live_begin(struct live *live, const struct load *load)
{
    live->load = load;
    live->told += live->seconds;
    live->seconds = 0;
    live->sent = load_count(load, COUNT_SENT);
    live->delivered = load_count(load, COUNT_DELIVERED);
    live->replayed = load_count(load, COUNT_REPLAYED);
    hist_clear(&live->before);
}

static uint64_t since(uint64_t *before, uint64_t now)
{
    uint64_t more = now > *before ? now - *before : 0;
    *before = now;
    return more;
}

static void print_csv(struct live *live, uint64_t sent, uint64_t delivered, uint64_t replayed, uint32_t present)
{
    const struct hist *times = &live->times;
    fprintf(live->csv, "%.0f,%u,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, live->told + live->seconds,
            present, sent, delivered, replayed, load_errors(live->load), hist_count(times));
    fprintf(live->csv, ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 "\n", hist_quantile(times, 0.5),
            hist_quantile(times, 0.9), hist_quantile(times, 0.99), hist_quantile(times, 0.999), hist_max(times));
}

static void print_line(struct live *live, uint64_t sent, uint64_t delivered, uint64_t replayed, uint32_t present)
{
    enum kind kind = live->options->config.profile->main;
    fprintf(stderr,
            "%s%4.0f s  %u clients  %" PRIu64 " sent  %" PRIu64 " delivered  %" PRIu64
            " replayed  %s p50 %.3f p99 %.3f max %.3f ms  "
            "%" PRIu64 " errors%s",
            live->tty ? "\r" : "", live->told + live->seconds, present, sent, delivered, replayed, kind_names[kind],
            (double)hist_quantile(&live->times, 0.5) / MILLISECOND,
            (double)hist_quantile(&live->times, 0.99) / MILLISECOND, (double)hist_max(&live->times) / MILLISECOND,
            load_errors(live->load), live->tty ? "\033[K" : "\n");
}

/* What came in the last second, by when it was due: what is late shows up in the second in which it comes. */
static void tell(struct live *live)
{
    enum kind kind = live->options->config.profile->main;
    uint64_t sent = since(&live->sent, load_count(live->load, COUNT_SENT));
    uint64_t delivered = since(&live->delivered, load_count(live->load, COUNT_DELIVERED));
    uint64_t replayed = since(&live->replayed, load_count(live->load, COUNT_REPLAYED));
    uint32_t present = load_present(live->load);
    live->seconds++;
    hist_clear(&live->times);
    load_times(live->load, kind, &live->times);
    hist_subtract(&live->times, &live->before);
    if (live->csv)
        print_csv(live, sent, delivered, replayed, present);
    print_line(live, sent, delivered, replayed, present);
    hist_merge(&live->before, &live->times);
}

bool live_watch(void *at)
{
    struct live *live = at;
    live->stop = caught;
    if (live->load && load_time(live->load) >= (live->seconds + 1) * SECOND)
        tell(live);
    return caught != 0;
}

void live_end(struct live *live)
{
    if (live->tty && live->load)
        fputc('\n', stderr);
}

bool live_close(struct live *live)
{
    hist_close(&live->times);
    hist_close(&live->before);
    return !live->csv || fclose(live->csv) == 0;
}
