/* The bye desk. A socket closed with unread input resets the connection, and the last answers with it: so what the client
 * still says is read and thrown away until it has closed its side, or its time is over. */
#include "server/desk/bye.h"

#include "common/net.h"
#include "common/protocol.h"
#include "server/teeth.h"

/* Sends the last answers and, with them, the end of the output. False: the connection is dead. */
static bool send_last(struct session *session)
{
    if (!desk_send_last_answers(session))
        return false;
    if (session->out.n == 0 && !session->shut) {
        net_finish_sending(session->fd);
        session->shut = true;
    }
    return true;
}

static struct go arrive(struct desk *desk, struct session *session)
{
    session->deaf = true;
    if (session->dead)
        return (struct go){GATE, NULL};
    if (session->farewell)
        desk_answer(desk, session, DISCONNECT, SUCCESS, (struct span){0});
    session->dead |= !send_last(session);
    if (WITHOUT_WAITING_FOR_THE_CLOSE && session->shut)
        return (struct go){GATE, NULL};
    return desk_stay();
}

/* The only request here is the end of the input. */
static struct go serve(struct desk *desk, struct session *session, const struct request *request)
{
    (void)desk, (void)session, (void)request;
    return (struct go){GATE, NULL};
}

static struct go late(struct desk *desk, struct session *session)
{
    (void)desk;
    session->dead = true;
    return (struct go){GATE, NULL};
}

static bool send_due(struct desk *desk, struct session *session)
{
    (void)desk;
    return send_last(session);
}

static bool owes(const struct desk *desk, const struct session *session)
{
    (void)desk;
    return session->out.n > 0;
}

void bye_init(struct bye_desk *bye, const struct limits *limits)
{
    static const struct desk_ops ops = {.arrive = arrive, .serve = serve, .send = send_due, .owes = owes, .late = late};
    desk_init(&bye->desk, &ops, "bye", BYE, limits);
    bye->desk.patience = BYE_PATIENCE;
}
