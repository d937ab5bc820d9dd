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

#endif
