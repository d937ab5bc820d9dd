/* What the bots of one thread know of a chat. */
#include "client/load/ledger.h"

#include <stdlib.h>

#include "client/load/fingerprint.h"

/* ---- Places ---- */

static bool make_place(struct ledger *ledger)
{
    size_t chunk = ledger->n / LEDGER_CHUNK;
    if (ledger->n % LEDGER_CHUNK)
        return true;
    if (chunk == ledger->room) {
        size_t room = ledger->room ? 2 * ledger->room : 4;
        struct ledger_entry **chunks = realloc(ledger->chunks, room * sizeof(struct ledger_entry *));
        if (!chunks)
            return false;
        ledger->chunks = chunks;
        ledger->room = room;
    }
    ledger->chunks[chunk] = malloc(LEDGER_CHUNK * sizeof **ledger->chunks);
    return ledger->chunks[chunk];
}

bool ledger_append(struct ledger *ledger, uint64_t print, uint64_t when)
{
    if (!make_place(ledger))
        return false;
    *ledger_at(ledger, ledger->n++) = (struct ledger_entry){print, when};
    return true;
}

bool ledger_insert(struct ledger *ledger, uint64_t at, uint64_t print, uint64_t when)
{
    if (!ledger_append(ledger, 0, 0))
        return false;
    for (uint64_t i = ledger->n - 1; i > at; i--)
        *ledger_at(ledger, i) = *ledger_at(ledger, i - 1);
    *ledger_at(ledger, at) = (struct ledger_entry){print, when};
    return true;
}

int64_t ledger_find(const struct ledger *ledger, uint64_t near, uint64_t print, uint64_t reach)
{
    for (uint64_t i = 0; i < reach; i++) {
        if (near + i < ledger->n && ledger_at(ledger, near + i)->print == print)
            return (int64_t)(near + i);
        if (i < near && near - i - 1 < ledger->n && ledger_at(ledger, near - i - 1)->print == print)
            return (int64_t)(near - i - 1);
    }
    return -1;
}

/* ---- Voices ---- */

static struct ledger_voice *voice_place(struct ledger_voice *voices, uint32_t room, uint32_t voice)
{
    uint32_t at = voice * UINT32_C(0x9e3779b1) & (room - 1);
    while (voices[at].voice && voices[at].voice != voice)
        at = (at + 1) & (room - 1);
    return &voices[at];
}

static bool grow_voices(struct ledger *ledger)
{
    uint32_t room = ledger->room_voices ? 2 * ledger->room_voices : 16;
    struct ledger_voice *voices = calloc(room, sizeof *voices);
    if (!voices)
        return false;
    for (uint32_t i = 0; i < ledger->room_voices; i++)
        if (ledger->voices[i].voice)
            *voice_place(voices, room, ledger->voices[i].voice) = ledger->voices[i];
    free(ledger->voices);
    ledger->voices = voices;
    ledger->room_voices = room;
    return true;
}

bool ledger_voice_next(struct ledger *ledger, uint32_t voice, uint32_t number, bool *no_memory)
{
    if (2 * ledger->n_voices >= ledger->room_voices && !grow_voices(ledger)) {
        *no_memory = true;
        return true;
    }
    struct ledger_voice *place = voice_place(ledger->voices, ledger->room_voices, voice);
    if (place->voice && place->last >= number)
        return false;
    ledger->n_voices += !place->voice;
    *place = (struct ledger_voice){voice, number};
    return true;
}

/* ---- Books ---- */

static struct ledger **bucket_of(const struct book *book, struct span name)
{
    return &book->buckets[fingerprint(name.at, name.n) & (book->room - 1)];
}

static bool grow_book(struct book *book)
{
    struct book grown = {.n = book->n, .room = book->room ? 2 * book->room : 64};
    grown.buckets = calloc(grown.room, sizeof(struct ledger *));
    if (!grown.buckets)
        return false;
    for (uint32_t i = 0; i < book->room; i++)
        for (struct ledger *ledger = book->buckets[i], *next; ledger; ledger = next) {
            struct ledger **bucket = bucket_of(&grown, ledger_name(ledger));
            next = ledger->next;
            ledger->next = *bucket;
            *bucket = ledger;
        }
    free(book->buckets);
    *book = grown;
    return true;
}

struct ledger *book_find(const struct book *book, struct span name)
{
    struct ledger *ledger = book->room ? *bucket_of(book, name) : NULL;
    while (ledger && !span_equal(ledger_name(ledger), name))
        ledger = ledger->next;
    return ledger;
}

struct ledger *book_ledger(struct book *book, struct span name)
{
    if (name.n > LEDGER_NAME)
        name.n = LEDGER_NAME;
    struct ledger *ledger = book_find(book, name);
    if (ledger)
        return ledger;
    if (book->n >= book->room && !grow_book(book))
        return NULL;
    ledger = calloc(1, sizeof *ledger);
    if (!ledger)
        return NULL;
    memcpy(ledger->name, name.at, name.n);
    ledger->name_bytes = (uint32_t)name.n;
    struct ledger **bucket = bucket_of(book, name);
    ledger->next = *bucket;
    *bucket = ledger;
    book->n++;
    return ledger;
}

void book_free(struct book *book)
{
    for (uint32_t i = 0; i < book->room; i++)
        for (struct ledger *ledger = book->buckets[i], *next; ledger; ledger = next) {
            next = ledger->next;
            for (uint64_t c = 0; c * LEDGER_CHUNK < ledger->n; c++)
                free(ledger->chunks[c]);
            free(ledger->chunks);
            free(ledger->voices);
            free(ledger);
        }
    free(book->buckets);
    *book = (struct book){0};
}
