/* --name-timeout: silence before the name, and frames that do not become whole. */
#include <poll.h>
#include <string.h>

#include "tests/harness/census.h"
#include "tests/harness/rows.h"
#include "tests/system/scenarios.h"

#define NO_NAME_WITHIN_1 trial_text(SAY_NO_NAME_WITHIN, 1ll)

/* Silence costs the place before the name, not behind it. */
static void silence_before_the_name(const struct trial *trial)
{
    struct server *server = start_with(trial, "--name-timeout", "1");
    struct client *lobby = client_login(server, "lobby"), *room = client_login(server, "room");
    client_create(room, "hall");
    client_expect_list(lobby, "hall\n");
    client_enter(room, "hall");
    int64_t from = now_ms();
    struct client *silent[3];
    for (int i = 0; i < 3; i++)
        silent[i] = client_open(server);
    client_ask(silent[1], SET_NAME, "no name", SET_NAME, FAILURE, SAY_NAME_RULES);
    for (int i = 0; i < 3; i++) {
        client_expect(silent[i], SET_NAME, FAILURE, NO_NAME_WITHIN_1);
        client_expect_end(silent[i]);
    }
    check(now_ms() - from >= 900, "a second was over after %d ms", (int)(now_ms() - from));
    client_message(room, "room", "silent until now");
    client_expect_nothing(lobby);
    finish(server);
}

/* Half a frame at each desk, in the header and in the text. */
static void half_frames_time_out(const struct trial *trial)
{
    struct server *server = start_with(trial, "--name-timeout", "1");
    struct client *at[6];
    struct bytes half = {0};
    frame_put(&half, SET_NAME, "not whole", 9);
    for (int i = 0; i < 6; i++) {
        at[i] = client_open(server);
        if (i >= 2)
            client_set_name(at[i], trial_text("visitor-%d", i));
        if (i == 4)
            client_create(at[i], "hall");
        if (i >= 4)
            client_enter(at[i], "hall");
    }
    int64_t from = now_ms();
    for (int i = 0; i < 6; i++)
        client_write(at[i], half.at, i % 2 ? half.n - 1 : 1);
    client_expect_list(at[2], "hall\n");
    client_expect_list(at[3], "hall\n");
    for (int i = 0; i < 6; i++) {
        client_expect(at[i], WRONG_REQUEST, FAILURE, SAY_FRAME_TOO_SLOW);
        client_expect_end(at[i]);
    }
    check(now_ms() - from >= 900, "a second was over after %d ms", (int)(now_ms() - from));
    finish(server);
}

/* A byte now and then does not help: the time is the whole frame's. Whole frames do, at any pace. */
static void slow_bytes_time_out(const struct trial *trial)
{
    struct server *server = start_with(trial, "--name-timeout", "1");
    struct client *slow = client_login(server, "slow"), *steady = client_login(server, "steady");
    struct bytes frame = {0};
    frame_header(&frame, GET_CHATS, 1000);
    bytes_add(&frame, repeated("x", 1000), 1000);
    struct frame got = {0};
    for (size_t at = 0; at < frame.n && !client_frame(slow, &got); at++) {
        check(client_push(slow, frame.at + at, 1) == 1, "the server closed without a word");
        client_fill(slow, now_ms() + 50);
        client_ask(steady, GET_CHATS, "", GET_CHATS, SUCCESS, "");
    }
    check(got.request == WRONG_REQUEST && got.response == FAILURE && got.n == strlen(SAY_FRAME_TOO_SLOW) &&
              memcmp(got.text, SAY_FRAME_TOO_SLOW, got.n) == 0,
          "a frame in slow bytes is answered {%d,%d,\"%s\"}", got.request, got.response, shown(got.text, got.n));
    client_expect_end(slow);
    client_expect_nothing(steady);
    finish(server);
}

const struct scenario timeouts_everywhere[] = {
    {"silence_before_the_name", silence_before_the_name},
    {"half_frames_time_out", half_frames_time_out},
    {"slow_bytes_time_out", slow_bytes_time_out},
    {0},
};
