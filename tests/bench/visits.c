/* One run of bots that come and go against one target, and what it gives. */
#include "tests/bench/visits.h"

#include "common/clock.h"
#include "tests/bench/floor.h"

#define LAST_LOOK (100 * MILLISECOND) /* before the end of time: two of the load's looks at its watch */

struct run {
    const struct guests *guests;
    struct bots bots;
    struct visits *visits;
    bool begun, weighed; /* the looks that have been taken */
    int64_t at;
    double cpu;
    struct usage usage;
};

static void count(const struct load *load, struct tally *tally)
{
    tally_clear(tally);
    for (int phase = 0; phase <= load_after(load); phase++)
        load_tally(load, phase, tally);
}

/* A little late is no harm, as all of it is read at once. */
static void begin(struct run *run)
{
    struct visits *visits = run->visits;
    run->begun = true;
    run->usage = usage_read(&visits->server);
    count(run->bots.load, &visits->warm_up);
    run->at = bench_now();
    run->cpu = process_cpu(&visits->server);
}

static void weigh(struct run *run)
{
    run->weighed = true;
    run->visits->private_dirty = process_memory(&run->visits->server).private_dirty;
}

static bool look(void *with)
{
    struct run *run = with;
    const struct guests *guests = run->guests;
    bench_check();
    if (!run->begun && load_phase_now(run->bots.load) >= 1)
        begin(run);
    if (!run->weighed && guests->rate <= 0 && load_time(run->bots.load) >= guests->warm_up + guests->length - LAST_LOOK)
        weigh(run);
    return false;
}

static void work(struct run *run)
{
    const struct guests *guests = run->guests;
    struct visits *visits = run->visits;
    double value = guests->rate > 0 ? guests->rate : guests->clients;
    struct load_phase phases[] = {{.length = guests->warm_up, .value = value},
                                  {.length = guests->length, .value = value, .measured = true}};
    bots_run(&run->bots, phases, 2, look, run);
    if (!run->begun)
        bench_fail("%s: the bench had no time to look at it for %.2f s", visits->server.name,
                   (double)guests->length / SECOND);
    if (!run->weighed)
        weigh(run);
    visits->seconds = SECONDS(bench_now() - run->at);
    visits->cpu = process_cpu(&visits->server) - run->cpu;
    struct usage after = usage_read(&visits->server);
    visits->used = usage_since(&after, &run->usage);
    visits->effort = load_effort(run->bots.load);
    count(run->bots.load, &visits->passed);
    tally_subtract(&visits->passed, &visits->warm_up);
    load_tally(run->bots.load, 1, &visits->due);
}

void visits_measure(const struct target *target, const struct guests *guests, struct visits *visits)
{
    struct run run = {.guests = guests, .visits = visits};
    struct path chats = scratch_folder();
    struct load_config config = bots_config(guests->profile);
    bots_make_chats(chats.text, guests->chats);
    config.clients = guests->clients;
    config.rooms = 1;
    config.closed = guests->rate <= 0;
    config.ahead = guests->ahead;
    *visits = (struct visits){0};
    if (!tally_open(&visits->passed) || !tally_open(&visits->warm_up) || !tally_open(&visits->due))
        bench_fail("no memory");
    if (*target->arch)
        process_start_server(&visits->server, target, chats.text, NULL);
    else
        floor_start_passages(&visits->server);
    bots_open(&run.bots, &config, &visits->server);
    work(&run);
    bots_close(&run.bots);
    process_stop(&visits->server);
    scratch_remove(chats.text);
}

void visits_close(struct visits *visits)
{
    tally_close(&visits->passed);
    tally_close(&visits->warm_up);
    tally_close(&visits->due);
}

double visits_all(const struct visits *visits, enum kind kind)
{
    return (double)(hist_count(&visits->warm_up.times[kind]) + hist_count(&visits->passed.times[kind]));
}
