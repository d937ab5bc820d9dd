/* The turn library: the only way any architecture drives a desk. It never blocks and never calls the architecture.
 *
 * A turn: desk_again; desk_take every arrival; desk_event for each event; desk_finish; then, for each session in
 * desk->changed, apply `want` if it differs, or carry the session to `next` if desk_gone says so. */
#ifndef DESK_TURN_H
#define DESK_TURN_H

#include "server/desk/desk.h"

/* A hang-up is both: whatever is tried then finds out. */
enum { EVENT_IN = 1, EVENT_OUT = 2 };

/* An arrival: the session is this desk's from now on. */
void desk_take(struct desk *desk, struct session *session);
/* Its socket can be read, or written. */
void desk_event(struct desk *desk, struct session *session, unsigned events);
/* Serves those who are servable without an event. */
void desk_again(struct desk *desk);
/* Settles, sends, runs the timers, computes every touched session's `want`. The time of the next turn at the latest
 * (the turn's own time: at once), NEVER when only an event can bring work. Afterwards desk->changed holds those whose `want` is not
 * what is armed, and those who go. */
int64_t desk_finish(struct desk *desk);
/* True when the desk has work that no event will announce. */
bool desk_restless(const struct desk *desk);
/* True for a session that has left the desk: it belongs to the runner, who carries it to session->next. */
bool desk_gone(const struct session *session);
/* The server stops: everybody gets what is due and goes home; so will whoever arrives. */
void desk_close(struct desk *desk);
/* For desks: something is due to this session, or changed about it, without an event of its own. */
void desk_touch(struct desk *desk, struct session *session);

#endif
