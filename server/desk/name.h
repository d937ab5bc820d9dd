/* The name desk: gives out names, and takes them back from everybody who leaves. */
#ifndef DESK_NAME_H
#define DESK_NAME_H

#include "server/chat/names.h"
#include "server/desk/desk.h"

struct name_desk {
    struct desk desk; /* first: the operations get a pointer to it */
    struct names names;
};

void name_init(struct name_desk *name, const struct limits *limits);

#endif
