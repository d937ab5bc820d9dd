/* After the run: whether all threads were shown the same, and whether the chats' files hold it. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/load/fingerprint.h"
#include "client/load/violation.h"
#include "client/load/worker.h"

/* The first place at which they differ, as far as both go. */
static uint64_t first_difference(const struct ledger *a, const struct ledger *b)
{
    uint64_t n = a->n < b->n ? a->n : b->n, i = 0;
    while (i < n && ledger_at(a, i)->print == ledger_at(b, i)->print)
        i++;
    return i;
}

/* Both have both records: their order differs. One has both: the other one lost one. */
static enum violation kind_of(const struct ledger *a, const struct ledger *b, uint64_t at)
{
    bool in_b = ledger_find(b, at, ledger_at(a, at)->print, LEDGER_REACH) >= 0;
    bool in_a = ledger_find(a, at, ledger_at(b, at)->print, LEDGER_REACH) >= 0;
    return in_a && in_b ? VIOLATION_ORDER : in_a || in_b ? VIOLATION_LOSS : VIOLATION_OTHER;
}

static void compare_with_others(const struct load *load, uint32_t thread, const struct ledger *ledger)
{
    for (uint32_t i = thread + 1; i < load->config.threads; i++) {
        const struct ledger *other = book_find(&load->workers[i].book, ledger_name(ledger));
        if (!other)
            continue;
        uint64_t at = first_difference(ledger, other);
        if (at < ledger->n && at < other->n)
            violation_found(kind_of(ledger, other, at),
                            "record %" PRIu64 " of %s is not the same for bots of the threads %u and %u", at + 1,
                            ledger->name, thread, i);
    }
}

/* ---- Files ---- */

/* The file holds each record with a CR behind it. False: it ends, or does not hold this. */
static bool file_has(FILE *file, char **line, size_t *room, uint64_t print)
{
    ssize_t n = getdelim(line, room, RECORD_END, file);
    return n > 0 && (*line)[n - 1] == RECORD_END && fingerprint(*line, (size_t)n - 1) == print;
}

static void compare_with_file(const struct ledger *ledger, const char *path)
{
    char *line = NULL, text[SHOWN_BYTES];
    size_t room = 0;
    uint64_t record = 0;
    FILE *file = fopen(path, "re");
    if (!file) {
        violation_found(VIOLATION_FILE, "%s: %s, of which %" PRIu64 " records were delivered", path, strerror(errno),
                        ledger->n);
        return;
    }
    while (record < ledger->n && file_has(file, &line, &room, ledger_at(ledger, record)->print))
        record++;
    if (record < ledger->n)
        violation_found(VIOLATION_FILE, "%s has \"%.120s\" as record %" PRIu64 ", which is not what was delivered",
                        path, feof(file) || !line ? "nothing" : shown(text, line, strlen(line)), record + 1);
    free(line);
    fclose(file);
}

static void compare_ledger(const struct load *load, uint32_t thread, const struct ledger *ledger, const char *dir)
{
    char path[4096];
    if (ledger->n == 0)
        return;
    compare_with_others(load, thread, ledger);
    if (dir && snprintf(path, sizeof path, "%s/%s.chat", dir, ledger->name) < (int)sizeof path)
        compare_with_file(ledger, path);
}

void load_compare(struct load *load, const char *dir)
{
    for (uint32_t thread = 0; thread < load->config.threads && load->config.verify; thread++) {
        const struct book *book = &load->workers[thread].book;
        for (uint32_t i = 0; i < book->room; i++)
            for (const struct ledger *ledger = book->buckets[i]; ledger; ledger = ledger->next)
                compare_ledger(load, thread, ledger, dir);
    }
}
