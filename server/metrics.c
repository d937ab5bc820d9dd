/* The census and the stages' counters, read and written down. */
#include "server/metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/log_writer.h"
#include "server/arch/arch.h"

enum { TRIES = 10 };

static const char *const at_keys[CENSUS_DESKS] = {
    [AT_GATE] = "at.gate", [AT_NAME] = "at.name", [AT_LOBBY] = "at.lobby", [AT_ROOM] = "at.room", [AT_BYE] = "at.bye",
};

static void read_once(struct server *server, struct census *census)
{
    memset(census, 0, sizeof *census);
    server->options->arch->census(server, census);
}

/* Counters are read one by one while threads count on: a client on its way may be seen twice, or nowhere. */
void metrics_read(struct server *server, struct census *census)
{
    static const struct timespec pause = {.tv_nsec = 2000000};
    struct census before;
    read_once(server, census);
    for (int i = 1; i < TRIES; i++) {
        before = *census;
        nanosleep(&pause, NULL);
        read_once(server, census);
        if (memcmp(&before, census, sizeof before) == 0 && census_adds_up(census))
            return;
    }
}

void metrics_print_census(const struct census *census)
{
    uint64_t due = 0;
    struct log_field fields[CENSUS_DESKS + 8];
    size_t n = 0;
    fields[n++] = LOG_N("accepted", census->accepted);
    fields[n++] = LOG_N("closed", census->closed);
    fields[n++] = LOG_N("refused", census->refused);
    fields[n++] = LOG_N("on_belts", census->on_belts);
    fields[n++] = LOG_N("stages", census->stages);
    for (int i = 0; i < CENSUS_DESKS; i++) {
        fields[n++] = LOG_N(at_keys[i], census->at[i].people);
        due += census->at[i].due;
    }
    fields[n++] = LOG_N("due", due);
    fields[n++] = LOG_B("adds_up", census_adds_up(census));
    fields[n++] = LOG_B("at_rest", census_at_rest(census));
    log_announce("main", "Census", n, fields);
}

void metrics_print_stages(const struct census *census)
{
    for (int i = 0; i < CENSUS_DESKS; i++) {
        const struct census_row *row = &census->at[i];
        char mean[32];
        snprintf(mean, sizeof mean, "%.2f", row->turns ? (double)row->batch / (double)row->turns : 0.0);
        log_at(LOG_INFO, "main", "Stage", LOG_C("name", census_desk_names[i]), LOG_N("arrivals", row->arrivals),
               LOG_N("requests", row->requests), LOG_N("turns", row->turns), LOG_J("batch_mean", mean),
               LOG_N("batch_most", row->batch_most), LOG_N("belt_us", row->belt_time), LOG_N("busy_us", row->busy_time),
               LOG_N("people", row->people), LOG_N("due", row->due));
    }
}
