/* The lobby: the list of chats, and the people outside chats. */
#ifndef DESK_LOBBY_H
#define DESK_LOBBY_H

#include "server/chat/catalog.h"
#include "server/desk/desk.h"

struct lobby_desk {
    struct desk desk;
    struct catalog *catalog; /* the lobby's alone while the server runs */
};

void lobby_init(struct lobby_desk *lobby, const struct limits *limits, struct catalog *catalog);

/* What is decided about a request, apart from the desk: a baseline that has no desks decides it alike. */

/* Makes a chat of that name. NULL when there is one now, else the reason why not. */
const char *lobby_create(struct catalog *catalog, const struct limits *limits, struct span name);
/* Takes OFFSET NL CHAT apart; false when there is no number, or it is out of all reason. */
bool lobby_read_offset(struct span text, uint64_t *offset, struct span *chat);

#endif
