/* The folder of chats: held open and locked for as long as the server lives. History and repair work inside it. */
#ifndef CHAT_FOLDER_H
#define CHAT_FOLDER_H

#include <limits.h>
#include <stdbool.h>

#include "common/span.h"

struct folder {
    int fd;   /* every file is opened relative to this */
    int lock; /* `.lock` in it, flocked: one process a folder */
};

/* Creates the folder if it is missing, opens and locks it. NULL when fine, else one clear reason (a static text);
 * nothing stays open then. */
const char *folder_open(struct folder *folder, const char *path);
void folder_close(struct folder *folder);

/* The file name of a chat, "NAME.chat"; false when it would be too long. */
bool folder_file(struct span chat, char file[NAME_MAX + 1]);

#endif
