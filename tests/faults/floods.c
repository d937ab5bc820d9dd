/* Bytes that no client would send: impossible lengths, half frames, slow bytes, other protocols. */
#include <string.h>
#include <sys/resource.h>

#include "tests/faults/scenarios.h"
#include "tests/harness/census.h"
#include "tests/harness/rows.h"

enum desk { AT_NAME, AT_LOBBY, AT_ROOM, DESKS };

/* A chat "hall" that everybody may enter. */
static void make_hall(struct server *server)
{
    struct client *maker = client_login(server, "maker");
    client_create(maker, "hall");
    client_quit(maker);
}

static struct client *client_at(struct server *server, enum desk desk)
{
    static unsigned made;
    struct client *client = client_open(server);
    if (desk >= AT_LOBBY)
        client_set_name(client, trial_text("c%u", made++));
    if (desk == AT_ROOM)
        client_enter(client, "hall");
    return client;
}

static void is_given_up(struct client *client, const char *sentence)
{
    client_expect(client, WRONG_REQUEST, FAILURE, sentence);
    client_expect_end(client);
}

/* One who claims such a length: told and shown out, whatever follows and wherever he stands; and as well when all that
 * leads there was asked in the same write. */
static void claim(struct server *server, enum desk desk, int32_t request, uint64_t length)
{
    static unsigned made;
    struct client *there = client_at(server, desk), *hasty = client_open(server);
    struct bytes broken = {0}, all = {0};
    frame_header(&broken, request, length);
    bytes_add(&broken, "what follows is not read", 24);
    client_write(there, broken.at, broken.n);
    if (desk >= AT_LOBBY)
        frame_say(&all, SET_NAME, trial_text("h%u", made++));
    if (desk == AT_ROOM)
        frame_say(&all, CONNECT_CHAT, "hall");
    bytes_add(&all, broken.at, broken.n);
    client_write(hasty, all.at, all.n);
    is_given_up(there, SAY_FRAME_TOO_LONG);
    if (desk >= AT_LOBBY)
        client_expect(hasty, SET_NAME, SUCCESS, "");
    if (desk >= AT_LOBBY)
        client_expect_list(hasty, "hall\n");
    if (desk == AT_ROOM)
        client_expect(hasty, CONNECT_CHAT, SUCCESS, "hall");
    is_given_up(hasty, SAY_FRAME_TOO_LONG);
}

static void impossible_lengths(const struct trial *trial)
{
    static const uint64_t lengths[] = {UINT64_MAX,
                                       UINT64_C(1) << 63,
                                       (UINT64_C(1) << 63) - 1,
                                       UINT64_MAX - 11,
                                       UINT64_C(1) << 32,
                                       (UINT64_C(1) << 32) + 4,
                                       MESSAGE_MAX_DEFAULT + FRAME_SLACK + 1};
    static const int32_t others[] = {REQUEST_KINDS, -1, INT32_MAX, INT32_MIN};
    enum { LENGTHS = sizeof lengths / sizeof *lengths, OTHERS = sizeof others / sizeof *others };
    struct server *server = start_plain(trial);
    make_hall(server);
    size_t before = server_memory(server);
    for (int desk = 0; desk < DESKS; desk++) {
        for (int32_t kind = 0; kind < REQUEST_KINDS + OTHERS; kind++) {
            for (int i = 0; i < LENGTHS; i++)
                claim(server, (enum desk)desk, kind < REQUEST_KINDS ? kind : others[kind - REQUEST_KINDS], lengths[i]);
        }
    }
    double stated = cJSON_GetNumberValue(cJSON_GetObjectItem(server->started, "client_bytes"));
    check(!server_memory_is_its_own() || (double)server_memory(server) < (double)before + 4 * stated,
          "impossible lengths cost memory");
    finish(server);
}

/* So many descriptors for the test itself; the server takes what it may have by itself. */
static void need_descriptors(rlim_t n)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_max < n)
        trial_skip("%llu open files are needed", (unsigned long long)n);
    if (limit.rlim_cur >= n)
        return;
    limit.rlim_cur = n;
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* Reads what comes to all of them until each has an answer or an end; the most memory that the server had meanwhile. */
static size_t watch_memory(struct server *server, struct client *const clients[], unsigned n)
{
    size_t most = 0;
    unsigned answered = 0;
    for (int64_t until = time_limit(); answered < n; look_again(until, "half frames to be given up")) {
        size_t now = server_memory(server);
        most = now > most ? now : most;
        answered = 0;
        for (unsigned i = 0; i < n; i++) {
            client_fill(clients[i], now_ms());
            answered += clients[i]->in.n > clients[i]->at || clients[i]->end != NOT_ENDED;
        }
    }
    return most;
}

/* The beginning of the longest frame there is comes from each, in pieces that the server reads one by one. The most memory that it
 * took for that. */
static size_t send_halves(struct server *server, struct client *const clients[], unsigned n, size_t size)
{
    enum { PIECES = 4 };
    struct bytes half = {0};
    frame_header(&half, SEND_MESSAGE, MESSAGE_MAX_DEFAULT);
    bytes_add(&half, repeated("h", size), size);
    size_t before = server_memory(server);
    for (size_t piece = 0; piece < PIECES; piece++) {
        for (unsigned i = 0; i < n; i++)
            client_push(clients[i], half.at + piece * half.n / PIECES, half.n / PIECES);
        census_take(server); /* time for it to read them */
    }
    size_t most = watch_memory(server, clients, n);
    return most > before ? most - before : 0;
}

/* Half a frame from a thousand: what has come of each is kept, no more than is stated, for as long as a frame may take;
 * then they are told and go. Memory grows with what came, doubled at most, not with what was claimed. */
static void half_frames_of(const struct trial *trial, size_t size)
{
    enum { CLIENTS = 1000, ROOM = 1 << 20, LEAST = 1024 };
    const char *timeout = trial_text("%lld", (long long)(stretched(2000) + 999) / 1000);
    unsigned n = scaled(CLIENTS, 60);
    need_descriptors(n + 100);
    struct server *server = start_with(trial, "--name-timeout", timeout);
    struct client **clients = trial_alloc(n * sizeof(struct client *));
    make_hall(server);
    for (unsigned i = n; i-- > 0;) /* those at the name desk last: their time runs already */
        clients[i] = client_at(server, (enum desk)(i * DESKS / n));
    size_t grown = send_halves(server, clients, n, size);
    double stated = cJSON_GetNumberValue(cJSON_GetObjectItem(server->started, "client_bytes"));
    if (server_memory_is_its_own()) {
        check((double)grown < stated * n, "%zu bytes more for %u half frames, stated are %.0f each", grown, n, stated);
        check(grown < ROOM + n * (LEAST + 2 * size), "%zu bytes more for %u half frames of %zu", grown, n, size);
    }
    for (unsigned i = 0; i < n; i++)
        is_given_up(clients[i], SAY_FRAME_TOO_SLOW);
    finish(server);
}

/* A few hundred bytes, a few thousand, and so many that the whole frame is no more than they are doubled. */
static void half_frames(const struct trial *trial)
{
    static const size_t sizes[] = {300, 6 << 10, 32 << 10};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        half_frames_of(trial, sizes[i]);
}

enum { TRICKLE_LEAST_MS = 900, TRICKLE_MOST_MS = 3000 };

/* One who sends a frame a byte at a time. */
struct trickler {
    struct client *client;
    struct bytes frame;
    size_t at;
    int64_t began, answered;
};

/* In its header, in its text, or behind a whole request. */
static void begin_trickle(struct trickler *trickler, struct server *server, unsigned i, unsigned n)
{
    enum { LONG = 60000, AHEAD = 3000 };
    enum desk desk = (enum desk)(i * DESKS / n);
    int64_t before = now_ms();
    trickler->client = client_at(server, desk);
    trickler->began = desk == AT_NAME ? before : now_ms();
    if (i % 3 == 2) {
        client_ask(trickler->client, RECEIVE_MESSAGE, "", WRONG_REQUEST, FAILURE, SAY_WRONG_REQUEST);
        trickler->began = desk == AT_NAME ? before : now_ms();
    }
    frame_header(&trickler->frame, SEND_MESSAGE, LONG);
    bytes_add(&trickler->frame, repeated("t", LONG), LONG);
    if (i % 3 == 1)
        client_write(trickler->client, trickler->frame.at, trickler->at = AHEAD);
}

/* One byte from each that has no answer; how many have none. */
static unsigned trickle(struct trickler *tricklers, unsigned n)
{
    unsigned left = 0;
    for (struct trickler *trickler = tricklers; trickler < tricklers + n; trickler++) {
        if (trickler->answered)
            continue;
        client_fill(trickler->client, now_ms());
        if (trickler->client->in.n > trickler->client->at) {
            trickler->answered = now_ms();
            continue;
        }
        check(trickler->client->end == NOT_ENDED, "the server closed without a word");
        check(now_ms() - trickler->began <= stretched(TRICKLE_MOST_MS), "bytes that trickle in buy time");
        check(client_push(trickler->client, trickler->frame.at + trickler->at, 1) == 1, "a byte is not taken");
        trickler->at++;
        left++;
    }
    return left;
}

/* Bytes that trickle in buy no time: not before the name, not in a header, not in a text. All the while others are served. */
static void slow_bytes(const struct trial *trial)
{
    enum { CLIENTS = 300 };
    unsigned n = scaled(CLIENTS, 30);
    need_descriptors(n + 100);
    struct server *server = start_with(trial, "--name-timeout", "1");
    struct trickler *tricklers = trial_alloc(n * sizeof *tricklers);
    make_hall(server);
    struct client *steady = client_at(server, AT_LOBBY);
    for (unsigned begun = 0, left = 1; left; client_ask(steady, GET_CHATS, "", GET_CHATS, SUCCESS, "hall\n")) {
        for (unsigned i = 0; i < 10 && begun < n; i++, begun++)
            begin_trickle(&tricklers[begun], server, begun, n);
        left = trickle(tricklers, begun) + (n - begun);
        client_fill(steady, now_ms() + 5);
    }
    for (unsigned i = 0; i < n; i++) {
        int64_t passed = tricklers[i].answered - tricklers[i].began;
        is_given_up(tricklers[i].client, SAY_FRAME_TOO_SLOW);
        check(passed >= TRICKLE_LEAST_MS, "one who trickles was given up after %d ms", (int)passed);
    }
    finish(server);
}

static void check_log_is_calm(const struct server *server)
{
    struct bytes log = file_read(server->out);
    const char *alarm = strstr(log.at, "\"level\":\"error\"");
    check(!alarm && !strstr(log.at, "\"level\":\"warn\""), "strangers alarm the log: %s",
          alarm ? shown(alarm, strcspn(alarm, "\n")) : "a warning");
}

/* What speaks another protocol gets a clear answer in ours and an end, and nothing terrible is logged. */
static void other_protocols(const struct trial *trial)
{
#define HELLO(bytes, why)                     \
    {                                         \
        (bytes), sizeof(bytes) - 1, SAY_##why \
    }
    static const struct {
        const char *bytes;
        size_t n;
        const char *sentence;
    } hellos[] = {
        HELLO("\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\x4c\x1f\x93\x02\xd7\x55\x11\xe0\x7c\x20\x13\x01\x00\xff",
              FRAME_TOO_LONG), /* TLS */
        HELLO("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", FRAME_TOO_LONG),
        HELLO("SSH-2.0-OpenSSH_9.2\r\n", FRAME_TOO_LONG),
        HELLO("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", FRAME_TOO_LONG),
        HELLO("NICK ann\r\nUSER ann 0 * :Ann\r\n", FRAME_TOO_LONG),
        HELLO("\x05\x02\x00\x02", FRAME_TOO_SLOW), /* SOCKS */
        HELLO("\x00\x00\x00\x00\x00\x00\x00", FRAME_TOO_SLOW),
    };
#undef HELLO
    enum { HELLOS = sizeof hellos / sizeof *hellos };
    struct server *server = start_with(trial, "--name-timeout", "1");
    struct client *strangers[DESKS][HELLOS];
    make_hall(server);
    for (int desk = DESKS - 1; desk >= 0; desk--) {
        for (int i = 0; i < HELLOS; i++) {
            strangers[desk][i] = client_at(server, (enum desk)desk);
            client_write(strangers[desk][i], hellos[i].bytes, hellos[i].n);
        }
    }
    for (int desk = 0; desk < DESKS; desk++) {
        for (int i = 0; i < HELLOS; i++)
            is_given_up(strangers[desk][i], hellos[i].sentence);
    }
    check_log_is_calm(server);
    finish(server);
}

const struct scenario floods_faults[] = {
    {"impossible_lengths", impossible_lengths},
    {"half_frames", half_frames},
    {"slow_bytes", slow_bytes},
    {"other_protocols", other_protocols},
    {0},
};
