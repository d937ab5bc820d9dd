/* The held and locked folder of chats. */
#include "server/chat/folder.h"
#include "server/teeth.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *refuse(struct folder *folder, const char *reason)
{
    folder_close(folder);
    return reason;
}

const char *folder_open(struct folder *folder, const char *path)
{
    *folder = (struct folder){.fd = -1, .lock = -1};
    if (mkdir(path, 0777) < 0 && errno != EEXIST)
        return strerror(errno);
    folder->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder->fd < 0)
        return strerror(errno);
    if (faccessat(folder->fd, ".", R_OK | W_OK | X_OK, AT_EACCESS) < 0)
        return refuse(folder, strerror(errno));
    folder->lock = openat(folder->fd, ".lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0666);
    if (folder->lock < 0)
        return refuse(folder, "its .lock can't be opened");
    if (!WITHOUT_FLOCK && flock(folder->lock, LOCK_EX | LOCK_NB) < 0)
        return refuse(folder, errno == EWOULDBLOCK ? "another server holds this folder" : strerror(errno));
    return NULL;
}

void folder_close(struct folder *folder)
{
    if (folder->lock >= 0)
        close(folder->lock);
    if (folder->fd >= 0)
        close(folder->fd);
    *folder = (struct folder){.fd = -1, .lock = -1};
}

bool folder_file(struct span chat, char file[NAME_MAX + 1])
{
    int n = snprintf(file, NAME_MAX + 1, "%.*s.chat", (int)chat.n, chat.at);
    return n > 0 && n <= NAME_MAX;
}
