/* Clients for tests. */
#include "tests/unit/persons.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/protocol.h"

void person_say_bytes(struct person *person, const void *bytes, size_t n)
{
    assert_int_equal(send(person->fd, bytes, n, MSG_NOSIGNAL), n);
}

void script_add(struct buf *script, int32_t request, struct span text)
{
    assert_true(buf_reserve(script, CLIENT_HEADER));
    protocol_client_header(script->at + script->n, request, text.n);
    script->n += CLIENT_HEADER;
    assert_true(buf_append(script, text.at, text.n));
}

void person_say_script(struct person *person, struct buf *script)
{
    person_say_bytes(person, script->at, script->n);
    buf_free(script);
}

void person_say_span(struct person *person, int32_t request, struct span text)
{
    struct buf script = {0};
    script_add(&script, request, text);
    person_say_script(person, &script);
}

void person_say(struct person *person, int32_t request, const char *text)
{
    person_say_span(person, request, span_of(text));
}

void person_hear_some(struct person *person, size_t n)
{
    while (n > 0 && person->fd >= 0 && !person->ended) {
        assert_true(buf_reserve(&person->heard, 65536));
        size_t room = person->heard.room - person->heard.n;
        ssize_t got = recv(person->fd, person->heard.at + person->heard.n, n < room ? n : room, MSG_DONTWAIT);
        if (got < 0 && errno == EAGAIN)
            return;
        person->ended = got <= 0;
        if (got > 0) {
            person->heard.n += (uint32_t)got;
            n -= (size_t)got;
        }
    }
}

void person_hear(struct person *person)
{
    person_hear_some(person, SIZE_MAX);
}

void person_skip(struct person *person)
{
    person->heard.n = person->at = 0;
}

void person_close(struct person *person)
{
    if (person->fd >= 0)
        close(person->fd);
    person->fd = -1;
}

bool person_next(struct person *person, struct answer *answer)
{
    if (person->heard.n - person->at < SERVER_HEADER)
        return false;
    const char *frame = person->heard.at + person->at;
    uint64_t n = protocol_get64(frame + 8);
    if (person->heard.n - person->at - SERVER_HEADER < n)
        return false;
    *answer = (struct answer){protocol_get32(frame), protocol_get32(frame + 4), {frame + SERVER_HEADER, n}};
    person->at += (uint32_t)(SERVER_HEADER + n);
    return true;
}

size_t record_head(const char *author)
{
    return strlen(author) + 1 + STAMP_LENGTH + 1;
}

static void show(const char *what, const struct answer *answer)
{
    print_error("%s {%d,%d,\"%.*s\"} (%zu bytes)\n", what, answer->request, answer->response,
                (int)(answer->text.n < 200 ? answer->text.n : 200), answer->text.at, answer->text.n);
}

static void fail_with(const struct answer *expected, const struct answer *heard, const char *file, int line)
{
    if (expected)
        show("expected", expected);
    if (heard)
        show("heard", heard);
    else
        print_error("heard nothing\n");
    _fail(file, line);
}

void person_expects(struct person *person, int32_t request, int32_t response, struct span text, const char *file,
                    int line)
{
    struct answer heard, expected = {request, response, text};
    if (!person_next(person, &heard))
        fail_with(&expected, NULL, file, line);
    else if (heard.request != request || heard.response != response || !span_equal(heard.text, text))
        fail_with(&expected, &heard, file, line);
}

void person_expects_record(struct person *person, int32_t request, const char *author, struct span text,
                           const char *file, int line)
{
    struct answer heard, expected = {request, SUCCESS, text};
    size_t head = record_head(author);
    if (!person_next(person, &heard)) {
        fail_with(&expected, NULL, file, line);
        return;
    }
    if (heard.request != request || heard.response != SUCCESS || heard.text.n != head + text.n ||
        strncmp(heard.text.at, author, strlen(author)) != 0 || heard.text.at[strlen(author)] != '\t' ||
        heard.text.at[head - 1] != '\n' || !span_equal((struct span){heard.text.at + head, heard.text.n - head}, text))
        fail_with(&expected, &heard, file, line);
}

void person_expects_nothing(struct person *person, const char *file, int line)
{
    struct answer heard;
    if (person->at == person->heard.n)
        return;
    bool whole = person_next(person, &heard);
    print_error("expected nothing\n");
    fail_with(NULL, whole ? &heard : NULL, file, line);
}
