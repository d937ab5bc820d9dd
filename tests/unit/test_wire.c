/* Tests of the binary protocol's door: requests out of bytes, answers into bytes, to the byte. */
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/protocol.h"
#include "server/door/wire.h"

enum { MOST = 1000, LIMIT = MOST + FRAME_SLACK };

static void put(struct buf *to, int32_t request, struct span text)
{
    char header[CLIENT_HEADER];
    protocol_client_header(header, request, text.n);
    assert_true(buf_append(to, header, sizeof header));
    assert_true(buf_append(to, text.at, text.n));
}

static int64_t take(struct span bytes, struct request *request)
{
    return door_wire.take(bytes, MOST, request);
}

static void a_whole_frame_is_taken(void **state)
{
    (void)state;
    static const char frame[] = "\x03\0\0\0\x05\0\0\0\0\0\0\0hello";
    struct span bytes = {frame, sizeof frame - 1};
    struct request request;
    for (int twice = 0; twice < 2; twice++) {
        assert_int_equal(take(bytes, &request), bytes.n);
        assert_int_equal(request.kind, SEND_MESSAGE);
        assert_true(span_equal(request.text, span_of("hello")));
        assert_ptr_equal(request.text.at, frame + CLIENT_HEADER);
    }
}

static void byte_by_byte(void **state)
{
    (void)state;
    struct buf in = {0};
    struct request request;
    put(&in, CONNECT_CHAT, span_of("a chat\nof\0two"));
    for (uint32_t n = 0; n < in.n; n++) {
        struct span part = {in.at, n};
        assert_int_equal(take(part, &request), 0);
        assert_int_equal(door_wire.expects(part), n < CLIENT_HEADER ? 0 : in.n);
    }
    assert_int_equal(take(buf_span(&in), &request), in.n);
    assert_int_equal(door_wire.expects(buf_span(&in)), in.n);
    buf_free(&in);
}

static void nothing_is_no_request(void **state)
{
    (void)state;
    struct request request;
    assert_int_equal(take((struct span){0}, &request), 0);
    assert_int_equal(door_wire.expects((struct span){0}), 0);
}

static void pipelined_requests_are_taken_one_by_one(void **state)
{
    (void)state;
    static const char *const texts[] = {"", "x", "", "", "a longer one", ""};
    struct buf in = {0};
    struct request request;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        put(&in, (int32_t)i, span_of(texts[i]));
    struct span rest = buf_span(&in);
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        int64_t n = take(rest, &request);
        assert_int_equal(n, CLIENT_HEADER + strlen(texts[i]));
        assert_int_equal(door_wire.expects(rest), n);
        assert_int_equal(request.kind, i);
        assert_true(span_equal(request.text, span_of(texts[i])));
        rest = (struct span){rest.at + n, rest.n - (size_t)n};
    }
    assert_int_equal(rest.n, 0);
    buf_free(&in);
}

static void any_number_is_a_request(void **state)
{
    (void)state;
    static const int32_t kinds[] = {-1, INT32_MIN, INT32_MAX, 11, 256, 0x01020304};
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        char header[CLIENT_HEADER];
        struct request request;
        protocol_client_header(header, kinds[i], 0);
        assert_int_equal(take((struct span){header, sizeof header}, &request), CLIENT_HEADER);
        assert_true(request.kind == kinds[i]);
        assert_int_equal(request.text.n, 0);
    }
}

static void a_length_over_the_limit_breaks_the_stream(void **state)
{
    (void)state;
    static const uint64_t lengths[] = {
        LIMIT + 1,
        UINT32_MAX,
        UINT64_C(1) << 32,
        (UINT64_C(1) << 32) + 1,
        INT64_MAX,
        UINT64_C(1) << 63,
        UINT64_MAX,
        UINT64_MAX - CLIENT_HEADER,
        UINT64_MAX - LIMIT,
        UINT64_MAX - 11,
        (UINT64_C(1) << 63) + LIMIT,
    };
    struct request request;
    char header[CLIENT_HEADER];
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        protocol_client_header(header, SEND_MESSAGE, lengths[i]);
        for (size_t n = 0; n < sizeof header; n++)
            assert_int_equal(take((struct span){header, n}, &request), 0);
        assert_int_equal(take((struct span){header, sizeof header}, &request), -1);
    }
}

/* Once a length is known, no number of bytes that is smaller than the header can be what is expected. */
static void what_is_expected_does_not_wrap_around(void **state)
{
    (void)state;
    static const uint64_t lengths[] = {LIMIT + 1, UINT64_C(1) << 63, UINT64_MAX - CLIENT_HEADER, UINT64_MAX};
    char header[CLIENT_HEADER];
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        protocol_client_header(header, SEND_MESSAGE, lengths[i]);
        assert_true(door_wire.expects((struct span){header, sizeof header}) >= lengths[i]);
    }
}

static void exactly_the_limit_is_taken(void **state)
{
    (void)state;
    static char text[LIMIT];
    struct buf in = {0};
    struct request request;
    memset(text, 'x', sizeof text);
    put(&in, SEND_MESSAGE, (struct span){text, sizeof text});
    assert_int_equal(take((struct span){in.at, CLIENT_HEADER}, &request), 0);
    assert_int_equal(take((struct span){in.at, in.n - 1}, &request), 0);
    assert_int_equal(take(buf_span(&in), &request), CLIENT_HEADER + LIMIT);
    assert_int_equal(request.text.n, LIMIT);
    /* With a limit that is one lower the same bytes are none. */
    assert_int_equal(door_wire.take(buf_span(&in), MOST - 1, &request), -1);
    buf_free(&in);
}

static void the_limit_itself_may_be_anything(void **state)
{
    (void)state;
    struct request request;
    char header[CLIENT_HEADER];
    protocol_client_header(header, SEND_MESSAGE, (uint64_t)UINT32_MAX + FRAME_SLACK);
    assert_int_equal(door_wire.take((struct span){header, sizeof header}, UINT32_MAX, &request), 0);
    protocol_client_header(header, SEND_MESSAGE, (uint64_t)UINT32_MAX + FRAME_SLACK + 1);
    assert_int_equal(door_wire.take((struct span){header, sizeof header}, UINT32_MAX, &request), -1);
}

static void answers_are_exact(void **state)
{
    (void)state;
    static const char expected[] = "\x01\0\0\0\x01\0\0\0\x06\0\0\0\0\0\0\0exists"
                                   "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
                                   "\xfe\xff\xff\xff\0\0\0\0\x01\0\0\0\0\0\0\0z";
    struct buf out = {0};
    assert_true(door_wire.answer(&out, CREATE_CHAT, FAILURE, span_of("exists")));
    assert_true(door_wire.answer(&out, SET_NAME, SUCCESS, (struct span){0}));
    assert_true(door_wire.answer(&out, -2, SUCCESS, span_of("z")));
    assert_int_equal(out.n, sizeof expected - 1);
    assert_memory_equal(out.at, expected, out.n);
    buf_free(&out);
}

static void a_frame_is_appended(void **state)
{
    (void)state;
    char text[300];
    struct buf out = {0};
    memset(text, 'r', sizeof text);
    for (size_t n = 0; n <= sizeof text; n++) {
        uint32_t before = out.n;
        assert_true(door_wire.frame(&out, (struct span){text, n}));
        assert_int_equal(out.n, before + SERVER_HEADER + n);
        assert_int_equal(protocol_get32(out.at + before), RECEIVE_MESSAGE);
        assert_int_equal(protocol_get32(out.at + before + 4), SUCCESS);
        assert_int_equal(protocol_get64(out.at + before + 8), n);
        assert_memory_equal(out.at + before + SERVER_HEADER, text, n);
    }
    buf_free(&out);
}

/* What a member was sent a part of must go on with the same bytes when the frame is made again. */
static void the_same_record_gives_the_same_frame(void **state)
{
    (void)state;
    struct buf first = {0}, second = {0};
    assert_true(door_wire.frame(&first, span_of("one\ttwo\nthree")));
    assert_true(door_wire.frame(&second, span_of("one\ttwo\nthree")));
    assert_int_equal(first.n, second.n);
    assert_memory_equal(first.at, second.at, first.n);
    buf_free(&first);
    buf_free(&second);
}

/* The head of a list and its text are what an answer with this text would be. */
static void a_list_head_is_an_answer_s_head(void **state)
{
    (void)state;
    static const char *const lists[] = {"", "a\n", "one\ntwo\nthree\n"};
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        char head[LIST_HEAD_MAX];
        struct buf whole = {0};
        size_t n = door_wire.list_head(strlen(lists[i]), head);
        assert_true(n <= LIST_HEAD_MAX);
        assert_true(door_wire.answer(&whole, GET_CHATS, SUCCESS, span_of(lists[i])));
        assert_int_equal(whole.n, n + strlen(lists[i]));
        assert_memory_equal(whole.at, head, n);
        buf_free(&whole);
    }
    char head[LIST_HEAD_MAX];
    door_wire.list_head(UINT32_MAX, head);
    assert_true(protocol_get64(head + 8) == UINT32_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_whole_frame_is_taken),
        cmocka_unit_test(byte_by_byte),
        cmocka_unit_test(nothing_is_no_request),
        cmocka_unit_test(pipelined_requests_are_taken_one_by_one),
        cmocka_unit_test(any_number_is_a_request),
        cmocka_unit_test(a_length_over_the_limit_breaks_the_stream),
        cmocka_unit_test(what_is_expected_does_not_wrap_around),
        cmocka_unit_test(exactly_the_limit_is_taken),
        cmocka_unit_test(the_limit_itself_may_be_anything),
        cmocka_unit_test(answers_are_exact),
        cmocka_unit_test(a_frame_is_appended),
        cmocka_unit_test(the_same_record_gives_the_same_frame),
        cmocka_unit_test(a_list_head_is_an_answer_s_head),
    };
    return cmocka_run_group_tests_name("unit/wire", tests, NULL, NULL);
}
