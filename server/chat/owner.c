/* What debug builds need to know and say of a session's owner. */
#include "server/chat/owner.h"

#ifdef CONVEYOR_DEBUG

#include <stdio.h>
#include <stdlib.h>

_Thread_local const void *owner_self;

void owner_wronged(const struct session *session, const char *function)
{
    fprintf(stderr, "%s: the session with socket %d %s\n", function, session->fd,
            session->owner ? "belongs to another one" : "is nobody's, it may ride a belt");
    abort();
}

#endif
