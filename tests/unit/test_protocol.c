/* Tests of the binary protocol's headers, byte for byte, and of its sentences that are fixed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "common/protocol.h"

static void client_header_bytes(void **state)
{
    (void)state;
    char header[CLIENT_HEADER];
    protocol_client_header(header, SEND_MESSAGE, 5);
    assert_memory_equal(header, "\3\0\0\0\5\0\0\0\0\0\0\0", sizeof header);
    protocol_client_header(header, CONNECT_FROM, 0x1122334455667788);
    assert_memory_equal(header, "\x0a\0\0\0\x88\x77\x66\x55\x44\x33\x22\x11", sizeof header);
    protocol_client_header(header, -2, UINT64_MAX);
    assert_memory_equal(header, "\xfe\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff", sizeof header);
}

static void server_header_bytes(void **state)
{
    (void)state;
    char header[SERVER_HEADER];
    protocol_server_header(header, GET_CHATS, SUCCESS, 0);
    assert_memory_equal(header, "\x08\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0", sizeof header);
    protocol_server_header(header, WRONG_REQUEST, FAILURE, 0x010203);
    assert_memory_equal(header, "\7\0\0\0\1\0\0\0\3\2\1\0\0\0\0\0", sizeof header);
}

static void headers_end_where_they_should(void **state)
{
    (void)state;
    char room[SERVER_HEADER + 1];
    room[CLIENT_HEADER] = '#';
    protocol_client_header(room, 1, 2);
    assert_int_equal(room[CLIENT_HEADER], '#');
    room[SERVER_HEADER] = '#';
    protocol_server_header(room, 1, 0, 2);
    assert_int_equal(room[SERVER_HEADER], '#');
}

static void numbers_come_back(void **state)
{
    (void)state;
    static const int32_t small[] = {0, 1, -1, 10, INT32_MAX, INT32_MIN};
    static const uint64_t large[] = {0, 1, 65536, UINT32_MAX, UINT64_C(1) << 63, UINT64_MAX};
    char bytes[9]; /* at an odd address */
    for (size_t i = 0; i < sizeof small / sizeof *small; i++) {
        protocol_put32(bytes + 1, small[i]);
        assert_int_equal(protocol_get32(bytes + 1), small[i]);
    }
    for (size_t i = 0; i < sizeof large / sizeof *large; i++) {
        protocol_put64(bytes + 1, large[i]);
        assert_true(protocol_get64(bytes + 1) == large[i]);
    }
    assert_int_equal(protocol_get32("\x08\0\0\0"), GET_CHATS);
    assert_true(protocol_get64("\0\0\1\0\0\0\0\0") == MESSAGE_MAX_DEFAULT);
}

static void numbers_of_requests(void **state)
{
    (void)state;
    assert_int_equal(SET_NAME, 0);
    assert_int_equal(CREATE_CHAT, 1);
    assert_int_equal(CONNECT_CHAT, 2);
    assert_int_equal(SEND_MESSAGE, 3);
    assert_int_equal(LEAVE_CHAT, 4);
    assert_int_equal(DISCONNECT, 5);
    assert_int_equal(RECEIVE_MESSAGE, 6);
    assert_int_equal(WRONG_REQUEST, 7);
    assert_int_equal(GET_CHATS, 8);
    assert_int_equal(PRIVATE_MESSAGE, 9);
    assert_int_equal(CONNECT_FROM, 10);
    assert_int_equal(SUCCESS, 0);
    assert_int_equal(FAILURE, 1);
}

static void sentences(void **state)
{
    (void)state;
    assert_string_equal(SAY_NAME_TAKEN, "Username is already in use");
    assert_string_equal(SAY_CHAT_EXISTS, "Chat with such name already exists");
    assert_string_equal(SAY_NO_SUCH_CHAT, "Can't connect to a non-existant chat");
    assert_string_equal(SAY_CHAT_NOT_CREATED, "Server error: could not create chat, try again later");
    assert_string_equal(SAY_WRONG_REQUEST, "Wrong request");
    assert_string_equal(SAY_FRAME_TOO_LONG, "Message is too long");
    assert_string_equal(SAY_FRAME_TOO_SLOW, "Message took too long");
    assert_string_equal(say_misplaced[SET_NAME], "Cannot set name twice!");
    assert_string_equal(say_misplaced[CREATE_CHAT], "Cannot create chats, wrong state");
    assert_string_equal(say_misplaced[CONNECT_CHAT], "Cannot connect chat, wrong state!");
    for (int i = 0; i < REQUEST_KINDS; i++) {
        assert_non_null(request_names[i]);
        if (i == DISCONNECT || i == RECEIVE_MESSAGE || i == WRONG_REQUEST)
            assert_null(say_misplaced[i]);
        else
            assert_non_null(say_misplaced[i]);
    }
    assert_string_equal(response_names[FAILURE], "s_failure");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(client_header_bytes),           cmocka_unit_test(server_header_bytes),
        cmocka_unit_test(headers_end_where_they_should), cmocka_unit_test(numbers_come_back),
        cmocka_unit_test(numbers_of_requests),           cmocka_unit_test(sentences),
    };
    return cmocka_run_group_tests_name("unit/protocol", tests, NULL, NULL);
}
