/* The founder: comes before all bots, finds out whether a chat server is there, and makes the chats that a profile needs. */
#ifndef LOAD_FOUNDER_H
#define LOAD_FOUNDER_H

#include "client/load/load.h"

/* At each address in turn. Blocks; gives up after some seconds without an answer, or when the watch says so. False: the
 * complaint says why. */
bool founder_visit(const struct load_config *config, load_watch *watch, void *with, char complaint[LOAD_COMPLAINT]);

#endif
