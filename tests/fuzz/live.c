/* The live fuzzer: many connections play damaged scripts against the real server while a canary must go on being served. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/harness/census.h"
#include "tests/harness/client.h"
#include "tests/harness/suite.h"

enum {
    PLAYERS = 48,
    CHATS = 12,
    MESSAGE = 1000, /* --max-message */
    STEPS = 200,    /* of players between two words of the canary */
    ANSWER_MOST = 1 << 20
};

/* One connection: what it sends is given by the seed and its number alone. */
struct player {
    struct client *client; /* NULL: the next connection is still to be made */
    uint64_t random;
    struct bytes script;
    size_t at;
    unsigned patience; /* looks at its answers after it has sent all */
    char head[SERVER_HEADER];
    size_t head_n;
    uint64_t text; /* bytes of an answer's text that are still to come */
};

static struct player players[PLAYERS];
static unsigned long connections, bytes_sent, answers;
static uint64_t seed;

static uint64_t roll(struct player *player, uint64_t below)
{
    uint64_t *x = &player->random;
    *x ^= *x << 13;
    *x ^= *x >> 7;
    *x ^= *x << 17;
    return below ? *x % below : 0;
}

/* ---- Scripts ---- */

enum { FRAMES_MOST = 64 };

/* Scripts are made in the same few buffers again and again: a trial gives no memory back before its end. */
static struct bytes *buffer(unsigned which)
{
    static struct bytes buffers[3];
    buffers[which].n = 0;
    bytes_add(&buffers[which], "", 0);
    return &buffers[which];
}

/* The frames of a script, and where each begins. */
struct frames {
    struct bytes *bytes;
    size_t at[FRAMES_MOST + 1], n;
};

__attribute__((format(printf, 3, 4))) static void add(struct frames *frames, int32_t request, const char *format, ...)
{
    static char text[2 * MESSAGE];
    va_list args;
    if (frames->n == FRAMES_MOST)
        return;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    frame_say(frames->bytes, request, text);
    frames->at[++frames->n] = frames->bytes->n;
}

static unsigned roll_small(struct player *player, unsigned below)
{
    return (unsigned)roll(player, below);
}

static void say_something(struct player *player, struct frames *frames)
{
    static char text[MESSAGE + 600];
    size_t n = roll(player, 8) ? 1 + roll(player, 40) : roll(player, sizeof text - 1);
    memset(text, 'a' + (int)roll(player, 26), n);
    text[n] = '\0';
    if (roll(player, 5))
        add(frames, SEND_MESSAGE, "%s", text);
    else
        add(frames, PRIVATE_MESSAGE, "f%u\n%s", roll_small(player, PLAYERS), text);
}

/* A person who does what people do. */
static struct frames good_script(struct player *player)
{
    struct frames frames = {.bytes = buffer(0)};
    add(&frames, SET_NAME, "f%u", roll_small(player, PLAYERS));
    for (uint64_t visits = 1 + roll(player, 4); visits > 0; visits--) {
        unsigned chat = roll_small(player, CHATS);
        add(&frames, CREATE_CHAT, "c%u", chat);
        if (roll(player, 4))
            add(&frames, CONNECT_CHAT, "c%u", chat);
        else
            add(&frames, CONNECT_FROM, "%u\nc%u", roll_small(player, 50), chat);
        for (uint64_t words = roll(player, 6); words > 0; words--)
            say_something(player, &frames);
        add(&frames, LEAVE_CHAT, "%s", "");
        if (roll(player, 2))
            add(&frames, GET_CHATS, "%s", "");
    }
    if (roll(player, 2))
        add(&frames, DISCONNECT, "%s", "");
    return frames;
}

/* Frames in another order, some of them twice or not at all. */
static struct bytes *reorder(struct player *player, const struct frames *frames)
{
    struct bytes *out = buffer(1);
    for (size_t i = 0; i < frames->n; i++) {
        size_t which = roll(player, 4) ? i : roll(player, frames->n);
        if (roll(player, 10))
            bytes_add(out, frames->bytes->at + frames->at[which], frames->at[which + 1] - frames->at[which]);
    }
    return out;
}

static void flip_bits(struct player *player, struct bytes *bytes)
{
    for (uint64_t flips = 1 + roll(player, 8); bytes->n && flips > 0; flips--)
        bytes->at[roll(player, bytes->n)] ^= (char)(1 << roll(player, 8));
}

/* A length where one stands, or anywhere else. */
static void write_length(struct player *player, const struct frames *frames, struct bytes *bytes)
{
    static const uint64_t lengths[] = {
        0,     1,        255,        MESSAGE,           MESSAGE + 1,     MESSAGE + 256, MESSAGE + 257,
        65536, 1u << 31, UINT32_MAX, UINT64_C(1) << 63, UINT64_MAX - 11, UINT64_MAX};
    uint64_t length = lengths[roll(player, sizeof lengths / sizeof *lengths)];
    size_t at = roll(player, 4) ? frames->at[roll(player, frames->n)] + 4 : roll(player, bytes->n);
    if (at + 8 <= bytes->n)
        protocol_put64(bytes->at + at, length);
}

static struct bytes *insert(struct player *player, const struct bytes *bytes)
{
    struct bytes *out = buffer(2);
    size_t at = roll(player, bytes->n + 1);
    bytes_add(out, bytes->at, at);
    for (uint64_t n = 1 + roll(player, 40); n > 0; n--)
        bytes_add(out, &(char){(char)roll(player, 256)}, 1);
    bytes_add(out, bytes->at + at, bytes->n - at);
    return out;
}

/* A script, damaged in one way, in several or not at all; good until the next one is made. */
static struct bytes *damaged_script(struct player *player)
{
    struct frames frames = good_script(player);
    struct bytes *out = frames.bytes;
    switch (roll(player, 7)) {
    case 0:
        break;
    case 1:
        flip_bits(player, out);
        break;
    case 2:
        out->n = roll(player, out->n);
        break;
    case 3:
        write_length(player, &frames, out);
        break;
    case 4:
        return reorder(player, &frames);
    case 5:
        return insert(player, out);
    default:
        out = reorder(player, &frames);
        flip_bits(player, out);
        out = insert(player, out);
    }
    return out;
}

/* ---- Players ---- */

static void begin(struct player *player, struct server *server)
{
    uint64_t random = (seed + ++connections) * UINT64_C(0x9e3779b97f4a7c15);
    struct bytes script = player->script; /* its memory serves again */
    *player = (struct player){.client = client_open(server), .random = random ? random : 1, .patience = 3};
    const struct bytes *damaged = damaged_script(player);
    script.n = 0;
    bytes_add(&script, damaged->at, damaged->n);
    player->script = script;
}

/* What comes must be frames whatever was sent. */
static void look_at(struct player *player, const char *bytes, size_t n)
{
    while (n > 0) {
        if (player->text > 0) {
            size_t step = n < player->text ? n : (size_t)player->text;
            player->text -= step;
            bytes += step;
            n -= step;
            continue;
        }
        player->head[player->head_n++] = *bytes++;
        n--;
        if (player->head_n < SERVER_HEADER)
            continue;
        player->head_n = 0;
        int32_t request = protocol_get32(player->head), response = protocol_get32(player->head + 4);
        player->text = protocol_get64(player->head + 8);
        check(response == 0 || response == 1, "an answer {%d,%d} of %llu bytes", request, response,
              (unsigned long long)player->text);
        check(player->text <= ANSWER_MOST, "an answer {%d,%d} of %llu bytes", request, response,
              (unsigned long long)player->text);
        answers++;
    }
}

/* Reads what is there; false when the server has closed. */
static bool hear(struct player *player)
{
    static char step[65536];
    ssize_t n = recv(player->client->fd, step, sizeof step, MSG_DONTWAIT);
    if (n > 0)
        look_at(player, step, (size_t)n);
    return n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR));
}

static void leave(struct player *player)
{
    if (roll(player, 3) == 0)
        client_reset(player->client);
    else
        client_close(player->client);
    player->client = NULL;
}

/* One step: a piece of the script, a look at the answers, or the end. */
static void play(struct player *player, struct server *server)
{
    if (!player->client) {
        begin(player, server);
        return;
    }
    size_t left = player->script.n - player->at;
    if (roll(player, 3) && !hear(player)) {
        leave(player);
    } else if (left > 0) {
        size_t piece = roll(player, 3) ? left : 1 + roll(player, left < 30 ? left : 30);
        ssize_t sent = client_push(player->client, player->script.at + player->at, piece);
        player->at += sent > 0 ? (size_t)sent : 0;
        bytes_sent += sent > 0 ? (size_t)sent : 0;
        if (sent < 0 || roll(player, 200) == 0) /* in the middle of it */
            leave(player);
        else if (player->at == player->script.n && roll(player, 2))
            client_half_close(player->client);
    } else if (player->patience-- == 0) {
        leave(player);
    }
}

/* ---- The scenario ---- */

static unsigned long setting(const char *name, unsigned long usual)
{
    const char *text = getenv(name);
    return text && *text ? strtoul(text, NULL, 10) : usual;
}

static void live(const struct trial *trial)
{
    struct launch launch = {.arch = trial->arch,
                            .options = {"--max-message", "1000", "--max-chats", "100", "--name-timeout", "1",
                                        "--room-linger", "0", "--room-threads", "5"}};
    int64_t longest = 0;
    unsigned long words = 0;
    seed = setting("TEST_SEED", (unsigned long)getpid() * 2654435761u + (unsigned long)now_ms());
    fprintf(stderr, "TEST_SEED=%llu\n", (unsigned long long)seed);
    struct server *server = server_start(&launch);
    struct client *canary = client_login(server, "canary");
    client_create(canary, "cage");
    client_enter(canary, "cage");
    memset(players, 0, sizeof players);
    struct player any = {.random = seed | 1};
    int64_t end = now_ms() + (int64_t)setting("FUZZ_SECONDS", 10) * 1000;
    while (now_ms() < end) {
        for (int i = 0; i < STEPS; i++)
            play(&players[roll(&any, PLAYERS)], server);
        int64_t before = now_ms();
        client_message(canary, "canary", trial_text("word %lu", words++));
        longest = now_ms() - before > longest ? now_ms() - before : longest;
    }
    for (size_t i = 0; i < PLAYERS; i++)
        if (players[i].client)
            leave(&players[i]);
    client_leave(canary);
    client_quit(canary);
    check(connections > PLAYERS && answers > PLAYERS && words > 0,
          "%lu connections, %lu answers, %lu words of the canary", connections, answers, words);
    finish(server);
    fprintf(stderr, "live: %lu connections, %lu bytes sent, %lu answers, the canary waited %lld ms at most\n",
            connections, bytes_sent, answers, (long long)longest);
}

int main(int argc, char **argv)
{
    static const struct scenario scenarios[] = {{"live", live}, {0}};
    static const struct scenario *const themes[] = {scenarios, NULL};
    return suite_run("live", themes, argc, argv);
}
