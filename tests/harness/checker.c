/* The checker of delivery, and of logs. */
#define HARNESS
#include "tests/harness/checker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "tests/harness/client.h"

static void check_parses(const struct piece *record, const char *path)
{
    const char *tab = memchr(record->at, '\t', record->n);
    size_t head = tab ? (size_t)(tab - record->at) + 1 : 0;
    bool parses = head > 1 && record->n > head + STAMP_LENGTH + 1 && is_stamp(tab + 1) && tab[1 + STAMP_LENGTH] == '\n';
    if (!parses)
        trial_fail("a record in %s does not parse: %s", path, shown(record->at, record->n));
}

static struct chat_file split(const char *path, bool may_be_torn)
{
    struct chat_file file = {.bytes = file_read(path)};
    const char *from = file.bytes.at, *end = from + file.bytes.n, *cr;
    size_t room = 1;
    for (const char *c = from; c < end; c++)
        room += *c == RECORD_END;
    file.records = trial_alloc(room * sizeof *file.records);
    file.offsets = trial_alloc(room * sizeof *file.offsets);
    while ((cr = memchr(from, RECORD_END, (size_t)(end - from)))) {
        file.records[file.count] = (struct piece){from, (size_t)(cr - from)};
        file.offsets[file.count] = (size_t)(from - file.bytes.at);
        check_parses(&file.records[file.count++], path);
        from = cr + 1;
    }
    if (from != end && !may_be_torn)
        trial_fail("the end of %s is no whole record: %s", path, shown(from, (size_t)(end - from)));
    file.offsets[file.count] = (size_t)(from - file.bytes.at);
    return file;
}

struct chat_file chat_file_read(const char *path)
{
    return split(path, false);
}

struct chat_file chat_file_read_torn(const char *path)
{
    return split(path, true);
}

void stream_add(struct stream *stream, const char *record, size_t n)
{
    if (stream->count == stream->room) {
        stream->room = 2 * stream->room + 64;
        stream->ends = trial_grow(stream->ends, stream->room * sizeof *stream->ends);
    }
    bytes_add(&stream->bytes, record, n);
    stream->ends[stream->count++] = stream->bytes.n;
}

size_t stream_length(const struct stream *stream)
{
    return stream->bytes.n + stream->count;
}

static struct piece received(const struct stream *stream, size_t i)
{
    size_t from = i ? stream->ends[i - 1] : 0;
    return (struct piece){stream->bytes.at + from, stream->ends[i] - from};
}

static bool same(struct piece a, struct piece b)
{
    return a.n == b.n && memcmp(a.at, b.at, a.n) == 0;
}

/* How many records of the stream are the file's from its record `first` on. */
static size_t agree(const struct chat_file *file, const struct stream *stream, size_t first)
{
    size_t n = 0;
    while (n < stream->count && first + n < file->count && same(file->records[first + n], received(stream, n)))
        n++;
    return n;
}

/* The record that begins at this byte. */
static size_t record_at(const struct chat_file *file, long from, const char *reader)
{
    for (size_t i = 0; i <= file->count; i++) {
        if (file->offsets[i] == (size_t)from)
            return i;
    }
    trial_fail("%s reads from byte %ld on, where no record begins", reader, from);
}

size_t check_piece(const struct chat_file *file, const struct stream *stream, long from, const char *reader)
{
    size_t first = 0, most = 0;
    if (from != ANYWHERE) {
        first = record_at(file, from, reader);
        most = agree(file, stream, first);
    }
    for (size_t i = 0; from == ANYWHERE && i < file->count && most < stream->count; i++) {
        size_t n = agree(file, stream, i);
        if (n > most) {
            most = n;
            first = i;
        }
    }
    if (most < stream->count) {
        struct piece got = received(stream, most);
        bool more = first + most < file->count;
        trial_fail("%s received as record %zu of its visit '%s', where the file (record %zu of %zu) has '%s'", reader,
                   most, shown(got.at, got.n), first + most, file->count,
                   more ? shown(file->records[first + most].at, file->records[first + most].n) : "its end");
    }
    return first + stream->count;
}

/* The number in a text "AUTHOR-NUMBER ..." by this author; -1 when the record is by somebody else. */
static long number_of(const struct piece *record, const char *author)
{
    size_t n = strlen(author);
    const char *text = record->at + n + 1 + STAMP_LENGTH + 1;
    if (record->n < 2 * n + STAMP_LENGTH + 3 || memcmp(record->at, author, n) != 0 || record->at[n] != '\t')
        return -1;
    if (memcmp(text, author, n) != 0 || text[n] != '-')
        trial_fail("%s is said to have written '%s'", author, shown(record->at, record->n));
    return strtol(text + n + 1, NULL, 10);
}

unsigned count_author(const struct chat_file *file, const char *author)
{
    unsigned next = 0;
    for (size_t i = 0; i < file->count; i++) {
        long number = number_of(&file->records[i], author);
        if (number >= 0 && number != (long)next++)
            trial_fail("of %s the file has message %ld where %u was to come", author, number, next - 1);
    }
    return next;
}

/* The next number marked, from this one on; n when none is. */
static unsigned next_marked(const char *marks, unsigned from, unsigned n)
{
    while (from < n && marks[from] != 's')
        from++;
    return from;
}

unsigned check_author_said(const struct chat_file *file, const char *author, const char *marks, unsigned n)
{
    unsigned found = 0, next = next_marked(marks, 0, n);
    for (size_t i = 0; i < file->count; i++) {
        long number = number_of(&file->records[i], author);
        if (number < 0)
            continue;
        if (next == n || number != (long)next)
            trial_fail("of %s the file has message %ld where %u of %u was to come", author, number, next, n);
        next = next_marked(marks, next + 1, n);
        found++;
    }
    if (next < n)
        trial_fail("%s's message %u was shown and is not in the file", author, next);
    return found;
}

void check_author(const struct chat_file *file, const char *author, unsigned count)
{
    unsigned found = count_author(file, author);
    if (found != count)
        trial_fail("of %s's %u messages the file has %u", author, count, found);
}

static bool is_timestamp(const char *text)
{
    static const char form[] = "0000-00-00T00:00:00.000Z";
    if (!text || strlen(text) != sizeof form - 1)
        return false;
    for (size_t i = 0; form[i]; i++) {
        if (form[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != form[i])
            return false;
    }
    return true;
}

static bool is_level(const char *text)
{
    return text && (!strcmp(text, "error") || !strcmp(text, "warn") || !strcmp(text, "info") || !strcmp(text, "debug"));
}

static bool is_well_made(const cJSON *record)
{
    return is_timestamp(cJSON_GetStringValue(cJSON_GetObjectItem(record, "timestamp"))) &&
           is_level(cJSON_GetStringValue(cJSON_GetObjectItem(record, "level"))) &&
           cJSON_IsString(cJSON_GetObjectItem(record, "stage")) &&
           cJSON_IsString(cJSON_GetObjectItem(record, "message")) &&
           cJSON_IsObject(cJSON_GetObjectItem(record, "data")) && cJSON_GetArraySize(record) == 5;
}

void check_log(const char *path)
{
    struct bytes log = file_read(path);
    cJSON *record = NULL;
    if (log.n && log.at[log.n - 1] != '\n')
        trial_fail("the log %s does not end with a whole line", path);
    for (char *line = log.at, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = '\0';
        cJSON_Delete(record);
        record = cJSON_Parse(line);
        if (!is_well_made(record))
            trial_fail("not one record {timestamp, level, stage, message, data}: %s", shown(line, strlen(line)));
    }
    const char *message = cJSON_GetStringValue(cJSON_GetObjectItem(record, "message"));
    bool stopped = message && strcmp(message, "Server stopped") == 0;
    cJSON_Delete(record);
    if (!stopped)
        trial_fail("the last record of %s is not \"Server stopped\"", path);
}
