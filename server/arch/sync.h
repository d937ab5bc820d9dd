/* The sync helper: a thread that has files synced, and closed, off the stages' path. */
#ifndef ARCH_SYNC_H
#define ARCH_SYNC_H

#include <stdbool.h>

struct chat;
struct sync;

/* NULL and errno when it can't start. */
struct sync *sync_start(void);
/* Syncs the file; a failure marks the chat. The descriptor must stay open until a later sync_close. False when the helper
 * has too much to do: ask again later. Any thread, never waits. */
bool sync_ask(struct sync *sync, int fd, struct chat *chat);
/* Closes the file, after syncing it if it is dirty, and after all that was asked for it before. The descriptor is the
 * helper's from here on. Waits for a place in the helper's queue: for the thread that runs the room alone. */
void sync_close(struct sync *sync, int fd, struct chat *chat, bool dirty);
/* Does all that was asked for, then ends the thread. */
void sync_stop(struct sync *sync);

#endif
