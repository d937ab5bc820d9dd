/* A load: its threads and bots are made here, and led through the phases. */
#include "client/load/load.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/load/bot.h"
#include "client/load/events.h"
#include "client/load/founder.h"
#include "client/load/random.h"
#include "common/clock.h"

#define HEAD_START (5 * MILLISECOND) /* of a schedule before its first message: for all threads to hear of it */

enum { LOOK_EVERY = 50 /* milliseconds between two looks of the driver at its watch */, FDS_BESIDE = 64 };

void load_chat_name(const struct load_config *config, uint32_t room, char name[64])
{
    snprintf(name, 64, "load-%08x-%04u", (unsigned)(random_stream(config->seed, 0) & UINT32_MAX), room);
}

uint32_t load_bots(const struct load_config *config)
{
    return config->profile->rooms ? config->rooms * config->members : config->clients;
}

bool load_paced(const struct load_config *config)
{
    return config->profile->begin && !config->closed;
}

/* ---- Making it ---- */

/* Members of a room share a thread as long as there are rooms enough for all threads. */
static uint32_t thread_of(const struct load_config *config, uint32_t bot)
{
    if (config->profile->rooms && config->rooms >= config->threads)
        return bot / config->members % config->threads;
    return bot % config->threads;
}

/* A single sender stands in the middle: who is served first, or last, makes another pace. */
static bool is_sender(const struct load_config *config, uint32_t place)
{
    return (place + config->members / 2) % config->members < config->senders;
}

/* The slow ones are behind them. */
static bool is_slow(const struct load_config *config, uint32_t place)
{
    return (place + config->members / 2) % config->members >= config->members - config->slow;
}

/* Those who take turns, when there are any: the senders of all rooms, or everybody. */
static uint32_t count_senders(const struct load_config *config)
{
    if (config->profile->rooms)
        return config->rooms * config->senders;
    return load_paced(config) ? config->clients : 0;
}

/* A room's senders stand one behind the other, each room's first one before all second ones. */
static void place_in_room(const struct load_config *config, struct bot *bot)
{
    uint32_t place = bot->id % config->members;
    bot->room = bot->id / config->members;
    bot->slow = is_slow(config, place);
    bot->sends = is_sender(config, place);
    bot->seat = (place + config->members / 2) % config->members * config->rooms + bot->room;
}

static void make_bot(struct load *load, uint32_t id, struct worker *worker)
{
    const struct load_config *config = &load->config;
    struct bot *bot = &worker->bots[worker->n++];
    bot->worker = worker;
    bot->id = id;
    bot->fd = -1;
    bot->turned_away = ERROR_CLOSED;
    bot->random = random_stream(config->seed, id + 1);
    bot_new_name(bot);
    bot->sends = load_paced(config);
    bot->seat = id;
    if (config->profile->rooms)
        place_in_room(config, bot);
    if (bot->sends)
        load->senders[bot->seat] = bot;
}

/* Seats of one worker's senders in their order. */
static bool seat_senders(struct load *load)
{
    for (uint32_t i = 0; i < load->n_senders; i++)
        load->senders[i]->worker->n_senders++;
    for (uint32_t i = 0; i < load->config.threads; i++) {
        struct worker *worker = &load->workers[i];
        worker->senders = calloc(worker->n_senders + 1, sizeof(struct bot *));
        if (!worker->senders)
            return false;
        worker->n_senders = 0;
    }
    for (uint32_t i = 0; i < load->n_senders; i++) {
        struct bot *bot = load->senders[i];
        bot->turn = bot->worker->n_senders;
        bot->worker->senders[bot->worker->n_senders++] = bot;
    }
    return true;
}

static bool make_worker(struct load *load, uint32_t nth)
{
    struct worker *worker = &load->workers[nth];
    struct epoll_event event = {.events = EPOLLIN};
    worker->load = load;
    worker->config = &load->config;
    worker->profile = load->config.profile;
    worker->source = nth * 10000;
    snprintf(worker->name, sizeof worker->name, "bots-%u", nth);
    worker->epoll = epoll_create1(EPOLL_CLOEXEC);
    worker->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (worker->epoll < 0 || worker->bell < 0 || epoll_ctl(worker->epoll, EPOLL_CTL_ADD, worker->bell, &event) < 0)
        return false;
    worker->tallies = calloc(load->config.phases + 2, sizeof *worker->tallies);
    if (!worker->tallies)
        return false;
    for (; worker->n_tallies < load->config.phases + 2; worker->n_tallies++)
        if (!tally_open(&worker->tallies[worker->n_tallies]))
            return false;
    if (!hist_open(&worker->beats))
        return false;
    worker->tally = worker->tallies;
    worker->tally_begin = INT64_MIN;
    worker->tally_end = INT64_MAX;
    return true;
}

static bool make_bots(struct load *load)
{
    const struct load_config *config = &load->config;
    uint32_t n = load_bots(config), *counts = calloc(config->threads, sizeof *counts);
    if (!counts)
        return false;
    for (uint32_t id = 0; id < n; id++)
        counts[thread_of(config, id)]++;
    struct bot *bots = load->bots;
    for (uint32_t i = 0; i < config->threads; bots += counts[i], i++)
        load->workers[i].bots = bots;
    free(counts);
    for (uint32_t id = 0; id < n; id++)
        make_bot(load, id, &load->workers[thread_of(config, id)]);
    return seat_senders(load);
}

static bool make(struct load *load)
{
    const struct load_config *config = &load->config;
    load->n_senders = count_senders(config);
    load->news = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    load->workers = calloc(config->threads, sizeof *load->workers);
    load->bots = calloc(load_bots(config) + 1, sizeof *load->bots);
    load->senders = calloc(load->n_senders + 1, sizeof(struct bot *));
    load->ends = calloc(config->rooms + 1, sizeof *load->ends);
    for (uint32_t i = 0; load->workers && i < config->threads; i++)
        load->workers[i].epoll = load->workers[i].bell = -1;
    if (load->news < 0 || !load->workers || !load->bots || !load->senders || !load->ends)
        return false;
    for (uint32_t i = 0; i < config->threads; i++)
        if (!make_worker(load, i))
            return false;
    return make_bots(load) && getrandom(&load->key, sizeof load->key, 0) == sizeof load->key;
}

/* Sockets for all bots; false when the system does not allow that many. */
static bool have_descriptors(const struct load_config *config, char complaint[LOAD_COMPLAINT])
{
    struct rlimit limit;
    uint64_t wanted = (uint64_t)load_bots(config) + FDS_BESIDE + 2 * (uint64_t)config->threads;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        return true;
    if (limit.rlim_cur < limit.rlim_max) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
        getrlimit(RLIMIT_NOFILE, &limit);
    }
    if (limit.rlim_cur >= wanted)
        return true;
    snprintf(complaint, LOAD_COMPLAINT, "%u clients need %llu open files, %llu are allowed", load_bots(config),
             (unsigned long long)wanted, (unsigned long long)limit.rlim_cur);
    return false;
}

/* ---- Leading it ---- */

static void order_all(struct load *load, unsigned order)
{
    load->order = order;
    for (size_t i = 0; i < load->n_started; i++)
        worker_order(&load->workers[i], order);
}

static bool all_finished(const struct load *load)
{
    for (size_t i = 0; i < load->n_started; i++)
        if (!worker_has_finished(&load->workers[i], load->order))
            return false;
    return true;
}

static bool nobody_gave_up(const struct load *load)
{
    for (size_t i = 0; i < load->n_started; i++)
        if (atomic_load_explicit(&load->workers[i].gave_up, memory_order_relaxed))
            return false;
    return true;
}

/* Until all have carried out their order, or the watch says that it is enough. */
static void await_all(struct load *load, load_watch *watch, void *with)
{
    uint64_t news;
    while (!all_finished(load)) {
        poll(&(struct pollfd){.fd = load->news, .events = POLLIN}, 1, LOOK_EVERY);
        (void)!read(load->news, &news, sizeof news);
        if (watch && watch(with))
            return;
    }
}

static bool start_threads(struct load *load, char complaint[LOAD_COMPLAINT])
{
    for (; load->n_started < load->config.threads; load->n_started++) {
        struct worker *worker = &load->workers[load->n_started];
        int error = pthread_create(&worker->thread, NULL, worker_run, worker);
        if (error) {
            snprintf(complaint, LOAD_COMPLAINT, "a thread: %s", strerror(error));
            return false;
        }
    }
    return true;
}

/* Why some of them are not there. */
static void explain(const struct load *load, char complaint[LOAD_COMPLAINT])
{
    bool reason = false;
    int n = snprintf(complaint, LOAD_COMPLAINT, "%u of %u bots could not enter;", load_missing(load),
                     load_bots(&load->config));
    for (enum error error = 0; error < ERRORS && n < LOAD_COMPLAINT; error++) {
        unsigned long long sum = load_error_in(load, LOAD_BEFORE, error);
        if (sum)
            n += snprintf(complaint + n, LOAD_COMPLAINT - (size_t)n, " %s: %llu", error_names[error], sum);
        reason |= sum > 0;
    }
    if (!reason && n < LOAD_COMPLAINT)
        snprintf(complaint + n, LOAD_COMPLAINT - (size_t)n, " they were not answered");
}

struct load *load_open(const struct load_config *config, load_watch *watch, void *with, char complaint[LOAD_COMPLAINT])
{
    *complaint = '\0';
    if (!have_descriptors(config, complaint) || !founder_visit(config, watch, with, complaint))
        return NULL;
    struct load *load = calloc(1, sizeof *load);
    if (load) {
        load->config = *config;
        load->news = -1;
        load->epoch = clock_now();
        atomic_store(&load->voices, 1);
    }
    if (!load || !make(load)) {
        snprintf(complaint, LOAD_COMPLAINT, "%s", strerror(errno));
    } else {
        events_started(config);
        if (start_threads(load, complaint)) {
            await_all(load, watch, with);
            if (all_finished(load) && nobody_gave_up(load))
                return load;
            if (all_finished(load))
                explain(load, complaint);
            else
                snprintf(complaint, LOAD_COMPLAINT, "stopped before the bots were there");
        }
        load_close(load);
    }
    load_free(load);
    return NULL;
}

bool load_run(struct load *load, const struct load_phase *phases, size_t n, load_watch *watch, void *with)
{
    load->run_since = clock_now() + HEAD_START;
    schedule_make(&load->schedule, phases, n, load->run_since, load_paced(&load->config));
    unsigned first = ORDER_RUN + ORDERS_A_RUN * load->runs++;
    order_all(load, first);
    await_all(load, watch, with);
    load->run_until = clock_now();
    order_all(load, first + 1);
    await_all(load, NULL, NULL);
    order_all(load, first + 2);
    await_all(load, NULL, NULL);
    load->drained_at = clock_now();
    return nobody_gave_up(load);
}

bool load_close(struct load *load)
{
    order_all(load, ORDER_QUIT);
    await_all(load, NULL, NULL);
    bool fine = nobody_gave_up(load);
    order_all(load, ORDER_END);
    for (size_t i = 0; i < load->n_started; i++)
        pthread_join(load->workers[i].thread, NULL);
    return fine;
}

static void free_worker(struct worker *worker)
{
    for (uint32_t i = 0; i < worker->n; i++) {
        bot_close(&worker->bots[i]);
        buf_free(&worker->bots[i].list);
    }
    for (size_t i = 0; i < worker->n_tallies; i++)
        tally_close(&worker->tallies[i]);
    hist_close(&worker->beats);
    free(worker->tallies);
    free(worker->senders);
    book_free(&worker->book);
    agenda_free(&worker->agenda);
    buf_free(&worker->events);
    net_close(worker->epoll);
    net_close(worker->bell);
}

void load_free(struct load *load)
{
    if (!load)
        return;
    for (uint32_t i = 0; load->workers && i < load->config.threads; i++)
        free_worker(&load->workers[i]);
    net_close(load->news);
    free(load->workers);
    free(load->bots);
    free(load->senders);
    free(load->ends);
    free(load);
}
