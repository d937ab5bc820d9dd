/* Scripts and their transcripts. */
#define HARNESS
#include "tests/harness/script.h"

#include <stdio.h>
#include <string.h>

const char *const way_names[WAYS] = {"lock-step", "one write", "byte by byte", "in pieces",
                                     "one write and half-closed"};

/* Blanks the stamp of a record AUTHOR TAB stamp NL text. */
static void blank(char *record, size_t n)
{
    char *tab = memchr(record, '\t', n);
    if (tab && n - (size_t)(tab - record) > STAMP_LENGTH + 1 && is_stamp(tab + 1))
        memset(tab + 1, '-', STAMP_LENGTH);
}

/* A sum over a text, for those too long to be shown. */
static unsigned sum_of(const char *text, size_t n)
{
    unsigned sum = 0;
    for (size_t i = 0; i < n; i++)
        sum = sum * 31 + (unsigned char)text[i];
    return n > 100 ? sum : 0;
}

static void note(struct bytes *transcript, const struct frame *frame)
{
    char *text = trial_alloc(frame->n + 1);
    if (frame->n)
        memcpy(text, frame->text, frame->n);
    if (frame->request == RECEIVE_MESSAGE || frame->request == PRIVATE_MESSAGE)
        blank(text, frame->n);
    bytes_text(transcript, "{%d,%d,%zu,%08x} %s\n", frame->request, frame->response, frame->n, sum_of(text, frame->n),
               shown(text, frame->n));
}

static void read_answers(struct client *client, unsigned answers, struct bytes *transcript)
{
    struct frame got = {0};
    for (unsigned i = 0; i < answers && !(answers == UNTIL_WRONG && got.request == WRONG_REQUEST); i++) {
        got = client_next(client);
        note(transcript, &got);
    }
}

static void lock_step(struct client *client, const struct step *steps, size_t n, struct bytes *transcript)
{
    for (const struct step *step = steps; step < steps + n; step++) {
        client_say(client, step->request, step->text);
        read_answers(client, step->answers, transcript);
    }
}

/* How much is written at once. */
static size_t piece_of(enum way way, size_t at, size_t left)
{
    size_t odd = at * 7919 % 97 + 1;
    if (way == BYTE_BY_BYTE)
        return 1;
    return way == IN_PIECES && odd < left ? odd : left;
}

static void not_in_step(struct client *client, const struct step *steps, size_t n, enum way way)
{
    struct bytes requests = {0};
    for (const struct step *step = steps; step < steps + n; step++)
        frame_say(&requests, step->request, step->text);
    for (size_t at = 0, piece; at < requests.n; at += piece) {
        piece = piece_of(way, at, requests.n - at);
        client_write(client, requests.at + at, piece);
    }
}

struct bytes script_run(struct client *client, const struct step *steps, size_t n, enum way way)
{
    struct bytes transcript = {0};
    struct frame got;
    if (way == LOCK_STEP)
        lock_step(client, steps, n, &transcript);
    else
        not_in_step(client, steps, n, way);
    if (way == HALF_CLOSED)
        client_half_close(client);
    while (client_next_or_end(client, &got))
        note(&transcript, &got);
    client_close(client);
    return transcript;
}

struct bytes script_read(struct client *client)
{
    struct bytes transcript = {0};
    client_say(client, WRONG_REQUEST, "");
    for (struct frame got; (got = client_next(client)).request != WRONG_REQUEST;)
        note(&transcript, &got);
    return transcript;
}

struct bytes script_file(const char *path)
{
    struct bytes file = file_read(path);
    for (char *record = file.at; record && *record;) {
        char *end = strchr(record, RECORD_END);
        blank(record, end ? (size_t)(end - record) : strlen(record));
        record = end ? end + 1 : NULL;
    }
    return file;
}

void script_compare(const struct bytes *expected, const struct bytes *got, const char *who, const char *where)
{
    size_t line = 0, i = 0;
    if (expected->n == got->n && (!got->n || memcmp(expected->at, got->at, got->n) == 0))
        return;
    for (; i < expected->n && i < got->n && expected->at[i] == got->at[i]; i++)
        line = expected->at[i] == '\n' ? i + 1 : line;
    const char *was = expected->n > line ? expected->at + line : "";
    const char *is = got->n > line ? got->at + line : "";
    trial_fail("%s of %s differs.\nexpected: %.*s\ngot:      %.*s", who, where, (int)strcspn(was, "\n\r"), was,
               (int)strcspn(is, "\n\r"), is);
}
