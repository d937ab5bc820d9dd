/* Feeding: sending records to members, from the tail or from the file. A part of the room. */
#ifndef DESK_FEED_H
#define DESK_FEED_H

#include "server/desk/room.h"

/* Sends one member what is due to it: answers and records, each in its place. False: the connection is dead. */
bool feed_send(struct desk *desk, struct session *session);
bool feed_owes(const struct desk *desk, const struct session *session);
/* Everybody in front gets the records from `from` on, which the tail holds; whoever can't take all goes behind. */
void feed_front(struct room *room, uint64_t from);
/* The member leaves the front; it has everything up to what is committed. */
void feed_fall_behind(struct room *room, struct session *session);
/* No room's frames are in the window any more (the room ends). */
void feed_forget(struct room *room);

#endif
