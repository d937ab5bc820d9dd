/* The sync helper. Its queue is a pipe of fixed records, read in order by one thread, so a close comes behind the syncs. */
#include "server/arch/sync.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"
#include "server/chat/history.h"

struct order {
    struct chat *chat;
    int32_t fd;
    bool dirty, close;
};

struct sync {
    pthread_t thread;
    int read, write;
};

static void obey(const struct order *order)
{
    int error = order->dirty ? history_sync_file(order->fd, order->chat) : 0;
    if (error)
        log_at(LOG_ERROR, "sync", "Could not sync a chat's file", LOG_S("chat", chat_name(order->chat)),
               LOG_C("error", strerror(error)));
    if (order->close)
        close(order->fd);
}

static void *run(void *argument)
{
    struct sync *sync = argument;
    struct order order;
    ssize_t n;
    while ((n = read(sync->read, &order, sizeof order)) != 0) {
        if (n == (ssize_t)sizeof order)
            obey(&order);
        else if (n > 0 || errno != EINTR)
            abort(); /* half an order: our own mistake */
    }
    return NULL;
}

struct sync *sync_start(void)
{
    int ends[2];
    struct sync *sync = calloc(1, sizeof *sync);
    if (!sync)
        return NULL;
    if (pipe2(ends, O_CLOEXEC) < 0)
        goto no_pipe;
    sync->read = ends[0];
    sync->write = ends[1];
    /* Only our end does not wait; the helper does nothing else. */
    if (fcntl(sync->write, F_SETFL, O_NONBLOCK) < 0)
        goto no_thread;
    errno = pthread_create(&sync->thread, NULL, run, sync);
    if (errno)
        goto no_thread;
    pthread_setname_np(sync->thread, "sync");
    return sync;
no_thread:
    close(ends[0]);
    close(ends[1]);
no_pipe:
    free(sync);
    return NULL;
}

static bool put(struct sync *sync, struct order order)
{
    ssize_t n;
    do {
        n = write(sync->write, &order, sizeof order);
    } while (n < 0 && errno == EINTR);
    return n == (ssize_t)sizeof order;
}

bool sync_ask(struct sync *sync, int fd, struct chat *chat)
{
    return put(sync, (struct order){.chat = chat, .fd = fd, .dirty = true});
}

void sync_close(struct sync *sync, int fd, struct chat *chat, bool dirty)
{
    struct order order = {.chat = chat, .fd = fd, .dirty = dirty, .close = true};
    while (!put(sync, order)) {
        struct pollfd room = {.fd = sync->write, .events = POLLOUT};
        poll(&room, 1, -1);
    }
}

void sync_stop(struct sync *sync)
{
    close(sync->write);
    pthread_join(sync->thread, NULL);
    close(sync->read);
    free(sync);
}
