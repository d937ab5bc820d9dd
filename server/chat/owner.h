/* Debug builds stamp every session with whom it belongs to, and whoever touches it asserts that; others have none of it. That is
 * a thread, or what a thread says it acts for.
 *
 * A session that is made belongs to the thread that made it. Giving it away comes before the write that tells the next thread of
 * it, taking it behind the read. */
#ifndef CHAT_OWNER_H
#define CHAT_OWNER_H

#include "server/chat/session.h"

#ifdef CONVEYOR_DEBUG

/* Whom this thread acts for. */
extern _Thread_local const void *owner_self;
/* The thread itself, by an address of its own, until it says something else. */
static inline const void *owner_me(void)
{
    return owner_self ? owner_self : &owner_self;
}

/* Says who touched it, and aborts: our own mistake. */
_Noreturn void owner_wronged(const struct session *session, const char *function);

#define owner_assert(session_)                   \
    do {                                         \
        if ((session_)->owner != owner_me())     \
            owner_wronged((session_), __func__); \
    } while (0)
/* It is nobody's now. */
#define owner_give(session_)      \
    do {                          \
        owner_assert(session_);   \
        (session_)->owner = NULL; \
    } while (0)
/* It was nobody's and is mine. */
#define owner_take(session_)                     \
    do {                                         \
        if ((session_)->owner)                   \
            owner_wronged((session_), __func__); \
        (session_)->owner = owner_me();          \
    } while (0)
/* Its owner's thread has ended and was joined: it is mine. */
#define owner_inherit(session_) ((void)((session_)->owner = owner_me()))
/* From here on this thread acts for it. */
#define owner_be(whom_) ((void)(owner_self = (whom_)))

#else

#define owner_assert(session_) ((void)(session_))
#define owner_give(session_) ((void)(session_))
#define owner_take(session_) ((void)(session_))
#define owner_inherit(session_) ((void)(session_))
#define owner_be(whom_) ((void)(whom_))

#endif

#endif
