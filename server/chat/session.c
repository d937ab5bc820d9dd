/* Making and freeing sessions, their input, and the answers that are due to them. */
#include "server/chat/session.h"

#include <errno.h>
#include <stdlib.h>

#include "common/net.h"
#include "common/protocol.h"
#include "server/chat/names.h"
#include "server/chat/owner.h"
#include "server/chat/tail.h"
#include "server/teeth.h"

enum {
    IN_MIN = 512,   /* memory a half frame begins with */
    REST_SHARE = 16 /* a rest up to this share of the scratch goes back there for the next read */
};

struct session *session_new(int fd, const struct door *door)
{
    struct session *session = calloc(1, sizeof *session);
    if (!session)
        return NULL;
    session->fd = fd;
    session->door = door;
    session->stop = NO_STOP;
    owner_take(session);
    return session;
}

void session_free(struct session *session)
{
    if (!session)
        return;
    owner_assert(session);
    if (session->in.room)
        buf_free(&session->in);
    buf_free(&session->out);
    free(session);
}

size_t session_bytes_most(const struct limits *limits)
{
    const size_t head = USER_BYTES_MAX + 1 + STAMP_LENGTH + 1; /* of a record */
    const size_t frame = CLIENT_HEADER + (size_t)limits->max_message + FRAME_SLACK;
    const size_t in = frame > SCRATCH ? frame : SCRATCH;
    /* Private messages up to the limit, one beyond it, an answer of its own. */
    const size_t answer = sizeof(struct answer_head) + SERVER_HEADER + head + (size_t)limits->max_message;
    const size_t out = OUT_MAX + 2 * answer + BUF_STEP;
    /* Its share of a room, all of which may be its own: what it says in a turn, in the file's form and framed, and the
     * tail. */
    const size_t turn = in + SERVE_MAX * (head + 1);
    const size_t gather = turn + BUF_STEP;
    const size_t tail = TAIL_SHARE + turn + SERVE_MAX * SERVER_HEADER + BUF_STEP;
    const size_t marks = 2 * (TAIL_SHARE / SERVER_HEADER + SERVE_MAX) * sizeof(struct tail_mark);
    return sizeof(struct session) + sizeof(struct name) + USER_BYTES_MAX + in + out + gather + tail + marks;
}

/* Memory of its own for the rest of a long frame: never more than what has come, doubled, nor than the frame needs. */
static bool make_room(struct session *session)
{
    uint64_t needs = session->door->expects(session_unread(session));
    uint64_t more = session->in.n < IN_MIN ? IN_MIN : session->in.n;
    if (needs > session->in.n && (needs - session->in.n < more || WITHOUT_GROWING_SLOWLY))
        more = needs - session->in.n;
    return session->in.room > session->in.n || buf_fit(&session->in, session->in.n + more);
}

/* Reads behind what is there of a long frame. */
static ssize_t read_on(struct session *session)
{
    if (!make_room(session)) {
        errno = ENOMEM;
        return -1;
    }
    ssize_t n = net_read(session->fd, session->in.at + session->in.n, session->in.room - session->in.n);
    if (n > 0)
        session->in.n += (uint32_t)n;
    return n;
}

/* Reads into the scratch, behind the short rest of an earlier read: what follows half a small frame comes with one call. */
static ssize_t read_fresh(struct session *session, char *scratch, size_t n)
{
    uint32_t rest = session->in.n;
    if (rest)
        memcpy(scratch, session->in.at, rest);
    buf_free(&session->in);
    session->in = (struct buf){.at = scratch, .n = rest};
    session->in_at = 0;
    ssize_t got = net_read(session->fd, scratch + rest, n - rest);
    if (got > 0)
        session->in.n += (uint32_t)got;
    return got;
}

static ssize_t read_into(struct session *session, char *scratch, size_t n)
{
    if (session->deaf)
        return net_read(session->fd, scratch, n);
    return session->in.n <= n / REST_SHARE ? read_fresh(session, scratch, n) : read_on(session);
}

bool session_read(struct session *session, char *scratch, size_t n)
{
    owner_assert(session);
    ssize_t got = read_into(session, scratch, n);
    if (got < 0)
        return errno == EAGAIN || errno == EWOULDBLOCK;
    if (got == 0)
        session->eof = true;
    return !WITHOUT_SERVING_TO_THE_END || got > 0;
}

bool session_keep(struct session *session)
{
    owner_assert(session);
    struct span rest = session->deaf ? ((struct span){0}) : session_unread(session);
    bool borrowed = session->in.room == 0;
    if (borrowed)
        session->in = (struct buf){0};
    else
        buf_drop(&session->in, session->deaf ? session->in.n : session->in_at);
    session->in_at = 0;
    if (rest.n == 0)
        buf_free(&session->in);
    else if (borrowed)
        return buf_fit(&session->in, rest.n) && buf_append(&session->in, rest.at, rest.n);
    return true;
}

void session_consume(struct session *session)
{
    owner_assert(session);
    session->in_at += session->in_next;
    session->in_next = 0;
}

static bool put(struct session *session, struct answer_head head, int32_t request, int32_t response, struct span text)
{
    owner_assert(session);
    uint32_t at = session->out.n;
    if (!buf_append(&session->out, &head, sizeof head) ||
        !session->door->answer(&session->out, request, response, text)) {
        session->out.n = at;
        return false;
    }
    head.n = session->out.n - at - (uint32_t)sizeof head;
    memcpy(session->out.at + at, &head, sizeof head);
    session->own += head.own;
    return true;
}

bool session_answer(struct session *session, uint64_t after, int32_t request, int32_t response, struct span text)
{
    return put(session, (struct answer_head){.after = after, .own = true}, request, response, text);
}

bool session_tell(struct session *session, uint64_t after, int32_t request, int32_t response, struct span text)
{
    return put(session, (struct answer_head){.after = after}, request, response, text);
}

struct answer_head session_answer_head(const struct session *session)
{
    struct answer_head head;
    memcpy(&head, session->out.at, sizeof head);
    return head;
}

struct span session_answer_rest(const struct session *session)
{
    if (session->out.n == 0)
        return (struct span){0};
    struct answer_head head = session_answer_head(session);
    return (struct span){session->out.at + sizeof head + session->out_gone, head.n - session->out_gone};
}

void session_answer_sent(struct session *session, size_t n)
{
    owner_assert(session);
    struct answer_head head = session_answer_head(session);
    session->out_gone += (uint32_t)n;
    if (session->out_gone < head.n)
        return;
    buf_drop(&session->out, sizeof head + head.n);
    session->own -= head.own;
    session->out_gone = 0;
    if (session->out.n == 0)
        buf_free(&session->out);
}
