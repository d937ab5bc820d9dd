/* What a run does while it lasts. */
#include "client/load/live.h"

#include <errno.h>
#include <inttypes.h>
#include <unistd.h>

#include "client/load/events.h"
#include "client/load/profile.h"
#include "client/load/stop.h"
#include "common/clock.h"

bool live_open(struct live *live, const struct options *options)
{
    *live = (struct live){.options = options, .tty = isatty(STDERR_FILENO)};
    return hist_open(&live->times) && hist_open(&live->before);
}

/* Only now: a load that could not begin leaves an earlier one's file alone. */
static void begin_csv(struct live *live)
{
    live->csv = fopen(live->options->csv, "we");
    if (!live->csv)
        live->csv_error = errno;
    else
        fprintf(live->csv,
                "second,clients,sent,delivered,replayed,errors,count,p50_us,p90_us,p99_us,p99_9_us,max_us\n");
}

void live_begin(struct live *live, const struct load *load)
{
    live->load = load;
    if (live->options->csv && !live->csv && !live->csv_error)
        begin_csv(live);
    live->told += live->seconds;
    live->seconds = 0;
    live->sent = live->delivered = live->replayed = live->errors = 0;
    for (enum error error = 0; error < ERRORS; error++)
        live->errors += load_error_in(load, LOAD_BEFORE, error);
    hist_clear(&live->before);
}

static uint64_t since(uint64_t *before, uint64_t now)
{
    uint64_t more = now > *before ? now - *before : 0;
    *before = now;
    return more;
}

/* What came in one second. */
struct second {
    uint64_t sent, delivered, replayed, errors;
    uint32_t present;
};

static void print_csv(const struct live *live, const struct second *second)
{
    const struct hist *times = &live->times;
    fprintf(live->csv, "%.0f,%u,%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64 ",%" PRIu64, live->told + live->seconds,
            second->present, second->sent, second->delivered, second->replayed, second->errors, hist_count(times));
    fprintf(live->csv, ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 ",%" PRId64 "\n", hist_quantile(times, 0.5),
            hist_quantile(times, 0.9), hist_quantile(times, 0.99), hist_quantile(times, 0.999), hist_max(times));
}

static void print_line(const struct live *live, const struct second *second)
{
    const struct hist *times = &live->times;
    fprintf(stderr, "%s%4.0f s  %u clients  %" PRIu64 " sent  %" PRIu64 " delivered", live->tty ? "\r" : "",
            live->told + live->seconds, second->present, second->sent, second->delivered);
    if (second->replayed)
        fprintf(stderr, "  %" PRIu64 " replayed", second->replayed);
    if (hist_count(times))
        fprintf(stderr, "  %s p50 %.3f p99 %.3f max %.3f ms", kind_names[live->options->config.profile->main],
                (double)hist_quantile(times, 0.5) / MILLISECOND, (double)hist_quantile(times, 0.99) / MILLISECOND,
                (double)hist_max(times) / MILLISECOND);
    if (second->errors)
        fprintf(stderr, "  %" PRIu64 " errors", second->errors);
    fputs(live->tty ? "\033[K" : "\n", stderr);
}

/* What is late shows up in the second in which it comes. */
static void tell(struct live *live)
{
    const struct load *load = live->load;
    struct second second = {.sent = since(&live->sent, load_count(load, COUNT_SENT)),
                            .delivered = since(&live->delivered, load_count(load, COUNT_DELIVERED)),
                            .replayed = since(&live->replayed, load_count(load, COUNT_REPLAYED)),
                            .errors = since(&live->errors, load_errors(load)),
                            .present = load_present(load)};
    live->seconds++;
    hist_clear(&live->times);
    load_times(load, live->options->config.profile->main, &live->times);
    hist_subtract(&live->times, &live->before);
    if (live->csv)
        print_csv(live, &second);
    print_line(live, &second);
    hist_merge(&live->before, &live->times);
}

bool live_watch(void *at)
{
    struct live *live = at;
    live->stop = events_broken() ? events_broken() : stop_heard(); /* once: it may change at any moment */
    if (live->load && load_time(live->load) >= (live->seconds + 1) * SECOND)
        tell(live);
    return live->stop != 0;
}

/* The last second may have ended after the last look at the watch. */
void live_end(struct live *live)
{
    while (live->load && load_effort(live->load).seconds >= live->seconds + 1)
        tell(live);
    if (live->tty && live->load)
        fputc('\n', stderr);
    live->load = NULL;
}

bool live_close(struct live *live)
{
    hist_close(&live->times);
    hist_close(&live->before);
    bool fine = !live->csv || !ferror(live->csv);
    if (live->csv && fclose(live->csv) != 0)
        fine = false;
    else if (live->csv_error)
        errno = live->csv_error;
    live->csv = NULL;
    return fine && !live->csv_error;
}
