/* The routine that lets people out. It looks at its pipe, and at those it waits for, without ever waiting itself: as in the
 * thesis a whole core is busy with that for as long as the server lives. */
#include <errno.h>
#include <sys/socket.h>

#include "common/net.h"
#include "common/protocol.h"
#include "server/arch/blocking/routines.h"
#include "server/arch/blocking/talk.h"

static void say_goodbye(struct session *session)
{
    if (session->out.n) /* the gate's reason for not letting it in */
        talk_send(session, session_answer_rest(session));
    if (session->farewell)
        talk_answer(session, DISCONNECT, SUCCESS, (struct span){0});
    net_finish_sending(session->fd);
}

/* True when the client has closed its side, or its time is over. A socket closed with unread input would reset the
 * connection, and the last answers with it. */
static bool has_gone(const struct session *session, int64_t now)
{
    char away[4096];
    if (session->dead || now - session->since >= BYE_PATIENCE)
        return true;
    ssize_t n = recv(session->fd, away, sizeof away, MSG_DONTWAIT);
    return n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR);
}

static void look_after(struct step *bye)
{
    int64_t now = clock_now();
    for (struct list *link = bye->people.next, *next; link != &bye->people; link = next) {
        struct session *session = list_entry(link, struct session, changed);
        next = link->next;
        if (!has_gone(session, now))
            continue;
        step_part(bye, session);
        counter_add(&bye->count->departures, 1);
        house_release(bye->house, session);
    }
}

void *disconnect_run(void *argument)
{
    struct house *house = argument;
    struct session *session;
    while (!house_ending(house)) {
        while ((session = step_take(&house->bye)))
            if (!session->dead)
                say_goodbye(session);
        look_after(&house->bye);
        if (house_draining(house))
            house_look_empty(house);
    }
    return NULL;
}
