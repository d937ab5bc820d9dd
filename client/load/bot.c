/* A bot's connection: making it, reading frames from it, writing to it, losing it. */
#include "client/load/bot.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/epoll.h>

#include "client/load/dial.h"
#include "client/load/events.h"
#include "client/load/random.h"
#include "client/load/turns.h"
#include "client/load/violation.h"
#include "common/clock.h"

enum {
    KEEP_MOST = 1024, /* bytes of memory that a bot keeps although it does not need them now */
    RECORD_MOST = RECORD_MAX + 4096,
    BACKOFF_LEAST = 50, /* milliseconds to the first try to connect again, on average */
    BACKOFF_DOUBLES = 6
};

/* ---- Making it ---- */

/* Half to one and a half times a time that doubles: those who lost their server together come back one by one. */
static void retry(struct bot *bot)
{
    uint32_t doubles = bot->tries < BACKOFF_DOUBLES ? bot->tries : BACKOFF_DOUBLES;
    int64_t mean = (BACKOFF_LEAST * MILLISECOND) << doubles;
    bot->tries++;
    bot->waits = true;
    if (!agenda_add(&bot->worker->agenda,
                    bot->worker->now + mean / 2 + (int64_t)random_below(&bot->random, (uint64_t)mean), bot))
        worker_die("no memory");
}

void bot_connect(struct bot *bot)
{
    struct worker *worker = bot->worker;
    const struct load_config *config = worker->config;
    bot->waits = false;
    bot->began = bot->asked_at = clock_now();
    worker_entering(worker, bot, true);
    bot->fd = dial(&config->connect[bot->id % config->n_connect], &worker->source);
    if (bot->fd < 0) {
        events_error(bot, EVENT_CAUGHT, errno);
        bot_lose(bot, ERROR_CONNECT);
        return;
    }
    bot->place = BOT_CONNECTING;
    bot->events = EPOLLOUT;
    struct epoll_event event = {.events = bot->events, .data.ptr = bot};
    if (epoll_ctl(worker->epoll, EPOLL_CTL_ADD, bot->fd, &event) < 0)
        worker_die("epoll_ctl");
}

static bool visits_by_turns(const struct bot *bot)
{
    return bot->worker->profile->visits && turns_paced(bot->worker);
}

void bot_come(struct bot *bot)
{
    if (visits_by_turns(bot))
        turns_ready(bot);
    else
        bot_connect(bot);
}

static void finish_connecting(struct bot *bot)
{
    struct worker *worker = bot->worker;
    int error = dial_result(bot->fd);
    if (error) {
        events_error(bot, EVENT_CAUGHT, error);
        bot_lose(bot, ERROR_CONNECT);
        return;
    }
    worker->now = clock_now();
    worker_time(worker, KIND_CONNECT, bot->began);
    if (bot->lost)
        counter_add(&worker_tally(worker, worker->now)->counts[COUNT_RECONNECTS], 1);
    bot->lost = false;
    bot->place = BOT_NAMING;
    if (worker->profile->connected)
        worker->profile->connected(bot);
    else
        bot_name(bot);
}

void bot_arrived(struct bot *bot)
{
    worker_present(bot->worker, bot, true);
    worker_entering(bot->worker, bot, false);
}

/* ---- Losing it ---- */

/* What was known of the connection is over; what the bot owes to the schedule it goes on owing. */
static void forget(struct bot *bot)
{
    struct worker *worker = bot->worker;
    if (bot->fd >= 0) {
        /* First: while somebody else holds the socket, its close leaves it in the set. */
        epoll_ctl(worker->epoll, EPOLL_CTL_DEL, bot->fd, NULL);
        net_close(bot->fd);
    }
    bot->fd = -1;
    worker_present(worker, bot, false);
    worker_entering(worker, bot, false);
    buf_free(&bot->in);
    buf_free(&bot->out);
    bot->gone = 0;
    if (bot->worker->profile->rooms && bot->at > bot->reached)
        bot->reached = bot->at;
    bot->chat = NULL;
    bot->voice = bot->said = bot->seen = 0;
    bot->replay_at = 0;
    bot->unsure = 0;
    bot->turned_away = ERROR_CLOSED;
    bot->place = BOT_AWAY;
}

void bot_lose(struct bot *bot, enum error error)
{
    worker_error(bot->worker, error);
    bot->lost_by = error;
    bot->lost |= error != ERROR_CONNECT;
    bot->named_before = false;
    forget(bot);
    retry(bot);
}

void bot_close(struct bot *bot)
{
    forget(bot);
}

/* ---- Reading ---- */

static void protocol_error(struct bot *bot, const char *header, const char *what)
{
    char text[SHOWN_BYTES];
    violation_of_protocol("%s was sent {%d,%d} of %" PRIu64 " bytes, %s: %s", bot->name, protocol_get32(header),
                          protocol_get32(header + 4), protocol_get64(header + 8), what,
                          shown(text, header, SERVER_HEADER));
}

/* A list may be as long as it likes, a record has a limit. */
static bool length_is_fine(const char *header)
{
    uint64_t length = protocol_get64(header + 8);
    return length <= (protocol_get32(header) == GET_CHATS ? LOAD_FRAME_MOST : RECORD_MOST);
}

/* How many bytes were whole frames; SIZE_MAX when the stream can't be trusted. */
static size_t take_frames(struct bot *bot, const char *bytes, size_t n)
{
    size_t at = 0;
    while (n - at >= SERVER_HEADER) {
        const char *header = bytes + at;
        if (!length_is_fine(header)) {
            protocol_error(bot, header, "more than any frame can have");
            return SIZE_MAX;
        }
        struct span text = {header + SERVER_HEADER, protocol_get64(header + 8)};
        if (n - at - SERVER_HEADER < text.n)
            break;
        if (!bot_frame(bot, protocol_get32(header), protocol_get32(header + 4), text)) {
            protocol_error(bot, header, "which nothing asked for");
            return SIZE_MAX;
        }
        at += SERVER_HEADER + text.n;
    }
    return at;
}

/* How many bytes the frame has that begins here, as far as one can see. */
static size_t frame_bytes(const struct buf *in)
{
    return SERVER_HEADER + (in->n < SERVER_HEADER ? 0 : (size_t)protocol_get64(in->at + 8));
}

/* Reads behind what is there: how many bytes came, or what net_read says. */
static ssize_t read_more(struct bot *bot, char *to, size_t room)
{
    struct worker *worker = bot->worker;
    ssize_t got = net_read(bot->fd, to, room);
    worker->now = clock_now();
    if (got > 0)
        counter_add(&worker_tally(worker, worker->now)->counts[COUNT_BYTES_IN], (uint64_t)got);
    return got;
}

/* The usual way: into the worker's memory, from which only half a frame is kept. */
static ssize_t read_small(struct bot *bot)
{
    char *scratch = bot->worker->scratch;
    size_t kept = bot->in.n;
    if (kept)
        memcpy(scratch, bot->in.at, kept);
    ssize_t got = read_more(bot, scratch + kept, WORKER_READ - kept);
    if (got <= 0)
        return got;
    size_t n = kept + (size_t)got, used = take_frames(bot, scratch, n);
    bot->in.n = 0;
    if (used == SIZE_MAX)
        bot->distrusted = true;
    else if (used < n && !buf_append(&bot->in, scratch + used, n - used))
        worker_die("no memory");
    if (bot->in.n == 0 && bot->in.room > KEEP_MOST)
        buf_free(&bot->in);
    return got;
}

/* For a frame that is longer than that: into the bot's own, until it is whole. */
static ssize_t read_large(struct bot *bot)
{
    if (!buf_reserve(&bot->in, WORKER_READ))
        worker_die("no memory");
    ssize_t got = read_more(bot, bot->in.at + bot->in.n, bot->in.room - bot->in.n);
    if (got <= 0)
        return got;
    bot->in.n += (uint32_t)got;
    size_t used = take_frames(bot, bot->in.at, bot->in.n);
    if (used == SIZE_MAX)
        bot->distrusted = true;
    else
        buf_drop(&bot->in, used);
    return got;
}

static void ended(struct bot *bot)
{
    struct worker *worker = bot->worker;
    bool expected = bot->place == BOT_PARTING;
    if (!expected) {
        events_error(bot, EVENT_READ_ERROR, 0);
        bot_lose(bot, bot->turned_away);
        return;
    }
    if (worker->profile->main == KIND_VISIT && bot->entered_at >= bot->began)
        worker_time(worker, KIND_VISIT, bot->began);
    events_finished(bot);
    forget(bot);
    if (visits_by_turns(bot) || (worker->profile->visits && worker_wants(worker, bot)))
        bot_come(bot);
    else if (worker_wants(worker, bot))
        retry(bot);
}

static void read_frames(struct bot *bot)
{
    ssize_t got = frame_bytes(&bot->in) < WORKER_READ / 2 ? read_small(bot) : read_large(bot);
    if (bot->distrusted) {
        bot->distrusted = false;
        bot_lose(bot, ERROR_PROTOCOL);
    } else if (got > 0) {
        if (bot->worker->seen_mode != MODE_ENTER) /* there it is who has arrived that counts */
            bot->worker->progress = bot->worker->now;
    } else if (got == 0) {
        ended(bot);
    } else if (errno != EAGAIN) {
        events_error(bot, EVENT_READ_ERROR, errno);
        bot_lose(bot, ERROR_RESET);
    }
}

/* ---- Writing ---- */

void bot_watch(struct bot *bot)
{
    bool deaf = bot->slow && bot->place == BOT_CHAT && bot->worker->seen_mode == MODE_RUN;
    uint32_t events = (deaf ? 0U : (uint32_t)EPOLLIN) | (bot_writes(bot) ? 0U : (uint32_t)EPOLLOUT);
    struct epoll_event event = {.events = events, .data.ptr = bot};
    if (bot->fd < 0 || events == bot->events || bot->place == BOT_CONNECTING)
        return;
    bot->events = events;
    if (epoll_ctl(bot->worker->epoll, EPOLL_CTL_MOD, bot->fd, &event) < 0)
        worker_die("epoll_ctl");
}

void bot_flush(struct bot *bot)
{
    if (bot->fd < 0 || bot->place == BOT_CONNECTING || bot->out.n == 0)
        return;
    ssize_t sent = net_send(bot->fd, (struct span){bot->out.at + bot->gone, bot->out.n - bot->gone});
    if (sent < 0) {
        events_error(bot, EVENT_WRITE_ERROR, errno);
        bot_lose(bot, ERROR_RESET);
        return;
    }
    counter_add(&worker_tally(bot->worker, bot->worker->now)->counts[COUNT_BYTES_OUT], (uint64_t)sent);
    bot->gone += (uint32_t)sent;
    if (bot->gone == bot->out.n) {
        if (bot->events & EPOLLOUT)
            bot->free_since = bot->worker->now;
        bot->gone = bot->out.n = 0;
        if (bot->out.room > KEEP_MOST && !bot->sends)
            buf_free(&bot->out);
    }
    bot_watch(bot);
}

void bot_event(struct bot *bot, uint32_t events)
{
    if (bot->fd < 0) /* it was closed by an event before */
        return;
    if (bot->place == BOT_CONNECTING) {
        finish_connecting(bot);
        return;
    }
    if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
        read_frames(bot);
    if (events & EPOLLOUT && bot->fd >= 0)
        bot_make_due(bot);
}
