/* Fuzz target: a client's bytes, cut anywhere, through a session and the binary door; and the door's own frames back. */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/protocol.h"
#include "server/chat/session.h"
#include "server/door/wire.h"
#include "tests/fuzz/fuzz.h"

enum {
    HEAD = 3,
    INPUT_MOST = 1 << 16,
    LEAST = 11 + 512 /* half a header in the least memory a session takes for half a frame */
};

/* What one byte of the input chooses: how long a message may be, and how much is read at once. */
static const uint32_t limits_of[] = {1, 16, 300, 65536};
static const size_t scratch_of[] = {64, 100, 1000, 65536};

struct script {
    const char *at;
    size_t n;
    uint32_t max_message, seed;
    size_t scratch;
};

/* The requests of a stream as a list of kind, length and text; by the table of the protocol and nothing else. */
static struct heap slow_requests(const struct script *script, bool *broken)
{
    struct heap list = {0};
    size_t at = 0;
    *broken = false;
    while (script->n - at >= 12) {
        int64_t kind = (int32_t)(uint32_t)slow_number(script->at + at, 4);
        uint64_t length = slow_number(script->at + at + 4, 8);
        if (length > (uint64_t)script->max_message + 256) {
            *broken = true;
            break;
        }
        if (length > script->n - at - 12)
            break;
        heap_add(&list, &kind, sizeof kind);
        heap_add(&list, &length, sizeof length);
        heap_add(&list, script->at + at + 12, (size_t)length);
        at += 12 + (size_t)length;
    }
    return list;
}

static void check_expects(const struct session *session)
{
    struct span rest = session_unread(session);
    uint64_t said = door_wire.expects(rest);
    uint64_t length = rest.n < 12 ? 0 : slow_number(rest.at + 4, 8);
    uint64_t whole = rest.n < 12 ? 0 : length > UINT64_MAX - 12 ? UINT64_MAX : length + 12;
    must(said == whole, "%llu, not %llu", (unsigned long long)said, (unsigned long long)whole);
}

/* Serves what is buffered, or only some of it, as a desk does. False: the stream is broken. */
static bool serve(const struct script *script, struct session *session, struct heap *list, uint32_t most)
{
    for (; most > 0; most--) {
        struct request request, same;
        struct span unread = session_unread(session);
        check_expects(session);
        int64_t n = door_wire.take(unread, script->max_message, &request);
        if (n <= 0)
            return n == 0;
        must(door_wire.take(unread, script->max_message, &same) == n && same.kind == request.kind &&
                 same.text.at == request.text.at && same.text.n == request.text.n,
             "asked again it says something else");
        must((size_t)n <= unread.n && request.text.n + 12 == (size_t)n, "%lld of %zu bytes", (long long)n, unread.n);
        must(request.text.at == unread.at + 12, "the text lies elsewhere");
        must(request.text.n <= (size_t)script->max_message + 256, "a text of %zu bytes", request.text.n);
        uint64_t length = request.text.n;
        heap_add(list, &request.kind, sizeof request.kind);
        heap_add(list, &length, sizeof length);
        heap_add(list, request.text.at, request.text.n);
        session->in_next = (uint32_t)n;
        session_consume(session);
    }
    return true;
}

/* The stream in pieces, through a socket, with turns in between. */
static struct heap cut_requests(const struct script *script, bool *broken)
{
    struct heap list = {0};
    uint32_t seed = script->seed;
    int ends[2];
    char *scratch = malloc(script->scratch);
    must(scratch && socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0, "%s",
         strerror(errno));
    struct session *session = session_new(ends[0], &door_wire);
    must(session, "no memory");
    *broken = false;
    for (size_t at = 0; !*broken && !session->eof;) {
        size_t piece = 1 + choose(&seed, choose(&seed, 4) ? 40 : 3000);
        if (piece > script->n - at)
            piece = script->n - at;
        if (piece && choose(&seed, 8)) {
            ssize_t sent = send(ends[1], script->at + at, piece, MSG_NOSIGNAL);
            at += sent > 0 ? (size_t)sent : 0;
        }
        if (at == script->n)
            shutdown(ends[1], SHUT_WR);
        struct request request; /* as a desk does: while a whole one is there, nothing is read */
        if (door_wire.take(session_unread(session), script->max_message, &request) == 0)
            must(session_read(session, scratch, script->scratch), "%s", strerror(errno));
        *broken = !serve(script, session, &list, choose(&seed, 4) ? UINT32_MAX : choose(&seed, 3));
        must(session_keep(session), "no memory");
        must(session->in.at != scratch, "the scratch is kept");
        size_t most = (size_t)12 + script->max_message + 256;
        most = most > script->scratch ? most : script->scratch;
        most = most > LEAST ? most : LEAST;
        must(*broken || session->in.room <= most, "%u bytes kept, %zu are enough", session->in.room, most);
    }
    /* What a turn left for the next one. */
    if (!*broken)
        *broken = !serve(script, session, &list, UINT32_MAX);
    session_keep(session);
    session_free(session);
    close(ends[0]);
    close(ends[1]);
    free(scratch);
    return list;
}

/* Every request's text as an answer, as a record and as a LIST, read back. */
static void check_frames(const struct script *script, const struct heap *list)
{
    int fd = -1;
    uint32_t seed = script->seed;
    struct session *session = session_new(fd, &door_wire);
    struct heap sent = {0}, expected = {0};
    must(session, "no memory");
    for (size_t at = 0; at < list->n;) {
        int64_t kind;
        uint64_t length;
        memcpy(&kind, list->at + at, 8);
        memcpy(&length, list->at + at + 8, 8);
        struct span text = {list->at + at + 16, (size_t)length};
        at += 16 + (size_t)length;
        int32_t response = (int32_t)choose(&seed, 2);
        bool own = choose(&seed, 2);
        must(own ? session_answer(session, at, (int32_t)kind, response, text)
                 : session_tell(session, at, (int32_t)kind, response, text),
             "no memory");

        struct slow_frame frame = {0};
        struct buf out = {0};
        must(door_wire.frame(&out, text), "no memory");
        must(slow_answer(out.at, out.n, &frame) == out.n, "a frame of %u bytes", out.n);
        must(frame.request == 6 && frame.response == 0 && frame.n == text.n && !memcmp(frame.text, text.at, text.n),
             "a record is not what was framed");
        buf_free(&out);

        char head[LIST_HEAD_MAX];
        size_t n = door_wire.list_head(text.n, head);
        must(n == 16 && slow_number(head, 4) == 8 && slow_number(head + 4, 4) == 0 &&
                 slow_number(head + 8, 8) == text.n,
             "the head of a LIST");

        char header[12];
        protocol_client_header(header, (int32_t)kind, length);
        heap_add(&expected, header, 4);
        heap_add(&expected, &(char[4]){(char)response}, 4);
        heap_add(&expected, header + 4, 8);
        heap_add(&expected, text.at, text.n);
    }
    for (struct span rest; (rest = session_answer_rest(session)).n > 0;) {
        size_t n = 1 + choose(&seed, (uint32_t)rest.n);
        heap_add(&sent, rest.at, n);
        session_answer_sent(session, n);
    }
    must(heap_is(&sent, expected.at, expected.n), "%zu bytes of answers, not %zu", sent.n, expected.n);
    must(session->own == 0 && session->out.room == 0, "something is left of answers that have gone");
    session_free(session);
    heap_free(&sent);
    heap_free(&expected);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    if (n < HEAD || n > INPUT_MOST)
        return 0;
    struct script script = {.at = (const char *)bytes + HEAD,
                            .n = n - HEAD,
                            .max_message = limits_of[bytes[0] & 3],
                            .scratch = scratch_of[bytes[0] >> 2 & 3],
                            .seed = (uint32_t)bytes[1] << 8 | bytes[2]};
    bool broken, slow_broken;
    struct heap slow = slow_requests(&script, &slow_broken);
    struct heap cut = cut_requests(&script, &broken);
    must(broken == slow_broken, "the stream is %sbroken", broken ? "" : "not ");
    must(heap_is(&cut, slow.at, slow.n), "requests depend on the cutting");
    check_frames(&script, &slow);
    heap_free(&slow);
    heap_free(&cut);
    return 0;
}
