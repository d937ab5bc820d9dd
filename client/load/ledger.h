/* What the bots of one thread know of a chat: its records, as fingerprints, from the first one on.
 *
 * Whoever enters a chat is sent all of it, so each reader has a place that counts from the same beginning. Who comes to a
 * place first writes it down; everybody else must be sent the same there. A ledger belongs to its thread. */
#ifndef LOAD_LEDGER_H
#define LOAD_LEDGER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/protocol.h"
#include "common/span.h"

struct ledger_entry {
    uint64_t print;
    uint64_t when; /* of a message of this run, as its mark says it; 0: it is of another run */
};

enum { LEDGER_REACH = 100000 /* places around its own, at which a record is looked for */ };
enum { LEDGER_CHUNK = 4096, LEDGER_NAME = 255 /* bytes; no file has a longer name */ };

struct ledger {
    struct ledger *next; /* of its bucket in the book */
    struct ledger_entry **chunks;
    uint64_t n;
    size_t room; /* of chunks */
    struct ledger_voice {
        uint32_t voice, last; /* the last number that it said here; voice 0: nobody */
    } * voices;
    uint32_t n_voices, room_voices; /* a power of two */
    uint32_t name_bytes;
    char name[LEDGER_NAME + 1];
};

static inline struct ledger_entry *ledger_at(const struct ledger *ledger, uint64_t at)
{
    return &ledger->chunks[at / LEDGER_CHUNK][at % LEDGER_CHUNK];
}

static inline struct span ledger_name(const struct ledger *ledger)
{
    return (struct span){ledger->name, ledger->name_bytes};
}

/* Both false without memory. */
bool ledger_append(struct ledger *ledger, uint64_t print, uint64_t when);
/* Makes a place before `at`: everything from there on moves up by one. */
bool ledger_insert(struct ledger *ledger, uint64_t at, uint64_t print, uint64_t when);

/* Where the record with this print stands, looking from `near` outwards, no farther than so many places; -1: nowhere. */
int64_t ledger_find(const struct ledger *ledger, uint64_t near, uint64_t print, uint64_t reach);

/* A voice says its next message: false when it has said this one or a later one before. *no_memory is set without. */
bool ledger_voice_next(struct ledger *ledger, uint32_t voice, uint32_t number, bool *no_memory);

/* All chats that the thread knows, by their names. All zero is a valid, empty book. */
struct book {
    struct ledger **buckets;
    uint32_t n, room;
};
/* The ledger of this name, made when there is none; NULL without memory. What is longer than LEDGER_NAME is cut. */
struct ledger *book_ledger(struct book *book, struct span name);
/* The same, NULL when there is none. */
struct ledger *book_find(const struct book *book, struct span name);
void book_free(struct book *book);

#endif
