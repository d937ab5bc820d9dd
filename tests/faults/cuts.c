/* Resets and half-closes at every desk and on every belt: nobody is lost, every name is free again, no record is half stored. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "tests/faults/random.h"
#include "tests/faults/scenarios.h"
#include "tests/harness/census.h"
#include "tests/harness/checker.h"
#include "tests/harness/rows.h"

enum {
    BURST = 24,        /* clients cut at once: that many ride a belt together */
    HALLS = 5,         /* chats they are in */
    BURSTS_A_SET = 20, /* then there are new chats: who enters one is sent all that was said there */
    PAUSE_MOST_US = 400
};

/* How a client ends. */
enum cut { RESET, CLOSE, HALF_CLOSE, CUTS };
/* When all of a burst have asked for their passage: each is cut at once; or all when all have asked; or after a while. */
enum timing { AT_ONCE, TOGETHER, AFTER_A_WHILE, TIMINGS };

enum passage {
    GATE_TO_NAME,
    NAME_TO_LOBBY,
    LOBBY_TO_ROOM,
    ROOM_TO_LOBBY,
    LOBBY_TO_NAME,
    ROOM_TO_NAME,
    NAME_TO_BYE,
    BYE_TO_GATE,
    WHOLE_WALK, /* all of it in one write: the cut overtakes whatever has not been read */
    PASSAGES
};

struct walker {
    struct client *client;
    char *name, *hall;
    enum cut cut;
    struct bytes requests; /* what it asks for when it is about to be cut */
    unsigned messages;     /* how many of them are messages, the last ones it made */
};

struct play {
    struct server *server;
    struct random random;
    unsigned set; /* of chats */
    struct walker walkers[BURST];
    unsigned said;                /* messages ever made; each has a number */
    unsigned char *owed, *stored; /* by number: must be in a file; is in one */
    unsigned most;
};

static char *hall_name(unsigned set, unsigned i)
{
    return trial_text("hall-%u-%u", set, i);
}

/* The text of a message, told by its number. */
static char *text_of(unsigned number)
{
    return trial_text("%u %s.", number, repeated("x", number % 7 * 150));
}

static void add_message(struct play *play, struct walker *walker)
{
    check(play->said < play->most, "too many messages");
    frame_say(&walker->requests, SEND_MESSAGE, text_of(play->said++));
    walker->messages++;
}

static void make_halls(struct play *play)
{
    struct client *maker = client_login(play->server, "maker");
    for (unsigned i = 0; i < HALLS; i++)
        client_create(maker, hall_name(play->set, i));
    client_quit(maker);
}

static void enter(struct walker *walker)
{
    struct frame got;
    client_say(walker->client, CONNECT_CHAT, walker->hall);
    do
        got = client_next(walker->client);
    while (got.request == GET_CHATS);
    check(got.request == CONNECT_CHAT && got.response == SUCCESS, "{%d,%d} for one who wants to enter", got.request,
          got.response);
}

/* Takes the client to the desk from which it will go. */
static void lead(struct walker *walker, enum passage passage)
{
    bool named = passage != GATE_TO_NAME && passage != NAME_TO_LOBBY && passage != NAME_TO_BYE && passage != WHOLE_WALK;
    if (named)
        client_set_name(walker->client, walker->name);
    if (passage == ROOM_TO_LOBBY || passage == ROOM_TO_NAME)
        enter(walker);
    if (passage == BYE_TO_GATE)
        client_ask(walker->client, DISCONNECT, "", DISCONNECT, SUCCESS, "");
}

static void add_walk(struct play *play, struct walker *walker)
{
    frame_say(&walker->requests, SET_NAME, walker->name);
    for (int i = 0; i < 2; i++) {
        frame_say(&walker->requests, CONNECT_CHAT, walker->hall);
        add_message(play, walker);
        add_message(play, walker);
        frame_say(&walker->requests, LEAVE_CHAT, "");
        frame_say(&walker->requests, GET_CHATS, "");
    }
    frame_say(&walker->requests, CONNECT_CHAT, walker->hall);
    add_message(play, walker);
    frame_say(&walker->requests, DISCONNECT, "");
}

/* What makes it go there, and now and then what it asks for when it is there. */
static void ask(struct play *play, struct walker *walker, enum passage passage)
{
    bool more = random_below(&play->random, 2);
    struct bytes *requests = &walker->requests;
    switch (passage) {
    case NAME_TO_LOBBY:
        frame_say(requests, SET_NAME, walker->name);
        if (more)
            frame_say(requests, GET_CHATS, "");
        break;
    case LOBBY_TO_ROOM:
        frame_say(requests, CONNECT_CHAT, walker->hall);
        if (more)
            add_message(play, walker);
        break;
    case ROOM_TO_LOBBY:
        if (more)
            add_message(play, walker);
        frame_say(requests, LEAVE_CHAT, "");
        break;
    case ROOM_TO_NAME:
        if (more)
            add_message(play, walker);
        frame_say(requests, DISCONNECT, "");
        break;
    case LOBBY_TO_NAME:
    case NAME_TO_BYE:
        frame_say(requests, DISCONNECT, "");
        break;
    case WHOLE_WALK:
        add_walk(play, walker);
        break;
    case GATE_TO_NAME:
    case BYE_TO_GATE:
    case PASSAGES:
        break;
    }
}

static void cut(struct play *play, struct walker *walker)
{
    if (walker->cut == RESET)
        client_reset(walker->client);
    else if (walker->cut == CLOSE)
        client_close(walker->client);
    else
        client_half_close(walker->client);
    for (unsigned i = 0; walker->cut == HALF_CLOSE && i < walker->messages; i++)
        play->owed[play->said - 1 - i] = 1;
}

/* What was asked before a half-close is answered; then comes the end. */
static void hear_out(struct walker *walker)
{
    struct frame got;
    unsigned heard = 0;
    char *author = trial_text("%s\t", walker->name);
    while (client_next_or_end(walker->client, &got))
        heard +=
            got.request == RECEIVE_MESSAGE && got.n > strlen(author) && memcmp(got.text, author, strlen(author)) == 0;
    check(heard >= walker->messages, "%s sent %u messages before its half-close and heard %u", walker->name,
          walker->messages, heard);
}

static void pause_a_little(struct play *play)
{
    struct timespec pause = {.tv_nsec = 1000L * (long)random_below(&play->random, PAUSE_MOST_US)};
    nanosleep(&pause, NULL);
}

static void begin_burst(struct play *play, enum passage passage)
{
    for (unsigned i = 0; i < BURST; i++) {
        struct walker *walker = &play->walkers[i];
        trial_free(walker->requests.at);
        *walker = (struct walker){.client = client_open(play->server),
                                  .name = trial_text("w%u", i),
                                  .hall = hall_name(play->set, random_below(&play->random, HALLS)),
                                  .cut = (enum cut)random_below(&play->random, CUTS)};
        lead(walker, passage);
    }
}

/* Everybody asks for the passage and is cut off on it. */
static void cut_burst(struct play *play, enum passage passage)
{
    enum timing timing = (enum timing)random_below(&play->random, TIMINGS);
    unsigned first[BURST];
    for (unsigned i = 0; i < BURST; i++) {
        struct walker *walker = &play->walkers[i];
        ask(play, walker, passage);
        first[i] = play->said;
        client_push(walker->client, walker->requests.at, walker->requests.n);
        if (timing == AT_ONCE)
            cut(play, walker);
    }
    if (timing == AFTER_A_WHILE)
        pause_a_little(play);
    for (unsigned i = 0; timing != AT_ONCE && i < BURST; i++) {
        unsigned said = play->said;
        play->said = first[i]; /* as it was when this one had asked */
        cut(play, &play->walkers[i]);
        play->said = said;
    }
}

/* Once nothing is due any more every name is free: at the first try. */
static void claim_names(struct play *play)
{
    struct client *claimers[BURST];
    for (unsigned i = 0; i < BURST; i++)
        claimers[i] = client_login(play->server, play->walkers[i].name);
    for (unsigned i = 0; i < BURST; i++) {
        client_quit(claimers[i]);
        client_discard(claimers[i]);
    }
}

static void play_burst(struct play *play, enum passage passage)
{
    begin_burst(play, passage);
    cut_burst(play, passage);
    for (unsigned i = 0; i < BURST; i++) {
        if (play->walkers[i].cut == HALF_CLOSE)
            hear_out(&play->walkers[i]);
        client_discard(play->walkers[i].client);
    }
    census(play->server);
    claim_names(play);
}

/* Each record of the file is the whole text of its number, and there once. */
static void check_hall(struct play *play, const char *hall)
{
    struct chat_file file = chat_file_read(server_chat_path(play->server, hall));
    for (size_t i = 0; i < file.count; i++) {
        const struct piece *record = &file.records[i];
        const char *text = memchr(record->at, '\n', record->n);
        size_t n = text ? record->n - (size_t)(text + 1 - record->at) : 0;
        unsigned number = text ? (unsigned)strtoul(text + 1, NULL, 10) : play->said;
        char *expected = text_of(number < play->said ? number : 0);
        check(number < play->said && n == strlen(expected) && memcmp(text + 1, expected, n) == 0,
              "a record is not what was sent: %s", shown(record->at, record->n));
        check(!play->stored[number], "message %u is stored twice", number);
        play->stored[number] = 1;
    }
}

static void check_stored(struct play *play)
{
    for (unsigned set = 0; set <= play->set; set++) {
        for (unsigned i = 0; i < HALLS; i++)
            check_hall(play, hall_name(set, i));
    }
    for (unsigned i = 0; i < play->said; i++)
        check(play->stored[i] || !play->owed[i], "message %u was sent before a half-close and is not stored", i);
}

static void cut_all(const struct trial *trial, const char *room_threads)
{
    struct launch launch = {.arch = trial->arch, .options = {"--room-linger", "0", "--room-threads", room_threads}};
    struct play play = {.server = server_start(&launch), .random = random_seeded(random_first_seed())};
    unsigned bursts = scaled(1000, 100);
    play.most = bursts * BURST * 5;
    play.owed = trial_alloc(play.most);
    play.stored = trial_alloc(play.most);
    make_halls(&play);
    struct count before = census(play.server);
    unsigned descriptors = server_descriptors(play.server);
    for (unsigned i = 0; i < bursts; i++) {
        if (i % BURSTS_A_SET == BURSTS_A_SET - 1) {
            play.set++;
            make_halls(&play);
        }
        play_burst(&play, (enum passage)(i % PASSAGES));
    }
    for (int64_t until = time_limit();
         census(play.server).stages != before.stages || server_descriptors(play.server) != descriptors;)
        look_again(until, trial_text("all rooms to end: there are %u descriptors, %u at the start",
                                     server_descriptors(play.server), descriptors));
    check_stored(&play);
    finish(play.server);
}

static void cut_with_one_room_thread(const struct trial *trial)
{
    cut_all(trial, "1");
}

static void cut_with_many_room_threads(const struct trial *trial)
{
    cut_all(trial, "256");
}

/* Takes a copy of each descriptor that the server has and that is a socket; how many. As a debugger does, or, for a moment,
 * whoever looks at /proc/PID/fd. */
static unsigned hold_sockets(const struct server *server, int *held, unsigned most)
{
    unsigned n = 0;
    struct stat stat;
    int process = (int)syscall(SYS_pidfd_open, server->pid, 0);
    if (process < 0)
        trial_skip("pidfd_open: %s", strerror(errno));
    for (int fd = 3; fd < 1024 && n < most; fd++) {
        int copy = (int)syscall(SYS_pidfd_getfd, process, fd, 0);
        if (copy < 0 && errno != EBADF)
            trial_skip("pidfd_getfd: %s", strerror(errno));
        if (copy >= 0 && fstat(copy, &stat) == 0 && S_ISSOCK(stat.st_mode))
            held[n++] = copy;
        else if (copy >= 0)
            close(copy);
    }
    close(process);
    return n;
}

/* The server's close of a socket is not the end of it while somebody else holds it too. */
static void cut_while_sockets_are_held(const struct trial *trial)
{
    enum { CLIENTS = 20, HELD_MOST = 100 };
    struct server *server = server_start(&(struct launch){.arch = trial->arch});
    struct client *clients[CLIENTS];
    int held[HELD_MOST];
    for (unsigned i = 0; i < CLIENTS; i++)
        clients[i] = client_login(server, trial_text("held%u", i));
    unsigned n = hold_sockets(server, held, HELD_MOST);
    check(n >= CLIENTS, "only %u sockets of the server were found", n);
    for (unsigned i = 0; i < CLIENTS; i++) {
        if (i % 2)
            client_reset(clients[i]);
        else
            client_close(clients[i]);
    }
    /* Others come in their places, and are the only ones the server hears of. */
    for (unsigned i = 0; i < CLIENTS; i++) {
        client_discard(clients[i]);
        clients[i] = client_open(server);
        client_retry_name(clients[i], trial_text("held%u", i));
    }
    for (unsigned i = 0; i < CLIENTS; i++)
        client_quit(clients[i]);
    finish(server);
    while (n > 0)
        close(held[--n]);
}

const struct scenario cuts_faults[] = {
    {"cut_while_sockets_are_held", cut_while_sockets_are_held},
    {"cut_with_one_room_thread", cut_with_one_room_thread},
    {"cut_with_many_room_threads", cut_with_many_room_threads},
    {0},
};
