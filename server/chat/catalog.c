/* The catalog of chats: loading it from the folder, finding, creating. */
#define HASH_NONFATAL_OOM 1
#include "server/chat/catalog.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "server/chat/history.h"
#include "server/chat/repair.h"
#include "server/teeth.h"

static bool make_place(struct catalog *catalog)
{
    if (catalog->n < catalog->room)
        return true;
    uint32_t room = catalog->room ? 2 * catalog->room : 64;
    struct chat **chats = realloc(catalog->chats, room * sizeof *chats);
    if (!chats)
        return false;
    catalog->chats = chats;
    catalog->room = room;
    return true;
}

/* Adds an entry at the end of the LIST. NULL and errno without memory. */
static struct chat *add(struct catalog *catalog, struct span name)
{
    struct chat *chat = calloc(1, sizeof *chat + name.n + 1);
    if (!chat || !make_place(catalog) || !buf_reserve(&catalog->list, name.n + 1)) {
        free(chat);
        errno = ENOMEM;
        return NULL;
    }
    chat->n = (uint16_t)name.n;
    memcpy(chat->name, name.at, name.n);
    HASH_ADD_KEYPTR(hh, catalog->by_name, chat->name, chat->n, chat);
    if (!chat->hh.tbl) {
        free(chat);
        errno = ENOMEM;
        return NULL;
    }
    buf_append(&catalog->list, chat->name, chat->n);
    buf_append(&catalog->list, "\n", 1);
    chat->list_end = catalog->list.n;
    catalog->chats[catalog->n++] = chat;
    return chat;
}

static void note(struct catalog_note ***end, struct span chat, struct repair repair)
{
    struct catalog_note *made = calloc(1, sizeof *made + chat.n + 1);
    if (!made)
        return;
    made->message = repair.message;
    made->bytes = repair.bytes;
    made->error = repair.error;
    memcpy(made->chat, chat.at, chat.n);
    **end = made;
    *end = &made->next;
}

/* True when the file is in the catalog already, by another name: two rooms would write over each other. */
static bool listed_already(const struct catalog *catalog, uint64_t inode)
{
    for (uint32_t i = 0; inode && !WITHOUT_ONE_NAME_A_FILE && i < catalog->n; i++)
        if (catalog->chats[i]->inode == inode)
            return true;
    return false;
}

/* Looks at an open file; false when it is no chat, or one that is listed already. */
static bool look_at(const struct catalog *catalog, const char *file, int fd, struct span chat, uint64_t *inode,
                    struct catalog_note ***notes)
{
    struct stat stat;
    if (fstat(fd, &stat) < 0 || !S_ISREG(stat.st_mode))
        return false;
    *inode = stat.st_nlink > 1 ? stat.st_ino : 0;
    if (listed_already(catalog, *inode)) {
        note(notes, chat, (struct repair){.message = "Another name of a chat's file, not listed"});
        return false;
    }
    struct repair repair = repair_file(&catalog->folder, file, fd, (uint64_t)stat.st_size);
    if (repair.message)
        note(notes, chat, repair);
    return true;
}

/* Looks at one file; false when it is not to be listed. */
static bool inspect(const struct catalog *catalog, const char *file, struct span chat, uint64_t *inode,
                    struct catalog_note ***notes)
{
    const struct folder *folder = &catalog->folder;
    struct stat stat;
    *inode = 0;
    int fd = openat(folder->fd, file, O_RDONLY | (WITHOUT_NOFOLLOW ? 0 : O_NOFOLLOW) | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) { /* listed all the same when it is a file: who connects is told why it can't be read */
        int error = errno;
        if (fstatat(folder->fd, file, &stat, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISREG(stat.st_mode))
            return false;
        note(notes, chat, (struct repair){"Could not open a chat's file", 0, error});
        return true;
    }
    bool chat_found = look_at(catalog, file, fd, chat, inode, notes);
    close(fd);
    return chat_found;
}

/* The chat's name in a file's name; empty when it is no chat's file, or the name can't stand in a LIST. */
static struct span chat_of(const char *file)
{
    static const char ending[] = ".chat";
    size_t n = strlen(file);
    size_t tail = sizeof ending - 1;
    if (n <= tail || strcmp(file + n - tail, ending) != 0 || memchr(file, '\n', n))
        return (struct span){0};
    return (struct span){file, n - tail};
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

struct files {
    char **at;
    size_t n, room;
};

static bool files_add(struct files *files, struct span chat)
{
    if (files->n == files->room) {
        size_t room = files->room ? 2 * files->room : 256;
        char **at = realloc(files->at, room * sizeof *at);
        if (!at)
            return false;
        files->at = at;
        files->room = room;
    }
    files->at[files->n] = strndup(chat.at, chat.n);
    return files->at[files->n] && ++files->n;
}

static void files_free(struct files *files)
{
    for (size_t i = 0; i < files->n; i++)
        free(files->at[i]);
    free(files->at);
}

/* The names of all that may be chats, sorted. NULL or what went wrong. */
static const char *read_folder(const struct folder *folder, struct files *files)
{
    int fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        const char *reason = strerror(errno);
        if (fd >= 0)
            close(fd);
        return reason;
    }
    const char *reason = NULL;
    struct dirent *entry;
    errno = 0;
    while (!reason && (entry = readdir(dir))) {
        struct span chat = chat_of(entry->d_name);
        if (chat.n && !files_add(files, chat))
            reason = strerror(ENOMEM);
    }
    if (!reason && errno)
        reason = strerror(errno);
    closedir(dir);
    if (files->n)
        qsort(files->at, files->n, sizeof *files->at, by_bytes);
    return reason;
}

static const char *add_files(struct catalog *catalog, const struct files *files, struct catalog_note **notes)
{
    for (size_t i = 0; i < files->n; i++) {
        char file[NAME_MAX + 1];
        struct span chat = span_of(files->at[i]);
        uint64_t inode;
        if (!folder_file(chat, file) || !inspect(catalog, file, chat, &inode, &notes))
            continue;
        struct chat *added = add(catalog, chat);
        if (!added)
            return strerror(ENOMEM);
        added->inode = inode;
    }
    return NULL;
}

const char *catalog_load(struct catalog *catalog, const char *path, struct catalog_note **notes)
{
    struct files files = {0};
    *catalog = (struct catalog){0};
    *notes = NULL;
    const char *reason = folder_open(&catalog->folder, path);
    if (reason)
        return reason;
    reason = read_folder(&catalog->folder, &files);
    if (!reason)
        reason = add_files(catalog, &files, notes);
    files_free(&files);
    if (reason) {
        catalog_notes_free(*notes);
        *notes = NULL;
        catalog_close(catalog);
    }
    return reason;
}

void catalog_notes_free(struct catalog_note *notes)
{
    while (notes) {
        struct catalog_note *next = notes->next;
        free(notes);
        notes = next;
    }
}

void catalog_close(struct catalog *catalog)
{
    HASH_CLEAR(hh, catalog->by_name);
    for (uint32_t i = 0; i < catalog->n; i++)
        free(catalog->chats[i]);
    free(catalog->chats);
    buf_free(&catalog->list);
    folder_close(&catalog->folder);
    catalog->chats = NULL;
    catalog->n = catalog->room = 0;
}

struct chat *catalog_find(const struct catalog *catalog, struct span name)
{
    struct chat *chat;
    if (name.n == 0 || name.n > NAME_MAX)
        return NULL;
    HASH_FIND(hh, catalog->by_name, name.at, (unsigned)name.n, chat);
    return chat;
}

struct chat *catalog_create(struct catalog *catalog, struct span name)
{
    int error = history_create(&catalog->folder, name);
    if (error) {
        errno = error;
        return NULL;
    }
    struct chat *chat = add(catalog, name);
    if (!chat)
        history_uncreate(&catalog->folder, name);
    return chat;
}
