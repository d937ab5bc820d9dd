/* conveyor-load and a server that says what no server should: it goes on, tells, and ends with 3. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/protocol.h"
#include "tests/clients/loader.h"
#include "tests/clients/pretender.h"
#include "tests/clients/scenarios.h"

/* Behind the tenth message, to somebody who says nothing: whatever it is, no request of theirs is on its way. */
enum { AFTER = 10 };

static const char *const run_of_40 = "-p rooms -m 3 --senders 1 --rate 100 -d 0.4";
static const char *const run_until_stopped = "-p rooms -m 3 --senders 1 --rate 100 -d 600";

/* A frame that claims to be so long; what it holds is as long as the text. */
static struct prank frame_of(int32_t request, int32_t response, uint64_t length, const char *text)
{
    size_t n = strlen(text);
    char *frame = trial_alloc(SERVER_HEADER + n);
    protocol_server_header(frame, request, response, length);
    memcpy(frame + SERVER_HEADER, text, n);
    return (struct prank){.bytes = frame, .n = SERVER_HEADER + n, .after = AFTER};
}

/* All of these happen at once, each to a run of its own. */
enum { PRANKS_MOST = 16 };

static struct {
    struct prank prank;
    struct loader loader;
} pranks[PRANKS_MOST];

/* With little memory to blow up; what a sanitizer needs for itself is more. */
static void begin(size_t i, struct prank prank, const char *words)
{
    int port = pretender_start(&prank);
    struct loader loader = {.json_path = trial_path("prank-%zu.json", i)};
    struct call inner = loader_call(port, trial_text("%s --json %s", words, loader.json_path));
    struct call call = {.words = {"prlimit", "--as=400000000", program_path(LOADER)}};
    memcpy(call.words + 3, inner.words + 1, (CALL_WORDS - 3) * sizeof *call.words);
    loader.program = program_start(server_memory_is_its_own() ? &call : &inner);
    program_end_input(loader.program);
    pranks[i].prank = prank;
    pranks[i].loader = loader;
}

static void ends_with_a_protocol_error(size_t i)
{
    size_t seen = loader_wait(&pranks[i].loader, 0, "protocol error: ");
    loader_wait(&pranks[i].loader, seen, " 3 clients");
    program_signal(pranks[i].loader.program, SIGINT);
    struct result result = loader_end(&pranks[i].loader);
    const char *which = shown(pranks[i].prank.bytes, pranks[i].prank.n);
    check(result.outcome.code == 3, "%s: exit %d: %s", which, result.outcome.code,
          shown(result.outcome.err.at, result.outcome.err.n));
    check(result_number(&result, "errors/protocol") == 1, "%s: %g protocol errors", which,
          result_number(&result, "errors/protocol"));
    const char *first = result_text(&result, "delivery/first_protocol_error");
    check(strstr(result.outcome.err.at, trial_text("protocol error: %s", first)), "%s: it is not told: %s", which,
          result.outcome.err.at);
    check(result_number(&result, "delivery/violations") == 0, "%s: %s", which, result_text(&result, "delivery/first"));
    check(result_number(&result, "counts/reconnects") == 1 && result_is(&result, "delivery/drained"),
          "%s: it did not go on", which);
}

static void are_protocol_errors(size_t n)
{
    for (size_t i = 0; i < n; i++)
        ends_with_a_protocol_error(i);
}

static void load_pretender_that_behaves(const struct trial *trial)
{
    struct result result = loader_run(pretender_start(&(struct prank){.after = 1000000}), run_of_40);
    result_fine(&result);
    check(result_number(&result, "counts/delivered") == 120, "not everything was delivered");
    (void)trial;
}

/* A person in the chat may talk to a bot alone. */
static void load_whispers_are_no_records(const struct trial *trial)
{
    struct prank prank = frame_of(PRIVATE_MESSAGE, SUCCESS, 30, "author\t12:00:00 11/21/26\npsst\n");
    struct result result = loader_run(pretender_start(&prank), run_of_40);
    result_fine(&result);
    check(result_number(&result, "counts/delivered") == 120, "not everything was delivered");
    (void)trial;
}

static void load_requests_that_nobody_knows(const struct trial *trial)
{
    static const int32_t requests[] = {-1, 10, 11, 42, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
        begin(i, frame_of(requests[i], SUCCESS, 0, ""), run_until_stopped);
    are_protocol_errors(sizeof requests / sizeof *requests);
    (void)trial;
}

static void load_responses_that_are_none(const struct trial *trial)
{
    static const int32_t responses[] = {2, -1, INT32_MIN};
    static const int32_t requests[] = {RECEIVE_MESSAGE, SEND_MESSAGE, WRONG_REQUEST, GET_CHATS};
    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
        begin(i, frame_of(requests[i], responses[i % 3], 5, "hello"), run_until_stopped);
    are_protocol_errors(sizeof requests / sizeof *requests);
    (void)trial;
}

static void load_lengths_that_cannot_be(const struct trial *trial)
{
    static const struct {
        int32_t request;
        uint64_t length;
    } frames[] = {
        {RECEIVE_MESSAGE, (uint64_t)1 << 40},
        {RECEIVE_MESSAGE, UINT64_MAX},
        {RECEIVE_MESSAGE, RECORD_MAX + 5000},
        {SET_NAME, UINT64_MAX - 15},
        {GET_CHATS, UINT64_MAX},
        {GET_CHATS, (256 << 20) + 1},
        {-1, (uint64_t)1 << 63},
    };
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++)
        begin(i, frame_of(frames[i].request, SUCCESS, frames[i].length, "some bytes"), run_until_stopped);
    are_protocol_errors(sizeof frames / sizeof *frames);
    (void)trial;
}

/* Whatever is found later, a frame that no server should send has been sent. */
static void load_protocol_error_while_it_searches(const struct trial *trial)
{
    struct prank prank = frame_of(42, SUCCESS, 0, "");
    prank.after = 60;
    struct result result =
        loader_run(pretender_start(&prank),
                   "-p rooms -m 3 --senders 1 --rate 100 -d 0.4 --find-max --threshold deliver_rate<1000");
    if (result_number(&result, "find_max/rate") < 100)
        trial_skip("the machine is too busy: not even the first rate held");
    check(result.outcome.code == 3, "exit %d", result.outcome.code);
    check(strstr(result.outcome.out.at, "protocol errors; the first"), "it does not say so: %s", result.outcome.out.at);
    (void)trial;
}

/* It is told at once, not after all that else might come. */
static void load_founder_hears_nonsense(const struct trial *trial)
{
    static const struct {
        int32_t request, response;
    } frames[] = {{SET_NAME, SUCCESS}, {CONNECT_CHAT, SUCCESS}, {42, SUCCESS}};
    for (size_t i = 0; i < sizeof frames / sizeof *frames; i++) {
        struct prank prank = frame_of(frames[i].request, frames[i].response, 0, "");
        char *said = trial_alloc(2 * SERVER_HEADER);
        protocol_server_header(said, SET_NAME, SUCCESS, 0);
        memcpy(said + SERVER_HEADER, prank.bytes, SERVER_HEADER);
        int port = pretender_start(&(struct prank){.bytes = said, .n = 2 * SERVER_HEADER});
        struct call call = loader_call(port, run_of_40);
        loader_refuses(&call, 1, "nothing asked for");
    }
    (void)trial;
}

static void load_answers_to_nothing(const struct trial *trial)
{
    static const struct {
        int32_t request, response;
        const char *text;
    } answers[] = {
        {SET_NAME, SUCCESS, ""},         {CREATE_CHAT, FAILURE, SAY_CHAT_EXISTS},
        {CONNECT_CHAT, SUCCESS, "hall"}, {SEND_MESSAGE, SUCCESS, ""},
        {SEND_MESSAGE, FAILURE, "no"},   {LEAVE_CHAT, SUCCESS, ""},
        {LEAVE_CHAT, FAILURE, "no"},     {DISCONNECT, SUCCESS, ""},
        {GET_CHATS, SUCCESS, "hall\n"},  {GET_CHATS, FAILURE, "no"},
        {WRONG_REQUEST, SUCCESS, ""},    {WRONG_REQUEST, FAILURE, SAY_WRONG_REQUEST},
    };
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++)
        begin(i, frame_of(answers[i].request, answers[i].response, strlen(answers[i].text), answers[i].text),
              run_until_stopped);
    are_protocol_errors(sizeof answers / sizeof *answers);
    (void)trial;
}

/* Each of them takes the place of a record: others are missing it, or it is missing one. */
static void load_records_that_are_none(const struct trial *trial)
{
    static const char *const records[] = {
        "",
        "no record",
        "author\t",
        "author\t12:00:00 11/21/26",
        "author\t12:00:00 11/21/26 text",
        "\t12:00:00 11/21/26\ntext",
        "author 12:00:00 11/21/26\ntext",
    };
    enum { RECORDS = sizeof records / sizeof *records };
    for (size_t i = 0; i < RECORDS; i++)
        begin(i, frame_of(RECEIVE_MESSAGE, SUCCESS, strlen(records[i]), records[i]), run_of_40);
    for (size_t i = 0; i < RECORDS; i++) {
        struct result result = loader_end(&pranks[i].loader);
        result_violates(&result, "other");
        check(strstr(result.outcome.err.at, "no record"), "the evidence is '%s'", result.outcome.err.at);
    }
    (void)trial;
}

/* All are shown the same, so only its author knows that it said something else. */
static void load_text_changed_for_everybody(const struct trial *trial)
{
    struct loader loaders[2];
    for (size_t i = 0; i < 2; i++)
        loaders[i] = loader_start(pretender_start(&(struct prank){.after = AFTER, .alters = true}),
                                  i ? "-p rooms -m 3 --rate 100 -d 0.4" : run_of_40);
    for (size_t i = 0; i < 2; i++) {
        struct result result = loader_end(&loaders[i]);
        result_violates(&result, "other");
        check(result_number(&result, "delivery/violations") == 1 && strstr(result.outcome.err.at, "not what it said"),
              "the evidence is '%s'", result.outcome.err.at);
        check(result_number(&result, "counts/delivered") == 120 && result_is(&result, "delivery/drained"),
              "it did not go on");
    }
    (void)trial;
}

/* They go on trying for a while; then it is said why, and how often. */
static void load_nobody_may_enter(const struct trial *trial)
{
    struct loader loader =
        loader_start(pretender_start(&(struct prank){.after = AFTER, .lets_nobody_in = true}), "-p rooms -m 3 -d 600");
    struct result result = loader_end(&loader);
    const struct bytes *err = &result.outcome.err;
    check(result.outcome.code == 1, "exit %d", result.outcome.code);
    check(strstr(err->at, "3 of 3 bots could not enter") && strstr(err->at, " join: ") &&
              strchr(err->at, '\n') == err->at + err->n - 1,
          "it says '%s'", err->at);
    check(result.outcome.out.n == 0 && !result.json, "there are results");
    (void)trial;
}

/* What is not a chat server at all is told by the first who comes. */
static void load_foreign_servers(const struct trial *trial)
{
    static const struct {
        const char *bytes, *text;
    } servers[] = {
        {"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n", "no chat server"},
        {"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u3\r\n", "no chat server"},
        {"220 mail.example.org ESMTP ready\r\n", "no chat server"},
    };
    for (size_t i = 0; i < sizeof servers / sizeof *servers; i++) {
        int port = pretender_start(&(struct prank){.bytes = servers[i].bytes, .n = strlen(servers[i].bytes)});
        struct call call = loader_call(port, run_of_40);
        loader_refuses(&call, 1, servers[i].text);
    }
    (void)trial;
}

const struct scenario load_protocol_scenarios[] = {
    {"load_pretender_that_behaves", load_pretender_that_behaves},
    {"load_whispers_are_no_records", load_whispers_are_no_records},
    {"load_requests_that_nobody_knows", load_requests_that_nobody_knows},
    {"load_responses_that_are_none", load_responses_that_are_none},
    {"load_lengths_that_cannot_be", load_lengths_that_cannot_be},
    {"load_protocol_error_while_it_searches", load_protocol_error_while_it_searches},
    {"load_founder_hears_nonsense", load_founder_hears_nonsense},
    {"load_answers_to_nothing", load_answers_to_nothing},
    {"load_records_that_are_none", load_records_that_are_none},
    {"load_text_changed_for_everybody", load_text_changed_for_everybody},
    {"load_nobody_may_enter", load_nobody_may_enter},
    {"load_foreign_servers", load_foreign_servers},
    {0},
};
