/* What is done at start for a chat file that a crash left torn. */
#ifndef CHAT_REPAIR_H
#define CHAT_REPAIR_H

#include <stdint.h>

#include "server/chat/folder.h"

struct repair {
    const char *message; /* what was done or could not be done, static; NULL when the file was in order */
    uint64_t bytes;      /* bytes concerned */
    int error;           /* errno when something failed */
};

/* Looks at the end of an open regular file of the folder, and cuts a torn last record off after keeping its bytes in
 * NAME.chat.torn. A file without any CR, and a torn end longer than RECORD_MAX, are left as they are;
 * only NULs behind such an end are cut. */
struct repair repair_file(const struct folder *folder, const char *file, int fd, uint64_t size);

#endif
