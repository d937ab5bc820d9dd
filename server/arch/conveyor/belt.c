/* Belts: reading and writing records on non-blocking pipes. */
#include "server/arch/conveyor/belt.h"
#include "server/teeth.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#include "server/chat/owner.h"

_Static_assert(sizeof(struct belt_item) == 16, "a record of a belt is 16 bytes");
_Static_assert(BELT_BATCH * sizeof(struct belt_item) <= PIPE_BUF, "a batch is written whole or not at all");

bool belt_open(struct belt *belt)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return false;
    *belt = (struct belt){.take = ends[0], .put = ends[1]};
    if (WITHOUT_BELTS_THAT_REFUSE)
        fcntl(belt->put, F_SETFL, 0);
#ifdef CONVEYOR_TINY
    fcntl(belt->put, F_SETPIPE_SZ, BELT_BYTES);
#endif
    return true;
}

void belt_close(struct belt *belt)
{
    if (belt->take >= 0)
        close(belt->take);
    if (belt->put >= 0)
        close(belt->put);
    belt->take = belt->put = -1;
}

int belt_take(const struct belt *belt, struct belt_item *items, int most)
{
    ssize_t n;
    do {
        n = read(belt->take, items, (size_t)most * sizeof *items);
    } while (n < 0 && errno == EINTR);
    if (n < 0 && errno == EAGAIN)
        return 0;
    if (n < 0 || (size_t)n % sizeof *items)
        abort(); /* half a record on our own belt: our own mistake */
    return n == 0 ? -1 : (int)((size_t)n / sizeof *items);
}

void outlet_open(struct outlet *outlet, int put)
{
    *outlet = (struct outlet){.put = put};
    list_init(&outlet->waiting);
}

void outlet_put(struct outlet *outlet, struct session *session)
{
    owner_assert(session);
    list_append(&outlet->waiting, &session->changed);
}

void outlet_say(struct outlet *outlet, struct belt_item word)
{
    outlet->word = word;
}

/* True when the records are on the belt; false when they don't fit now. */
static bool write_items(int put, const struct belt_item *items, size_t n)
{
    ssize_t written;
    do {
        written = write(put, items, n * sizeof *items);
    } while (written < 0 && errno == EINTR);
    if (written == (ssize_t)(n * sizeof *items))
        return true;
    if (written < 0 && errno == EAGAIN)
        return false;
    abort(); /* whoever takes outlives those who put, and small writes are whole: our own mistake */
}

/* Puts the first waiting clients on the belt. After the write they are touched no more: the next stage has them. */
static bool flush_clients(struct outlet *outlet, int64_t now)
{
    struct belt_item items[BELT_BATCH];
    struct list back;
    size_t n = 0;
    struct list *link;
    while (n < BELT_BATCH && (link = list_pop(&outlet->waiting))) {
        struct session *session = list_entry(link, struct session, changed);
        session->sent_at = now;
        owner_give(session);
        items[n++] = (struct belt_item){BELT_CLIENT, session->fd, (uint64_t)(uintptr_t)session};
    }
    if (write_items(outlet->put, items, n))
        return true;
    list_init(&back);
    for (size_t i = 0; i < n; i++) {
        struct session *session = (struct session *)(uintptr_t)items[i].word;
        owner_take(session);
        list_append(&back, &session->changed);
    }
    if (!WITHOUT_ORDER_ON_FULL_BELTS)
        list_move_all(&back, &outlet->waiting);
    list_move_all(&outlet->waiting, &back);
    return false;
}

bool outlet_flush(struct outlet *outlet, int64_t now)
{
    while (!list_empty(&outlet->waiting))
        if (!flush_clients(outlet, now))
            return false;
    if (outlet->word.kind) {
        if (!write_items(outlet->put, &outlet->word, 1))
            return false;
        outlet->word.kind = 0;
    }
    return true;
}
