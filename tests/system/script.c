/* Scripts and their transcripts. */
#define HARNESS
#include "tests/system/script.h"

#include <stdio.h>
#include <string.h>

const char *const way_names[WAYS] = {"lock-step", "one write", "byte by byte", "one write and half-closed"};

/* Blanks the stamp of a record AUTHOR TAB stamp NL text. */
static void blank(char *record, size_t n)
{
    char *tab = memchr(record, '\t', n);
    if (tab && n - (size_t)(tab - record) > STAMP_LENGTH + 1 && is_stamp(tab + 1))
        memset(tab + 1, '-', STAMP_LENGTH);
}

static void note(struct bytes *transcript, const struct frame *frame)
{
    char *text = trial_alloc(frame->n + 1);
    if (frame->n)
        memcpy(text, frame->text, frame->n);
    if (frame->request == RECEIVE_MESSAGE || frame->request == PRIVATE_MESSAGE)
        blank(text, frame->n);
    bytes_text(transcript, "{%d,%d,%zu} %s\n", frame->request, frame->response, frame->n, shown(text, frame->n));
}

static void lock_step(struct client *client, const struct step *steps, size_t n, struct bytes *transcript)
{
    for (const struct step *step = steps; step < steps + n; step++) {
        client_say(client, step->request, step->text);
        for (unsigned i = 0; i < step->answers; i++) {
            struct frame got = client_next(client);
            note(transcript, &got);
        }
    }
}

static void all_at_once(struct client *client, const struct step *steps, size_t n, bool single_bytes)
{
    struct bytes requests = {0};
    for (const struct step *step = steps; step < steps + n; step++)
        frame_say(&requests, step->request, step->text);
    size_t most = single_bytes ? 1 : requests.n;
    for (size_t at = 0; at < requests.n; at += most)
        client_write(client, requests.at + at, most);
}

struct bytes script_run(struct client *client, const struct step *steps, size_t n, enum way way)
{
    struct bytes transcript = {0};
    struct frame got;
    if (way == LOCK_STEP)
        lock_step(client, steps, n, &transcript);
    else
        all_at_once(client, steps, n, way == BYTE_BY_BYTE);
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
