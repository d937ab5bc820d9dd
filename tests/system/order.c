/* Order: one script in several ways, and against every architecture, gives one transcript. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/harness/census.h"
#include "tests/harness/rows.h"
#include "tests/harness/script.h"
#include "tests/system/scenarios.h"

/* Every kind of request, at every desk, through many hand-overs. Bob stands in the chat "hall" all the while.
 * The record "ann TAB stamp NL one CR" is 26 bytes long. */
static const struct step script[] = {
    {SEND_MESSAGE, "too early", 1},
    {LEAVE_CHAT, "", 1},
    {SET_NAME, "not good", 1},
    {SET_NAME, "bob", 1},
    {77, "", 1},
    {SET_NAME, "ann", 2},
    {GET_CHATS, "", 1},
    {SET_NAME, "eve", 1},
    {CREATE_CHAT, "den", 1},
    {CREATE_CHAT, "den", 1},
    {CREATE_CHAT, "a/b", 1},
    {SEND_MESSAGE, "not here", 1},
    {CONNECT_CHAT, "nowhere", 1},
    {CONNECT_CHAT, "den", 1},
    {SEND_MESSAGE, "one", 1},
    {PRIVATE_MESSAGE, "bob\nhe is elsewhere", 1},
    {SEND_MESSAGE, "two", 1},
    {SEND_MESSAGE, "bad\r", 1},
    {SEND_MESSAGE, "three\nin two lines", 1},
    {PRIVATE_MESSAGE, "ann\nto myself", 1},
    {LEAVE_CHAT, "", 1},
    {CONNECT_FROM, "3\nden", 1},
    {CONNECT_FROM, "26\nden", 3},
    {LEAVE_CHAT, "", 1},
    {CONNECT_CHAT, "den", 4},
    {SEND_MESSAGE, "four", 1},
    {LEAVE_CHAT, "", 1},
    {LEAVE_CHAT, "", 1},
    {CREATE_CHAT, "attic", 1},
    {CONNECT_CHAT, "hall", 2},
    {SEND_MESSAGE, "hello bob", 1},
    {PRIVATE_MESSAGE, "bob\na secret", 1},
    {SEND_MESSAGE, "and a word for all", 1},
    {PRIVATE_MESSAGE, "nobody\na secret", 1},
    {PRIVATE_MESSAGE, "bob", 1},
    {RECEIVE_MESSAGE, "", 1},
    {WRONG_REQUEST, "", 1},
    {11, "", 1},
    {CREATE_CHAT, "x", 1},
    {CONNECT_CHAT, "den", 1},
    {GET_CHATS, "", 1},
    {CONNECT_FROM, "0\nden", 1},
    {SET_NAME, "eve", 1},
    {SEND_MESSAGE, "", 1},
    {SEND_MESSAGE, "goodbye", 1},
    {LEAVE_CHAT, "", 1},
    {GET_CHATS, "", 1},
    {CONNECT_CHAT, "attic", 1},
    {DISCONNECT, "", 1},
};

/* What both saw, and what is in the files. */
struct result {
    struct bytes ann, bob, hall, den;
};

static struct result perform(const char *arch, const struct step *steps, size_t n, enum way way)
{
    struct server *server = server_start(&(struct launch){.arch = arch});
    struct client *bob = client_login(server, "bob");
    struct result result;
    client_create(bob, "hall");
    client_enter(bob, "hall");
    client_message(bob, "bob", "is anybody there?");
    /* The end of the input takes the goodbye's place. */
    result.ann = script_run(client_open(server), steps, way == HALF_CLOSED ? n - 1 : n, way);
    if (way == HALF_CLOSED)
        bytes_text(&result.ann, "{5,0,0,00000000} \n");
    result.bob = script_read(bob);
    result.hall = script_file(server_chat_path(server, "hall"));
    result.den =
        file_exists(server_chat_path(server, "den")) ? script_file(server_chat_path(server, "den")) : (struct bytes){0};
    finish(server);
    return result;
}

static void compare(const struct result *expected, const struct result *got, const char *where)
{
    script_compare(&expected->ann, &got->ann, "ann's transcript", where);
    script_compare(&expected->bob, &got->bob, "bob's transcript", where);
    script_compare(&expected->hall, &got->hall, "the file of the hall", where);
    script_compare(&expected->den, &got->den, "the file of the den", where);
}

/* The script's counts of answers are the table's: a missing or an extra frame shows in the transcript's length. */
static void check_length(const struct result *result)
{
    unsigned answers = 0, lines = 0;
    for (size_t i = 0; i < sizeof script / sizeof *script; i++)
        answers += script[i].answers;
    for (size_t i = 0; i < result->ann.n; i++)
        lines += result->ann.at[i] == '\n';
    check(lines == answers, "%u frames came where the table has %u", lines, answers);
}

/* Against this architecture in every other way, and against the others in lock-step. */
static void compare_all(const struct trial *trial, const struct step *steps, size_t n, const struct result *expected)
{
    for (int way = 0; way < WAYS; way++) {
        if (way == LOCK_STEP)
            continue;
        struct result got = perform(trial->arch, steps, n, (enum way)way);
        compare(expected, &got, trial_text("%s, %s,", trial->arch, way_names[way]));
    }
    for (size_t i = 0; trial_archs[i]; i++) {
        if (strcmp(trial_archs[i], trial->arch) == 0)
            continue;
        struct result got = perform(trial_archs[i], steps, n, LOCK_STEP);
        compare(expected, &got, trial_text("%s, beside %s,", trial_archs[i], trial->arch));
    }
}

static void transcripts(const struct trial *trial)
{
    size_t n = sizeof script / sizeof *script;
    struct result expected = perform(trial->arch, script, n, LOCK_STEP);
    check_length(&expected);
    compare_all(trial, script, n, &expected);
}

/* A script made by dice. `at` is what its author knows of where it stands, so that most requests make sense. */
struct play {
    uint64_t dice;
    struct step *steps;
    size_t n, room;
    int at; /* -1 in the lobby, else the number of the chat */
    bool made[2];
    size_t offsets[2][400]; /* where records begin in hall and den */
    size_t records[2];
};
static const char *const play_chats[2] = {"hall", "den"};

static unsigned throw_dice(struct play *play, unsigned sides)
{
    play->dice ^= play->dice << 13;
    play->dice ^= play->dice >> 7;
    play->dice ^= play->dice << 17;
    return (unsigned)(play->dice >> 11) % sides;
}

/* In lock-step every other request or so is followed by one that shows where its answers end. */
static void add(struct play *play, int32_t request, const char *text)
{
    if (play->n + 2 > play->room)
        play->steps = trial_grow(play->steps, (play->room = 2 * play->room + 64) * sizeof *play->steps);
    play->steps[play->n++] = (struct step){request, text, 0};
    if (throw_dice(play, 2))
        play->steps[play->n++] = (struct step){WRONG_REQUEST, "", UNTIL_WRONG};
}

static void add_message(struct play *play)
{
    size_t *end = &play->offsets[play->at][play->records[play->at]++];
    size_t n = 1 + throw_dice(play, throw_dice(play, 20) ? 60 : 6000);
    end[1] = end[0] + strlen("ann\t") + STAMP_LENGTH + 1 + n + 1;
    add(play, SEND_MESSAGE, repeated(throw_dice(play, 2) ? "x" : "y", n));
}

static void enter(struct play *play, int chat)
{
    size_t record = throw_dice(play, (unsigned)play->records[chat] + 1);
    size_t offset = play->offsets[chat][record];
    if (throw_dice(play, 2))
        add(play, CONNECT_CHAT, play_chats[chat]);
    else
        add(play, CONNECT_FROM, trial_text("%zu\n%s", offset, play_chats[chat]));
    play->at = chat;
}

static void in_the_lobby(struct play *play)
{
    switch (throw_dice(play, 10)) {
    case 0:
        add(play, CREATE_CHAT, "den");
        play->made[1] = true;
        break;
    case 1:
        add(play, CREATE_CHAT, trial_text("chat-%u", throw_dice(play, 20)));
        break;
    case 2:
        add(play, GET_CHATS, "");
        break;
    case 3:
        add(play, CONNECT_CHAT, "nowhere");
        break;
    case 4:
        add(play, CONNECT_FROM, "1\nhall");
        break;
    case 5:
        add(play, (int32_t)throw_dice(play, 2) * 3, "misplaced");
        break;
    default:
        enter(play, play->made[1] && throw_dice(play, 2));
        break;
    }
}

static void in_a_room(struct play *play)
{
    switch (throw_dice(play, 16)) {
    case 0:
    case 1:
        add(play, LEAVE_CHAT, "");
        play->at = -1;
        break;
    case 2:
        add(play, SEND_MESSAGE, "bad\x01");
        break;
    case 3:
        add(play, PRIVATE_MESSAGE, "bob\nis he here?");
        break;
    case 4:
        add(play, PRIVATE_MESSAGE, "ann\nto herself");
        break;
    case 5:
        add(play, PRIVATE_MESSAGE, "no line feed");
        break;
    case 6:
        add(play, (int32_t)throw_dice(play, 3), "misplaced");
        break;
    case 7:
        add(play, 1000, "");
        break;
    default:
        add_message(play);
        break;
    }
}

static struct play make_play(uint64_t seed)
{
    struct play play = {.dice = seed * 0x9e3779b97f4a7c15, .at = -1, .made = {true}, .records = {1}};
    play.offsets[0][1] = strlen("bob\t") + STAMP_LENGTH + strlen("\nis anybody there?\r");
    for (unsigned i = throw_dice(&play, 5); i; i--)
        add(&play, (int32_t)throw_dice(&play, 5), "bob");
    add(&play, SET_NAME, "ann");
    while (play.n < 300) {
        if (play.at < 0)
            in_the_lobby(&play);
        else
            in_a_room(&play);
    }
    play.steps[play.n++] = (struct step){DISCONNECT, "", 0};
    return play;
}

static void random_transcripts(const struct trial *trial)
{
    const char *given = getenv("TEST_SEED");
    uint64_t first = given ? strtoull(given, NULL, 10) : 1;
    for (unsigned i = 0, n = scaled(3, 1); i < n; i++) {
        struct play play = make_play(first + i);
        struct result expected = perform(trial->arch, play.steps, play.n, LOCK_STEP);
        check(expected.ann.n > 2000, "a short transcript, seed %llu", (unsigned long long)(first + i));
        compare_all(trial, play.steps, play.n, &expected);
    }
}

/* name -> lobby -> room -> lobby -> room -> bye, all asked for in one segment. */
static void hand_overs_in_one_segment(const struct trial *trial)
{
    static const char expected[] = "{0,0,0,00000000} \n"
                                   "{8,0,5,00000000} hall\\x0a\n"
                                   "{2,0,4,00000000} hall\n"
                                   "{6,0,25,00000000} ann\\x09-----------------\\x0aone\n"
                                   "{8,0,5,00000000} hall\\x0a\n"
                                   "{2,0,4,00000000} hall\n"
                                   "{6,0,25,00000000} ann\\x09-----------------\\x0aone\n"
                                   "{6,0,25,00000000} ann\\x09-----------------\\x0atwo\n"
                                   "{5,0,0,00000000} \n";
    static const struct step steps[] = {
        {SET_NAME, "ann", 2},      {CONNECT_CHAT, "hall", 1}, {SEND_MESSAGE, "one", 1}, {LEAVE_CHAT, "", 1},
        {CONNECT_CHAT, "hall", 2}, {SEND_MESSAGE, "two", 1},  {DISCONNECT, "", 1},
    };
    const struct bytes right = {.at = (char *)(uintptr_t)expected, .n = sizeof expected - 1};
    for (int way = 0; way < HALF_CLOSED; way++) {
        struct server *server = start_with(trial, "--room-linger", "0");
        struct client *keeper = client_login(server, "keeper");
        client_create(keeper, "hall");
        struct bytes got = script_run(client_open(server), steps, sizeof steps / sizeof *steps, (enum way)way);
        script_compare(&right, &got, "the transcript", way_names[way]);
        finish(server);
    }
}

/* Several at once, each with a script of its own in its own chat: nobody's answers mix with another's. */
static void scripts_side_by_side(const struct trial *trial)
{
    enum { PEOPLE = 12, ROUNDS = 15 };
    struct server *server = start_plain(trial);
    struct client *people[PEOPLE];
    for (int i = 0; i < PEOPLE; i++) {
        people[i] = client_login(server, trial_text("p%d", i));
        client_create(people[i], trial_text("c%d", i));
        client_enter(people[i], trial_text("c%d", i));
    }
    for (int i = 0; i < PEOPLE; i++) {
        struct bytes requests = {0};
        for (int r = 0; r < ROUNDS; r++) {
            frame_say(&requests, SEND_MESSAGE, trial_text("round %d", r));
            frame_say(&requests, LEAVE_CHAT, "");
            frame_say(&requests, CONNECT_FROM, trial_text("0\nc%d", i));
        }
        client_write(people[i], requests.at, requests.n);
    }
    for (int i = 0; i < PEOPLE; i++) {
        for (int r = 0; r < ROUNDS; r++) {
            client_expect_record(people[i], RECEIVE_MESSAGE, trial_text("p%d", i), trial_text("round %d", r));
            check(client_next(people[i]).request == GET_CHATS, "no list after the leave");
            client_expect(people[i], CONNECT_CHAT, SUCCESS, trial_text("c%d", i));
            for (int before = 0; before <= r; before++)
                client_expect_record(people[i], RECEIVE_MESSAGE, trial_text("p%d", i), trial_text("round %d", before));
        }
        client_expect_nothing(people[i]);
    }
    finish(server);
}

const struct scenario order_everywhere[] = {
    {"transcripts", transcripts},
    {"random_transcripts", random_transcripts},
    {"hand_overs_in_one_segment", hand_overs_in_one_segment},
    {"scripts_side_by_side", scripts_side_by_side},
    {0},
};
