/* Tests of a session's input and of the answers due to it, over a socket pair, in pieces of every size. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/protocol.h"
#include "server/chat/names.h"
#include "server/chat/session.h"
#include "server/door/wire.h"

enum {
    MOST = 4000, /* longest text */
    FEW = 512    /* memory that half a frame may begin with */
};

static struct session *session;
static int client;
static char scratch[65536];

static int connect_both(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends), 0);
    session = session_new(ends[0], &door_wire);
    client = ends[1];
    return !session;
}

static int close_both(void **state)
{
    (void)state;
    close(session->fd);
    session_free(session);
    if (client >= 0)
        close(client);
    return 0;
}

static void say(const void *bytes, size_t n)
{
    assert_int_equal(send(client, bytes, n, 0), n);
}

static void put(struct buf *to, int32_t request, uint64_t length, size_t present)
{
    char header[CLIENT_HEADER];
    protocol_client_header(header, request, length);
    assert_true(buf_append(to, header, sizeof header) && buf_reserve(to, present));
    for (size_t i = 0; i < present; i++)
        to->at[to->n++] = (char)('a' + (i + (unsigned)request) % 26);
}

static int64_t next(struct request *request)
{
    int64_t n = door_wire.take(session_unread(session), MOST, request);
    session->in_next = n > 0 ? (uint32_t)n : 0;
    return n;
}

static void a_new_session(void **state)
{
    (void)state;
    assert_int_equal(session->stop, NO_STOP);
    assert_int_equal(session->next.to, STAY);
    assert_int_equal(session_unread(session).n, 0);
    assert_int_equal(session_answer_rest(session).n, 0);
    assert_false(session->eof || session->dead || session->deaf);
}

static void reading_nothing(void **state)
{
    (void)state;
    assert_true(session_read(session, scratch, sizeof scratch));
    assert_false(session->eof);
    assert_true(session_keep(session));
    assert_null(session->in.at);
    close(client);
    client = -1;
    assert_true(session_read(session, scratch, sizeof scratch));
    assert_true(session->eof);
    assert_true(session_keep(session));
}

static void a_broken_connection(void **state)
{
    (void)state;
    assert_int_equal(send(session->fd, "unread", 6, MSG_NOSIGNAL), 6);
    close(client); /* with unread input: a reset */
    client = -1;
    assert_false(session_read(session, scratch, sizeof scratch));
}

static void whole_requests_cost_no_memory(void **state)
{
    (void)state;
    struct buf stream = {0};
    struct request request;
    for (int i = 0; i < 3; i++)
        put(&stream, i, (uint64_t)i, (size_t)i);
    say(stream.at, stream.n);
    assert_true(session_read(session, scratch, sizeof scratch));
    assert_ptr_equal(session->in.at, scratch);
    assert_int_equal(session->in.room, 0);
    for (int i = 0; i < 3; i++) {
        assert_true(next(&request) > 0);
        assert_int_equal(request.kind, i);
        assert_int_equal(request.text.n, i);
        session_consume(session);
    }
    assert_int_equal(next(&request), 0);
    assert_true(session_keep(session));
    assert_null(session->in.at);
    assert_int_equal(session->in.n, 0);
    buf_free(&stream);
}

static void what_is_not_served_is_kept(void **state)
{
    (void)state;
    struct buf stream = {0};
    struct request request;
    for (int i = 0; i < 100; i++)
        put(&stream, i, 10, 10);
    say(stream.at, stream.n);
    assert_true(session_read(session, scratch, sizeof scratch));
    for (int i = 0; i < 100; i++) {
        assert_true(next(&request) > 0);
        assert_int_equal(request.kind, i);
        session_consume(session);
        assert_true(session_keep(session));
        memset(scratch, '#', sizeof scratch); /* somebody else's by now */
        assert_int_equal(session_unread(session).n, (size_t)(99 - i) * (CLIENT_HEADER + 10));
        assert_true(session->in.room <= 99 * (CLIENT_HEADER + 10));
    }
    assert_null(session->in.at);
    buf_free(&stream);
}

/* Memory is bounded by what has come, doubled, and by what the frame in hand needs. */
static void assert_modest(size_t came, uint64_t needs)
{
    size_t room = session->in.room;
    assert_true(room <= 2 * came + FEW + CLIENT_HEADER);
    assert_true(room <= needs || room <= FEW + CLIENT_HEADER);
}

/* A stream of frames in pieces of `piece` bytes, through a scratch of n bytes: every request comes out once, whole. */
static void read_in_pieces(const struct buf *stream, size_t piece, size_t n, int frames)
{
    struct request request;
    int served = 0;
    for (size_t at = 0; at < stream->n;) {
        size_t more = stream->n - at < piece ? stream->n - at : piece;
        say(stream->at + at, more);
        at += more;
        /* Level-triggered: it is read as long as something is there. */
        for (bool came = true; came;) {
            size_t before = session->in.n;
            assert_true(session_read(session, scratch, n));
            came = session->in.n != before;
            while (next(&request) > 0) {
                assert_int_equal(request.kind, served);
                for (size_t i = 0; i < request.text.n; i++)
                    assert_int_equal(request.text.at[i], (char)('a' + (i + (unsigned)served) % 26));
                session_consume(session);
                served++;
            }
            assert_true(session_keep(session));
            memset(scratch, '#', n);
            assert_modest(session->in.n, CLIENT_HEADER + MOST);
        }
    }
    assert_int_equal(served, frames);
    assert_null(session->in.at);
}

static void half_frames_in_pieces_of_every_size(void **state)
{
    (void)state;
    static const size_t lengths[] = {0, 1, 0, 300, 7, 20, 1500, 0, 52, 53, 51, MOST, 2, 0};
    static const size_t rooms[] = {64, 100, 777, 4096, sizeof scratch};
    enum { FRAMES = sizeof lengths / sizeof *lengths };
    struct buf stream = {0};
    for (int i = 0; i < FRAMES; i++)
        put(&stream, i, lengths[i], lengths[i]);
    for (size_t r = 0; r < sizeof rooms / sizeof *rooms; r++) {
        for (size_t piece = 1; piece < 200; piece++)
            read_in_pieces(&stream, piece, rooms[r], FRAMES);
        for (size_t piece = 200; piece <= stream.n; piece += 97)
            read_in_pieces(&stream, piece, rooms[r], FRAMES);
    }
    buf_free(&stream);
}

/* However much a length field claims, a session holds no more than has come, doubled. */
static void a_claim_is_no_memory(void **state)
{
    (void)state;
    static const uint64_t claims[] = {MESSAGE_MAX_MOST + FRAME_SLACK, UINT32_MAX, INT64_MAX, UINT64_C(1) << 63,
                                      UINT64_MAX - CLIENT_HEADER,     UINT64_MAX};
    for (size_t i = 0; i < sizeof claims / sizeof *claims; i++) {
        struct buf stream = {0};
        put(&stream, SEND_MESSAGE, claims[i], 3000);
        for (size_t at = 0; at < stream.n; at += 4) {
            say(stream.at + at, 4);
            assert_true(session_read(session, scratch, 64));
            assert_true(session_keep(session));
            assert_int_equal(session->in.n, at + 4);
            assert_memory_equal(session->in.at, stream.at, at + 4);
            assert_modest(at + 4, UINT64_MAX);
        }
        buf_free(&stream);
        buf_free(&session->in);
    }
}

/* A long frame is never held in more memory than it needs, however its pieces are cut. */
static void a_frame_is_held_in_its_size(void **state)
{
    (void)state;
    for (size_t length = FEW; length <= MOST; length += 499) {
        struct buf stream = {0};
        struct request request;
        put(&stream, SEND_MESSAGE, length, length);
        for (size_t at = 0; at < stream.n; at++) {
            say(stream.at + at, 1);
            assert_true(session_read(session, scratch, 64));
            if (at + 1 < stream.n)
                assert_int_equal(next(&request), 0);
            assert_true(session_keep(session));
            assert_true(session->in.room <= stream.n || session->in.room <= FEW + CLIENT_HEADER);
            assert_true(session->in.room <= 2 * (at + 1) + FEW);
        }
        assert_int_equal(next(&request), stream.n);
        session_consume(session);
        assert_true(session_keep(session));
        assert_null(session->in.at);
        buf_free(&stream);
    }
}

static void what_a_deaf_one_says_is_thrown_away(void **state)
{
    (void)state;
    say("kept for now", 12);
    assert_true(session_read(session, scratch, sizeof scratch));
    assert_true(session_keep(session));
    session->deaf = true;
    for (int i = 0; i < 100; i++) {
        say("and more and more", 17);
        assert_true(session_read(session, scratch, sizeof scratch));
        assert_true(session_keep(session));
        assert_null(session->in.at);
        assert_int_equal(session_unread(session).n, 0);
    }
    assert_false(session->eof);
    shutdown(client, SHUT_WR);
    assert_true(session_read(session, scratch, sizeof scratch));
    assert_true(session->eof);
}

static void going_deaf_in_the_middle_of_a_read(void **state)
{
    (void)state;
    say("in the scratch", 14);
    assert_true(session_read(session, scratch, sizeof scratch));
    session->deaf = true;
    assert_true(session_keep(session));
    assert_null(session->in.at);
    assert_int_equal(session->in.n, 0);
}

static void answers_queue_up(void **state)
{
    (void)state;
    static const char *const texts[] = {"first", "", "a third one, which is longer", "4"};
    enum { N = sizeof texts / sizeof *texts };
    struct buf expected = {0}, sent = {0};
    for (int32_t i = 0; i < N; i++) {
        assert_true(session_answer(session, (uint64_t)i * 100, i, i & 1, span_of(texts[i])));
        assert_true(door_wire.answer(&expected, i, i & 1, span_of(texts[i])));
    }
    /* One more byte goes each time, over and over from one. */
    for (size_t take = 1; session->out.n; take = take % 7 + 1) {
        struct span rest = session_answer_rest(session);
        struct answer_head head = session_answer_head(session);
        assert_true(rest.n > 0);
        if (session->out_gone == 0)
            assert_int_equal(head.n, rest.n);
        assert_int_equal(head.after, (uint64_t)protocol_get32(expected.at + sent.n - session->out_gone) * 100);
        size_t n = take < rest.n ? take : rest.n;
        assert_true(buf_append(&sent, rest.at, n));
        session_answer_sent(session, n);
        if (take == 3)
            session_answer_sent(session, 0); /* the socket took nothing */
        if (!session->out.n)
            break;
    }
    assert_true(span_equal(buf_span(&sent), buf_span(&expected)));
    assert_null(session->out.at); /* and no memory is left */
    assert_int_equal(session->out_gone, 0);
    assert_int_equal(session_answer_rest(session).n, 0);
    buf_free(&expected);
    buf_free(&sent);
}

/* Answers are added while the first one is half gone. */
static void answers_behind_half_an_answer(void **state)
{
    (void)state;
    assert_true(session_answer(session, 7, SET_NAME, SUCCESS, span_of("half")));
    session_answer_sent(session, 10);
    for (int i = 0; i < 1000; i++)
        assert_true(session_answer(session, 8, PRIVATE_MESSAGE, SUCCESS, span_of("more")));
    assert_int_equal(session_answer_rest(session).n, SERVER_HEADER + 4 - 10);
    assert_int_equal(session_answer_head(session).after, 7);
    session_answer_sent(session, SERVER_HEADER + 4 - 10);
    assert_int_equal(session_answer_rest(session).n, SERVER_HEADER + 4);
    assert_int_equal(session_answer_head(session).after, 8);
}

/* The worst that the protocol lets a client do: a longest frame but for its end, and answers it does not read. */
static void a_maltreated_session_stays_within_its_bound(void **state)
{
    (void)state;
    static const uint32_t messages[] = {1, 100, MESSAGE_MAX_DEFAULT, MESSAGE_MAX_MOST};
    for (size_t i = 0; i < sizeof messages / sizeof *messages; i++) {
        struct limits limits = {.max_message = messages[i]};
        size_t frame = CLIENT_HEADER + (size_t)messages[i] + FRAME_SLACK;
        size_t record = USER_BYTES_MAX + 1 + STAMP_LENGTH + 1 + (size_t)messages[i];
        char *text = calloc(1, frame);
        assert_non_null(text);
        protocol_client_header(text, SEND_MESSAGE, messages[i] + FRAME_SLACK);
        for (size_t at = 0; at < frame - 1;) {
            size_t n = frame - 1 - at < 1000 ? frame - 1 - at : 1000;
            say(text + at, n);
            at += n;
            while (session->in.n < at) {
                assert_true(session_read(session, scratch, SCRATCH));
                assert_true(session_keep(session));
            }
        }
        /* One byte below the limit, then the longest one that can come. */
        size_t head = sizeof(struct answer_head) + SERVER_HEADER;
        assert_true(session_answer(session, 0, PRIVATE_MESSAGE, SUCCESS, (struct span){scratch, OUT_MAX - 1 - head}));
        assert_int_equal(session->out.n, OUT_MAX - 1);
        assert_true(session_answer(session, 0, PRIVATE_MESSAGE, SUCCESS, (struct span){text, record}));
        size_t cost = sizeof *session + session->in.room + session->out.room + sizeof(struct name) + USER_BYTES_MAX;
        assert_true(cost <= session_bytes_most(&limits));
        buf_free(&session->in);
        buf_free(&session->out);
        session->in_at = 0;
        free(text);
    }
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, connect_both, close_both)
    const struct CMUnitTest tests[] = {
        TEST(a_new_session),
        TEST(reading_nothing),
        TEST(a_broken_connection),
        TEST(whole_requests_cost_no_memory),
        TEST(what_is_not_served_is_kept),
        TEST(half_frames_in_pieces_of_every_size),
        TEST(a_claim_is_no_memory),
        TEST(a_frame_is_held_in_its_size),
        TEST(what_a_deaf_one_says_is_thrown_away),
        TEST(going_deaf_in_the_middle_of_a_read),
        TEST(answers_queue_up),
        TEST(answers_behind_half_an_answer),
        TEST(a_maltreated_session_stays_within_its_bound),
    };
    return cmocka_run_group_tests_name("unit/session", tests, NULL, NULL);
}
