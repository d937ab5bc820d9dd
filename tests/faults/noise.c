/* Random bytes by the ten thousand at every desk, while a canary in the same chat measures its round trip. */
#include <poll.h>
#include <string.h>

#include "tests/faults/random.h"
#include "tests/faults/scenarios.h"
#include "tests/harness/census.h"
#include "tests/harness/rows.h"

enum {
    SLOTS = 40,            /* streams under way at a time */
    STREAMS_A_ROOM = 250,  /* then the canary moves on: who enters a chat is sent all that was said there */
    ROUND_TRIP_MOST = 1000 /* milliseconds */
};

enum noise { RANDOM_BYTES, RANDOM_FRAMES, GARBAGE_BEHIND, FLIPPED_BITS, RANDOM_LENGTHS, NOISES };
enum ending { HALF_CLOSE, CLOSE, RESET, ENDINGS };

/* One connection and what it says. */
struct stream {
    struct client *client; /* NULL: the slot is free */
    uint64_t seed;
    struct random random;
    struct bytes bytes;
    size_t at;
    size_t piece; /* what is sent at once at most */
    enum ending ending;
    bool said; /* all of it, and its end too */
    int64_t until;
};

struct play {
    struct server *server;
    struct stream streams[SLOTS];
    struct client *canary;
    uint64_t first_seed;
    unsigned begun, ended, total;
    unsigned room, beats;
    int64_t beat_at; /* when the canary's message was sent */
    int64_t slowest;
    bool beating;
};

static void add_random_bytes(struct stream *stream, unsigned n)
{
    for (unsigned i = 0; i < n; i++) {
        char byte = (char)random_next(&stream->random);
        bytes_add(&stream->bytes, &byte, 1);
    }
}

/* Mostly a number of the protocol. */
static int32_t random_kind(struct random *random)
{
    return random_below(random, 8) ? (int32_t)random_below(random, REQUEST_KINDS) : (int32_t)random_next(random);
}

/* A frame that is well made, what it asks for being another matter. No goodbyes: they would end most streams early. */
static void add_frame(struct stream *stream)
{
    static const char *const texts[] = {"",          "hall-0",    "a text",       "canary\npsst",
                                        "0\nhall-1", "7\nhall-0", "nobody\nhello"};
    struct random *random = &stream->random;
    int32_t kind = random_kind(random);
    if (kind == DISCONNECT)
        kind = LEAVE_CHAT;
    if (random_below(random, 2)) {
        frame_say(&stream->bytes, kind, texts[random_below(random, sizeof texts / sizeof *texts)]);
        return;
    }
    unsigned n = random_below(random, 4) ? random_below(random, 40) : random_below(random, 3000);
    frame_header(&stream->bytes, kind, n);
    add_random_bytes(stream, n);
}

static void flip_bits(struct stream *stream, size_t from)
{
    for (unsigned i = 1 + random_below(&stream->random, 20); i > 0 && stream->bytes.n > from; i--) {
        size_t at = from + random_below(&stream->random, (unsigned)(stream->bytes.n - from));
        stream->bytes.at[at] = (char)(stream->bytes.at[at] ^ 1 << random_below(&stream->random, 8));
    }
}

static void add_noise(struct stream *stream)
{
    static const uint64_t lengths[] = {0, 1, 255, 65535, 65536, 65792, 65793, UINT32_MAX, INT64_MAX, UINT64_MAX};
    struct random *random = &stream->random;
    enum noise noise = (enum noise)random_below(random, NOISES);
    size_t from = stream->bytes.n;
    for (unsigned i = random_below(random, 12); noise != RANDOM_BYTES && i > 0; i--)
        add_frame(stream);
    if (noise == FLIPPED_BITS)
        flip_bits(stream, from);
    if (noise == RANDOM_LENGTHS)
        frame_header(&stream->bytes, random_kind(random),
                     lengths[random_below(random, sizeof lengths / sizeof *lengths)]);
    if (noise != RANDOM_FRAMES && noise != FLIPPED_BITS)
        add_random_bytes(stream, random_below(random, 8) ? random_below(random, 200) : random_below(random, 8000));
}

/* From another address before its ports are used up: to connect again from one can take a second, and so long the canary
 * isn't heard. */
static struct client *connect_stream(const struct play *play)
{
    enum { FROM_ONE_ADDRESS = 10000 };
    return client_open_from(play->server, trial_text("127.0.0.%u", 2 + play->begun / FROM_ONE_ADDRESS));
}

/* The next stream: the way to one of the desks, then noise. */
static void begin(struct play *play, struct stream *stream)
{
    struct client *client = connect_stream(play);
    uint64_t seed = play->first_seed + play->begun++;
    *stream = (struct stream){.client = client, .seed = seed, .random = random_seeded(seed)};
    unsigned desk = random_below(&stream->random, 3);
    stream->ending = (enum ending)random_below(&stream->random, ENDINGS);
    stream->until = time_limit();
    if (desk >= 1)
        frame_say(&stream->bytes, SET_NAME, trial_text("n%llu", (unsigned long long)seed));
    if (desk == 2)
        frame_say(&stream->bytes, CONNECT_CHAT, trial_text("hall-%u", play->room));
    add_noise(stream);
    stream->piece = stream->bytes.n / (1 + random_below(&stream->random, 40)) + 1;
}

static void end(struct play *play, struct stream *stream)
{
    client_discard(stream->client);
    trial_free(stream->bytes.at);
    stream->client = NULL;
    play->ended++;
}

/* Whatever comes is a frame as the protocol has them. */
static void check_frames(const struct stream *stream)
{
    struct frame got;
    while (client_frame(stream->client, &got))
        check(got.request >= 0 && got.request < REQUEST_KINDS && (got.response == SUCCESS || got.response == FAILURE) &&
                  (got.response == SUCCESS || got.n > 0),
              "TEST_SEED=%llu: {%d,%d,\"%s\"} is no answer", (unsigned long long)stream->seed, got.request,
              got.response, shown(got.text, got.n));
}

/* Says more of it; when all is said it ends as it was meant to. */
static void say(struct play *play, struct stream *stream)
{
    size_t left = stream->bytes.n - stream->at;
    ssize_t sent =
        left ? client_push(stream->client, stream->bytes.at + stream->at, left < stream->piece ? left : stream->piece)
             : 0;
    check(sent >= 0, "TEST_SEED=%llu: the connection broke while something was said", (unsigned long long)stream->seed);
    stream->at += (size_t)sent;
    if (stream->at < stream->bytes.n)
        return;
    stream->said = true;
    if (stream->ending == HALF_CLOSE) {
        client_half_close(stream->client);
        return;
    }
    if (stream->ending == RESET)
        client_reset(stream->client);
    end(play, stream);
}

/* Reads what came. Who has half-closed is answered, in whole frames, and then the server closes; to others it does so when it
 * gives them up. */
static void hear(struct play *play, struct stream *stream)
{
    client_fill(stream->client, now_ms());
    check_frames(stream);
    if (stream->client->end == NOT_ENDED)
        return;
    check(stream->client->end == ENDED, "TEST_SEED=%llu: the connection was reset", (unsigned long long)stream->seed);
    check(stream->client->at == stream->client->in.n, "TEST_SEED=%llu: the server closed within a frame",
          (unsigned long long)stream->seed);
    end(play, stream);
}

/* The canary's next message, in the chat of the streams that begin now. */
static void send_beat(struct play *play)
{
    unsigned room = play->begun / STREAMS_A_ROOM;
    struct bytes requests = {0};
    if (room != play->room) {
        frame_say(&requests, LEAVE_CHAT, "");
        frame_say(&requests, CREATE_CHAT, trial_text("hall-%u", room));
        frame_say(&requests, CONNECT_CHAT, trial_text("hall-%u", room));
        play->room = room;
    }
    frame_say(&requests, SEND_MESSAGE, trial_text("beat %u", ++play->beats));
    client_write(play->canary, requests.at, requests.n);
    trial_free(requests.at);
    play->beat_at = now_ms();
    play->beating = true;
}

/* True when it is the record of the canary's last message. */
static bool is_beat(const struct play *play, const struct frame *got)
{
    char *text = trial_text("\nbeat %u", play->beats);
    size_t n = strlen(text);
    bool is = got->request == RECEIVE_MESSAGE && got->n > n && memcmp(got->text, "canary\t", 7) == 0 &&
              memcmp(got->text + got->n - n, text, n) == 0;
    trial_free(text);
    return is;
}

static void hear_canary(struct play *play)
{
    struct frame got;
    client_fill(play->canary, now_ms());
    check(play->canary->end == NOT_ENDED, "the canary is dead, before TEST_SEED=%llu",
          (unsigned long long)play->first_seed + play->begun);
    while (client_frame(play->canary, &got)) {
        if (is_beat(play, &got))
            play->beating = false;
    }
    int64_t passed = now_ms() - play->beat_at;
    check(passed < stretched(ROUND_TRIP_MOST), "the canary's message took %d ms, before TEST_SEED=%llu", (int)passed,
          (unsigned long long)play->first_seed + play->begun);
    if (!play->beating && passed > play->slowest)
        play->slowest = passed;
}

static void wait_for_any(const struct play *play)
{
    struct pollfd ready[SLOTS + 1] = {{.fd = play->canary->fd, .events = POLLIN}};
    for (unsigned i = 0; i < SLOTS; i++) {
        const struct stream *stream = &play->streams[i];
        ready[i + 1].fd = stream->client && stream->client->end == NOT_ENDED ? stream->client->fd : -1;
        ready[i + 1].events = (short)(POLLIN | (stream->said ? 0 : POLLOUT));
    }
    poll(ready, SLOTS + 1, 10);
}

static void step(struct play *play)
{
    if (!play->beating)
        send_beat(play);
    for (unsigned i = 0; i < SLOTS; i++) {
        struct stream *stream = &play->streams[i];
        if (!stream->client && play->begun < play->total)
            begin(play, stream);
        if (stream->client && !stream->said)
            say(play, stream);
        if (stream->client)
            hear(play, stream);
        check(!stream->client || now_ms() < stream->until, "TEST_SEED=%llu: a stream does not end",
              (unsigned long long)stream->seed);
    }
    wait_for_any(play);
    hear_canary(play);
}

static void random_streams(const struct trial *trial)
{
    struct launch launch = {.arch = trial->arch, .options = {"--max-chats", "1000", "--room-linger", "0"}};
    struct play play = {.server = server_start(&launch), .first_seed = random_first_seed()};
    play.total = scaled(100000, 1000);
    play.canary = client_login(play.server, "canary");
    client_create(play.canary, "hall-0");
    client_enter(play.canary, "hall-0");
    while (play.ended < play.total)
        step(&play);
    struct bytes log = file_read(play.server->out);
    const char *alarm = strstr(log.at, "\"level\":\"error\"");
    check(!alarm, "noise alarms the log: %s", alarm ? shown(alarm, strcspn(alarm, "\n")) : "");
    while (play.beating)
        hear_canary(&play);
    finish(play.server);
}

const struct scenario noise_faults[] = {
    {"random_streams", random_streams},
    {0},
};
