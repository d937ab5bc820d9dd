/* Claims: a word with three states and a count. */
#include "server/arch/async/claim.h"

#include <errno.h>
#include <sys/mman.h>

#include "server/limits.h"
#include "server/teeth.h"

/* The strand has it; the queue has it; its event is on the way to the strand. */
enum state { HELD, ARMED, FIRED, STATE_MASK = 3 };

/* An event's word holds the count too, and the descriptor above the mark of beacons. */
enum { COUNT_SHIFT = 32, FD_SHIFT = 1 };

/* Stands in session->armed when nothing is: it is no want. */
enum { DISARMED = 0x80 };

int claims_open(struct claims *claims)
{
    /* Each client may have a chat's file open besides its socket; more there never are. */
    claims->n = 2 * (size_t)CLIENTS_MOST + 16 * (size_t)FD_RESERVE;
    const int how = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE;
    /* cppcheck-suppress invalidFunctionArg */
    claims->at = mmap(NULL, claims->n * sizeof *claims->at, PROT_READ | PROT_WRITE, how, -1, 0);
    return claims->at == MAP_FAILED ? errno : 0;
}

void claims_close(struct claims *claims)
{
    munmap(claims->at, claims->n * sizeof *claims->at);
}

struct claim *claim_of(const struct claims *claims, const struct session *session)
{
    return &claims->at[session->fd];
}

static uint64_t make_word(uint32_t count, unsigned low)
{
    return (uint64_t)count << COUNT_SHIFT | low;
}

/* Release: whoever fires it sees what the strand did. */
bool claim_arm(struct pool *pool, struct claim *claim)
{
    struct session *session = claim->session;
    uint32_t events = (session->want & WANT_IN ? EPOLLIN : 0u) | (session->want & WANT_OUT ? EPOLLOUT : 0u);
    uint32_t count = (uint32_t)(atomic_load_explicit(&claim->word, memory_order_relaxed) >> COUNT_SHIFT) + 1;
    int fd = session->fd;
    bool again = session->watched;
    session->armed = session->want;
    session->watched = true;
    atomic_store_explicit(&claim->word, make_word(count, ARMED), memory_order_release);
    /* From here on it may be fired, and is not ours to touch unless that did not work. */
    if (!pool_arm(pool, fd, events, make_word(count, (uint32_t)fd << FD_SHIFT), again))
        return true;
    atomic_store_explicit(&claim->word, make_word(count, HELD), memory_order_relaxed);
    session->watched = again;
    session->armed = DISARMED;
    return false;
}

bool claim_withdraw(struct claim *claim)
{
    uint64_t word = atomic_load_explicit(&claim->word, memory_order_relaxed);
    if ((word & STATE_MASK) == HELD)
        return true;
    uint64_t held = (word & ~(uint64_t)STATE_MASK) | HELD;
    if ((word & STATE_MASK) == FIRED ||
        !atomic_compare_exchange_strong_explicit(&claim->word, &word, held, memory_order_acquire, memory_order_relaxed))
        return false;
    claim->session->armed = DISARMED;
    return true;
}

struct claim *claim_fire(const struct claims *claims, const struct epoll_event *event)
{
    uint32_t count = (uint32_t)(event->data.u64 >> COUNT_SHIFT);
    struct claim *claim = &claims->at[(uint32_t)event->data.u64 >> FD_SHIFT];
    if (WITHOUT_ARMING_COUNT)
        count = (uint32_t)(atomic_load_explicit(&claim->word, memory_order_relaxed) >> COUNT_SHIFT);
    uint64_t armed = make_word(count, ARMED);
    if (!atomic_compare_exchange_strong_explicit(&claim->word, &armed, make_word(count, FIRED), memory_order_acquire,
                                                 memory_order_relaxed))
        return NULL;
    claim->events = event->events;
    claim->notice.kind = READY;
    return claim;
}

/* The strand has it by the task; the word need only say so. */
void claim_take(struct claim *claim)
{
    uint64_t word = atomic_load_explicit(&claim->word, memory_order_relaxed);
    atomic_store_explicit(&claim->word, (word & ~(uint64_t)STATE_MASK) | HELD, memory_order_relaxed);
    claim->session->armed = DISARMED;
}
