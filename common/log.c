/* The log's ring: fields go in from any thread, without waiting, and come out in the writer's.
 *
 * Threading: a bounded queue of numbered slots with many producers and one consumer, and no lock. A producer claims a
 * place by moving `tail`, fills the slot and then turns it over to the consumer by adding one to its `turn`; the
 * consumer adds one more when it is done, which makes the slot free for the next lap. A turn of 2 * lap means 'free in
 * this lap', 2 * lap + 1 'full in this lap', so memory that is all zero is an empty ring that nobody has touched yet.
 * Everything else here is an atomic. */
#include "common/log_internal.h"

#include <errno.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "common/clock.h"
#include "common/utf8.h"

enum { SLOTS = 4096, SLOT_BYTES = 512, PACK_MAX = SLOT_BYTES - sizeof(struct log_record) - sizeof(uint64_t) };

struct slot {
    _Atomic uint64_t turn;
    struct log_record record;
    char packed[PACK_MAX];
};
_Static_assert(sizeof(struct slot) == SLOT_BYTES, "a slot is whole cache lines");

enum log_level log_level = LOG_INFO;
const char *const log_level_names[] = {
    [LOG_ERROR] = "error",
    [LOG_WARN] = "warn",
    [LOG_INFO] = "info",
    [LOG_DEBUG] = "debug",
};

/* What producers write to stands apart from what they only read. */
static alignas(64) _Atomic uint64_t tail;
static _Atomic uint64_t dropped;
static alignas(64) _Atomic uint64_t head; /* the writer alone moves it */
static alignas(64) _Atomic bool taking;
static _Atomic bool bell_wanted;
static struct slot *slots; /* these two are set once, before `taking` becomes true for the first time */
static int bell = -1;

/* ---- Fields to bytes and back ---- */

/* A field is its key's address, a byte for its kind, and its number, its flag, or its text behind the length of it. */
enum { FIELD_HEAD = sizeof(const char *) + 1, TEXT_HEAD = sizeof(uint32_t) };

static bool is_text(const struct log_field *field)
{
    return field->kind == LOG_TEXT || field->kind == LOG_JSON;
}

/* What remains of a field's text if at most `cap` bytes may. Half of a JSON value is none: it goes as a whole. */
static size_t fit(const struct log_field *field, size_t cap)
{
    if (field->kind == LOG_JSON)
        return field->text.n <= cap ? field->text.n : 0;
    return utf8_fit(field->text, cap);
}

static size_t packed_size(const struct log_field *field, size_t cap)
{
    if (is_text(field))
        return FIELD_HEAD + TEXT_HEAD + fit(field, cap);
    return FIELD_HEAD + (field->kind == LOG_FLAG ? 1 : sizeof field->number);
}

static size_t total_size(size_t n, const struct log_field *fields, size_t cap)
{
    size_t total = 0;
    for (size_t i = 0; i < n; i++)
        total += packed_size(&fields[i], cap);
    return total;
}

/* How long a text may be so that all fields fit into the room: the longest texts are cut, not the last ones. */
static size_t text_cap(size_t n, const struct log_field *fields, size_t room)
{
    size_t cap = room;
    while (cap > 0 && total_size(n, fields, cap) > room)
        cap -= cap / 8 + 1;
    return cap;
}

static char *put(char *to, const void *bytes, size_t n)
{
    memcpy(to, bytes, n);
    return to + n;
}

static char *pack_field(char *to, const struct log_field *field, size_t cap)
{
    char kind = (char)field->kind;
    to = put(to, &field->key, sizeof field->key);
    to = put(to, &kind, 1);
    if (field->kind == LOG_FLAG) {
        char flag = field->flag;
        return put(to, &flag, 1);
    }
    if (field->kind == LOG_NUMBER)
        return put(to, &field->number, sizeof field->number);
    uint32_t length = (uint32_t)fit(field, cap);
    to = put(to, &length, sizeof length);
    return length ? put(to, field->text.at, length) : to;
}

/* Fills record->n and record->cut. */
static void pack(struct log_record *record, char *to, size_t room, size_t n, const struct log_field *fields)
{
    size_t cap = text_cap(n, fields, room);
    const char *end = to + room;
    record->packed = to;
    record->n = 0;
    record->cut = false;
    for (size_t i = 0; i < n; i++) {
        if (packed_size(&fields[i], cap) > (size_t)(end - to)) {
            record->cut = true;
            return;
        }
        to = pack_field(to, &fields[i], cap);
        record->n++;
        if (is_text(&fields[i]) && fields[i].text.n > cap)
            record->cut = true;
    }
}

static const char *get(const char *from, void *to, size_t n)
{
    memcpy(to, from, n);
    return from + n;
}

struct log_field log_field_unpack(const char **packed)
{
    struct log_field field = {0};
    const char *at = get(*packed, &field.key, sizeof field.key);
    field.kind = (enum log_kind)at[0];
    at++;
    if (field.kind == LOG_FLAG) {
        field.flag = *at++;
    } else if (field.kind == LOG_NUMBER) {
        at = get(at, &field.number, sizeof field.number);
    } else {
        uint32_t length;
        at = get(at, &length, sizeof length);
        field.text = (struct span){at, length};
        at += length;
    }
    *packed = at;
    return field;
}

/* ---- The ring ---- */

static struct slot *slot_of(uint64_t place)
{
    return &slots[place % SLOTS];
}

static uint64_t free_turn(uint64_t place)
{
    return place / SLOTS * 2;
}

/* A place in the ring that is the caller's to fill, NULL when the ring is full. */
static struct slot *claim(void)
{
    uint64_t place = atomic_load_explicit(&tail, memory_order_relaxed);
    for (;;) {
        struct slot *slot = slot_of(place);
        uint64_t turn = atomic_load_explicit(&slot->turn, memory_order_acquire);
        if (turn < free_turn(place))
            return NULL;
        if (turn > free_turn(place))
            place = atomic_load_explicit(&tail, memory_order_relaxed);
        else if (atomic_compare_exchange_weak_explicit(&tail, &place, place + 1, memory_order_relaxed,
                                                       memory_order_relaxed))
            return slot;
    }
}

/* The record is first in the ring, then the bell is looked at; the writer first wants the bell, then looks into the
 * ring. With all four sequentially consistent one of the two sees the other. */
static void ring_if_wanted(void)
{
    if (atomic_load(&bell_wanted) && atomic_exchange(&bell_wanted, false))
        log_bell_ring();
}

static void publish(struct slot *slot)
{
    uint64_t full = atomic_load_explicit(&slot->turn, memory_order_relaxed) + 1;
    atomic_store(&slot->turn, full);
    ring_if_wanted();
}

bool log_write(enum log_level level, const char *stage, const char *message, size_t n, const struct log_field *fields)
{
    if (level > log_level)
        return true;
    if (!atomic_load_explicit(&taking, memory_order_acquire))
        return false;
    struct slot *slot = claim();
    if (!slot) {
        log_drop(1);
        ring_if_wanted();
        return false;
    }
    slot->record = (struct log_record){clock_wall(), stage, message, (uint8_t)level, .own = NULL};
    pack(&slot->record, slot->packed, PACK_MAX, n, fields);
    publish(slot);
    return true;
}

bool log_ring_announce(const char *stage, const char *message, size_t n, const struct log_field *fields)
{
    if (!atomic_load_explicit(&taking, memory_order_acquire))
        return true;
    size_t room = total_size(n, fields, UINT32_MAX);
    char *own = malloc(room + 1);
    struct slot *slot = claim();
    if (!slot) {
        free(own);
        return false;
    }
    slot->record = (struct log_record){clock_wall(), stage, message, LOG_INFO, .announced = true, .own = own};
    pack(&slot->record, own ? own : slot->packed, own ? room : PACK_MAX, n, fields);
    publish(slot);
    return true;
}

const struct log_record *log_ring_front(void)
{
    uint64_t place = atomic_load_explicit(&head, memory_order_relaxed);
    struct slot *slot = slot_of(place);
    return atomic_load(&slot->turn) == free_turn(place) + 1 ? &slot->record : NULL;
}

void log_ring_pop(void)
{
    uint64_t place = atomic_load_explicit(&head, memory_order_relaxed);
    struct slot *slot = slot_of(place);
    free(slot->record.own);
    atomic_store_explicit(&head, place + 1, memory_order_relaxed);
    atomic_store_explicit(&slot->turn, free_turn(place) + 2, memory_order_release);
}

uint64_t log_ring_waiting(void)
{
    uint64_t first = atomic_load(&head);
    return atomic_load(&tail) - first;
}

bool log_ring_open(void)
{
    if (!slots) {
        /* cppcheck-suppress invalidFunctionArg ; memory without a file has the fd -1 */
        void *memory = mmap(NULL, SLOTS * sizeof *slots, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
            return false;
        slots = memory;
    }
    if (bell < 0)
        bell = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (bell < 0)
        return false;
    atomic_store_explicit(&taking, true, memory_order_release);
    return true;
}

void log_ring_close(void)
{
    atomic_store(&taking, false);
}

/* ---- The bell and the count ---- */

int log_bell(void)
{
    return bell;
}

/* It can only fail when it rings already. */
void log_bell_ring(void)
{
    int error = errno;
    (void)!write(bell, &(uint64_t){1}, sizeof(uint64_t));
    errno = error;
}

void log_bell_silence(void)
{
    uint64_t rings;
    (void)!read(bell, &rings, sizeof rings);
}

void log_bell_wanted(bool wanted)
{
    atomic_store(&bell_wanted, wanted);
}

void log_drop(uint64_t records)
{
    atomic_fetch_add(&dropped, records);
}

void log_drop_none(void)
{
    atomic_store(&dropped, 0);
}

uint64_t log_drops(void)
{
    return atomic_load(&dropped);
}
