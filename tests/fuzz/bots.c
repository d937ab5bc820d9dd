/* Fuzz target: any bytes as what a server sends, to a bot of the load generator. However they are cut, the bot ends up the same,
 * and what it keeps of them is no more than they were. */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "client/load/bot.h"
#include "client/load/events.h"
#include "client/load/modes.h"
#include "client/load/violation.h"
#include "common/clock.h"
#include "tests/fuzz/fuzz.h"

enum { HEAD = 2, INPUT_MOST = 1 << 16, ROOM = 64 };

/* The first byte says how: the profile by its lowest bits, and these. */
enum { PROFILE = 7, OPEN = 8 /* an open loop */, GOODBYE = 16 /* it is saying goodbye */, VERIFY = 64, AHEAD = 128 };

static const struct profile *const profiles[] = {&profile_thesis, &profile_rooms,  &profile_churn,
                                                 &profile_idle,   &profile_replay, &profile_slow};

/* A worker that never runs, with one bot that is connected. Its tally is opened once: that takes longer than most inputs. */
static struct stage {
    struct load load;
    struct worker worker;
    struct bot bot;
    struct tally tally;
    int peer;
} the_stage;

/* From within a chat, where it had a message on its way. */
static void say_goodbye(struct worker *worker, struct bot *bot)
{
    bot_head_for(bot, bot_room(bot, 0));
    bot->place = BOT_CHAT;
    bot_say(bot, worker->now);
    modes_enter(worker, MODE_QUIT);
}

static void set(struct stage *stage, uint8_t how)
{
    int pair[2];
    struct load_config *config = &stage->load.config;
    *config = (struct load_config){.profile = profiles[(how & PROFILE) % (sizeof profiles / sizeof *profiles)],
                                   .threads = 1,
                                   .clients = 1,
                                   .rooms = 1,
                                   .members = 1,
                                   .size = 64,
                                   .closed = !(how & OPEN),
                                   .window = 1,
                                   .verify = how & VERIFY,
                                   .ahead = how & AHEAD,
                                   .leave_chance = 0.05,
                                   .least_chats = 1};
    stage->load.voices = 1;
    stage->load.workers = &stage->worker;
    struct worker *worker = &stage->worker;
    memset(worker, 0, offsetof(struct worker, scratch));
    worker->load = &stage->load;
    worker->config = config;
    worker->profile = config->profile;
    worker->bots = &stage->bot;
    worker->n = worker->target = 1;
    worker->seen_mode = MODE_RUN;
    must(stage->tally.times[0].buckets || tally_open(&stage->tally), "no memory");
    worker->tallies = worker->tally = &stage->tally;
    worker->tally_begin = INT64_MIN;
    worker->tally_end = INT64_MAX;
    worker->epoll = epoll_create1(EPOLL_CLOEXEC);
    must(worker->epoll >= 0 && socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0, "%s",
         strerror(errno));
    stage->peer = pair[0];
    struct bot *bot = &stage->bot;
    struct epoll_event event = {.events = EPOLLIN};
    *bot = (struct bot){.worker = worker,
                        .fd = pair[1],
                        .events = EPOLLIN,
                        .turned_away = ERROR_CLOSED,
                        .slow = config->profile == &profile_slow,
                        .random = 7};
    must(epoll_ctl(worker->epoll, EPOLL_CTL_ADD, bot->fd, &event) == 0, "%s", strerror(errno));
    bot_new_name(bot);
    if (worker->profile->connected)
        worker->profile->connected(bot);
    else
        bot_name(bot);
    if (how & GOODBYE)
        say_goodbye(worker, bot);
}

static void strike(struct stage *stage)
{
    bot_close(&stage->bot);
    buf_free(&stage->bot.list);
    close(stage->peer);
    close(stage->worker.epoll);
    book_free(&stage->worker.book);
    agenda_free(&stage->worker.agenda);
    tally_clear(&stage->tally);
}

/* What it says goes nowhere. */
static void hush(struct stage *stage)
{
    char bytes[4096];
    for (struct bot *bot; (bot = stage->worker.due);) {
        stage->worker.due = bot->next_due;
        bot->due = false;
        bot_flush(bot);
    }
    while (recv(stage->peer, bytes, sizeof bytes, MSG_DONTWAIT) > 0)
        ;
}

/* In pieces of so many bytes, until it has lost its trust. */
static void feed(struct stage *stage, const char *at, size_t n, size_t piece)
{
    for (size_t fed = 0; fed < n && stage->bot.fd >= 0 && stage->worker.agenda.n == 0; fed += piece) {
        size_t some = n - fed < piece ? n - fed : piece;
        must(send(stage->peer, at + fed, some, MSG_NOSIGNAL) == (ssize_t)some, "%s", strerror(errno));
        bot_event(&stage->bot, EPOLLIN);
        hush(stage);
        must(stage->bot.in.n <= fed + some, "%u bytes kept of %zu", stage->bot.in.n, fed + some);
    }
}

/* All that can be told about what became of the bot, as text. */
static void describe(const struct stage *stage, uint64_t violations, char text[4 * ROOM])
{
    const struct bot *bot = &stage->bot;
    snprintf(text, 4 * ROOM,
             "place %d fd %d at %llu said %u seen %u kept %u errors %llu replayed %llu delivered %llu violations %llu",
             (int)bot->place, bot->fd >= 0, (unsigned long long)bot->at, bot->said, bot->seen, bot->in.n,
             (unsigned long long)tally_errors(&stage->tally),
             (unsigned long long)tally_count(&stage->tally, COUNT_REPLAYED),
             (unsigned long long)tally_count(&stage->tally, COUNT_DELIVERED), (unsigned long long)violations);
}

static void play(uint8_t how, const char *at, size_t n, size_t piece, char text[4 * ROOM])
{
    struct stage *stage = &the_stage;
    uint64_t before = violation_sum();
    set(stage, how);
    hush(stage);
    feed(stage, at, n, piece);
    describe(stage, violation_sum() - before, text);
    strike(stage);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char whole[4 * ROOM], pieces[4 * ROOM];
    if (n < HEAD || n > INPUT_MOST)
        return 0;
    const char *at = (const char *)bytes + HEAD;
    play(bytes[0], at, n - HEAD, INPUT_MOST, whole);
    play(bytes[0], at, n - HEAD, (size_t)bytes[1] + 1, pieces);
    must(strcmp(whole, pieces) == 0, "in one piece: %s; in pieces of %d: %s", whole, bytes[1] + 1, pieces);
    return 0;
}
