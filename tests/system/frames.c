/* Frames: too long, cut, in single bytes, and of a kind nobody knows. */
#include <string.h>

#include "tests/harness/census.h"
#include "tests/harness/rows.h"
#include "tests/system/scenarios.h"

enum desk { AT_NAME, AT_LOBBY, AT_ROOM, DESKS };

/* A client that stands at this desk; its name is its own. */
static struct client *client_at(struct server *server, enum desk desk)
{
    static unsigned made;
    struct client *client = client_open(server);
    if (desk >= AT_LOBBY)
        client_set_name(client, trial_text("visitor-%u", made++));
    if (desk == AT_ROOM)
        client_enter(client, "hall");
    return client;
}

static struct server *start_with_hall(const struct trial *trial, const char *option, const char *value)
{
    struct server *server = start_with(trial, option, value);
    struct client *keeper = client_login(server, "keeper");
    client_create(keeper, "hall");
    client_quit(keeper);
    return server;
}

/* A frame that claims to be longer than can be trusted is answered at once, whatever follows, and the server closes. */
static void frames_too_long(const struct trial *trial)
{
    struct server *server = start_with_hall(trial, "--max-message", "1000");
    const uint64_t lengths[] = {1000 + FRAME_SLACK + 1,  1ull << 31, 1ull << 32, 1ull << 63, UINT64_MAX,
                                UINT64_MAX - FRAME_SLACK};
    const int32_t requests[] = {SET_NAME, SEND_MESSAGE, PRIVATE_MESSAGE, DISCONNECT, WRONG_REQUEST, -1};
    for (int desk = 0; desk < DESKS; desk++) {
        for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
            struct client *client = client_at(server, (enum desk)desk);
            struct bytes frame = {0};
            frame_header(&frame, requests[i], lengths[i]);
            if (i % 2) /* more than is read at once: closing over it would reset the connection */
                bytes_add(&frame, repeated("x", 300000), 300000);
            client_write(client, frame.at, frame.n);
            client_expect(client, WRONG_REQUEST, FAILURE, SAY_FRAME_TOO_LONG);
            client_expect_end(client);
        }
    }
    finish(server);
}

/* What was asked before it is answered first; what comes behind it is not. */
static void too_long_keeps_its_place(const struct trial *trial)
{
    struct server *server = start_with_hall(trial, "--max-message", "1000");
    struct client *ann = client_open(server);
    struct bytes requests = {0};
    frame_say(&requests, SET_NAME, "ann");
    frame_say(&requests, CONNECT_CHAT, "hall");
    frame_say(&requests, SEND_MESSAGE, "before");
    frame_header(&requests, SEND_MESSAGE, 1000 + FRAME_SLACK + 1);
    frame_say(&requests, SEND_MESSAGE, "behind");
    client_write(ann, requests.at, requests.n);
    client_expect(ann, SET_NAME, SUCCESS, "");
    client_expect_list(ann, "hall\n");
    client_expect(ann, CONNECT_CHAT, SUCCESS, "hall");
    client_expect_record(ann, RECEIVE_MESSAGE, "ann", "before");
    client_expect(ann, WRONG_REQUEST, FAILURE, SAY_FRAME_TOO_LONG);
    client_expect_end(ann);
    struct client *bob = client_at(server, AT_ROOM);
    client_expect_record(bob, RECEIVE_MESSAGE, "ann", "before");
    client_expect_nothing(bob);
    finish(server);
}

/* A text a little longer than a message may be: a reason, and the connection stays. */
static void texts_too_long(const struct trial *trial)
{
    struct server *server = start_with_hall(trial, "--max-message", "1000");
    struct client *at[DESKS];
    for (int desk = 0; desk < DESKS; desk++)
        at[desk] = client_at(server, (enum desk)desk);
    for (size_t n = 1001; n <= 1000 + FRAME_SLACK; n += n == 1001 ? 1 : 254) {
        char *text = repeated("x", n);
        client_ask_refused(at[AT_NAME], SET_NAME, text);
        client_ask_refused(at[AT_LOBBY], CREATE_CHAT, text);
        client_ask_refused(at[AT_LOBBY], CONNECT_CHAT, text);
        client_ask_refused(at[AT_LOBBY], CONNECT_FROM, text);
        client_ask_refused(at[AT_LOBBY], SEND_MESSAGE, text);
        client_ask(at[AT_ROOM], SEND_MESSAGE, text, SEND_MESSAGE, FAILURE, trial_text(SAY_TEXT_TOO_LONG, 1000u));
        client_ask_refused(at[AT_ROOM], PRIVATE_MESSAGE, text);
        client_ask_refused(at[AT_ROOM], CREATE_CHAT, text);
    }
    for (int desk = 0; desk < DESKS; desk++)
        client_expect_nothing(at[desk]);
    client_say(at[AT_ROOM], SEND_MESSAGE, repeated("y", 1000));
    struct frame got = client_next(at[AT_ROOM]);
    check(got.request == RECEIVE_MESSAGE && got.n > 1000, "a text of just the limit: {%d,%d}", got.request,
          got.response);
    finish(server);
}

/* Other protocols on this port: their first bytes claim a length that can't be. */
static void other_protocols(const struct trial *trial)
{
    static const char http[] = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
    static const char hello[] = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 and so on, as a client of TLS begins";
    struct server *server = start_with_hall(trial, NULL, NULL);
    struct client *browser = client_open(server), *tls = client_open(server);
    client_write(browser, http, sizeof http - 1);
    client_expect(browser, WRONG_REQUEST, FAILURE, SAY_FRAME_TOO_LONG);
    client_expect_end(browser);
    client_write(tls, hello, sizeof hello - 1);
    client_expect(tls, WRONG_REQUEST, FAILURE, SAY_FRAME_TOO_LONG);
    client_expect_end(tls);
    finish(server);
}

/* Frames cut at every byte, and several of them with cuts in odd places. */
static void frames_in_pieces(const struct trial *trial)
{
    struct server *server = start_with_hall(trial, NULL, NULL);
    struct client *ann = client_at(server, AT_ROOM), *bob = client_at(server, AT_ROOM),
                  *clock = client_at(server, AT_NAME);
    struct bytes requests = {0};
    frame_say(&requests, SEND_MESSAGE, "one");
    frame_say(&requests, RECEIVE_MESSAGE, "");
    for (size_t cut = 1; cut < requests.n; cut++) {
        client_write(ann, requests.at, cut);
        client_expect_nothing(clock); /* so much time has passed that the first part may have been read alone */
        client_write(ann, requests.at + cut, requests.n - cut);
        struct frame got = client_next(ann);
        check(got.request == RECEIVE_MESSAGE, "cut at %zu: {%d,%d}", cut, got.request, got.response);
        client_expect(ann, WRONG_REQUEST, FAILURE, SAY_WRONG_REQUEST);
        got = client_next(bob);
        check(got.request == RECEIVE_MESSAGE, "cut at %zu: {%d,%d} for the other", cut, got.request, got.response);
    }
    finish(server);
}

/* Nobody pays for what others leave unfinished, however much they claim. */
static void half_frames_disturb_nobody(const struct trial *trial)
{
    struct server *server = start_with_hall(trial, NULL, NULL);
    struct bytes half = {0};
    frame_header(&half, SEND_MESSAGE, MESSAGE_MAX_DEFAULT);
    bytes_add(&half, repeated("x", 1000), 1000);
    for (unsigned i = 0, n = scaled(60, 6); i < n; i++) {
        struct client *client = client_at(server, (enum desk)(i % DESKS));
        client_write(client, half.at, half.n - i % 7);
    }
    struct client *ann = client_login(server, "ann");
    client_enter(ann, "hall");
    client_message(ann, "ann", "all is well");
    client_quit(ann);
    finish(server);
}

/* Memory does not grow with what a frame claims to be. */
static void claims_cost_nothing(const struct trial *trial)
{
    enum { LONGEST = 1000000 };
    struct server *server = start_with_hall(trial, "--max-message", "1000000");
    struct bytes claim = {0};
    unsigned n = scaled(300, 100);
    frame_header(&claim, SEND_MESSAGE, LONGEST);
    bytes_add(&claim, "x", 1);
    census(server);
    size_t before = server_memory(server);
    for (unsigned i = 0; i < n; i++)
        client_write(client_at(server, (enum desk)(i % DESKS)), claim.at, claim.n);
    client_expect_nothing(client_at(server, AT_ROOM));
    census(server);
    size_t more = server_memory(server) - before;
    check(more < (size_t)n * LONGEST / 4, "%u clients with a byte each cost %zu bytes", n, more);
    finish(server);
}

const struct scenario frames_everywhere[] = {
    {"frames_too_long", frames_too_long},   {"too_long_keeps_its_place", too_long_keeps_its_place},
    {"texts_too_long", texts_too_long},     {"other_protocols", other_protocols},
    {"frames_in_pieces", frames_in_pieces}, {0},
};

const struct scenario frames_scenarios[] = {
    {"half_frames_disturb_nobody", half_frames_disturb_nobody},
    {"claims_cost_nothing", claims_cost_nothing},
    {0},
};
