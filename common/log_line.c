/* Records of the log as lines of JSON. */
#include "common/log_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "common/buf.h"
#include "common/clock.h"
#include "common/utf8.h"

enum { LINE_GUESS = 1024, STAMP_MAX = 32 };

static const char *stamp_of(int64_t wall)
{
    static int64_t second = -1;
    static char date[STAMP_MAX], stamp[STAMP_MAX + 8];
    if (wall / SECOND != second) {
        second = wall / SECOND;
        time_t time = (time_t)second;
        struct tm parts;
        gmtime_r(&time, &parts);
        strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
    }
    snprintf(stamp, sizeof stamp, "%s.%03dZ", date, (int)(wall % SECOND / MILLISECOND));
    return stamp;
}

/* Text as cJSON takes it: ended by a NUL, without others, and valid UTF-8. NULL when there is no memory. */
static const char *clean(struct span text)
{
    static struct buf clean_text;
    static const char replacement[] = "\xef\xbf\xbd";
    clean_text.n = 0;
    if (!buf_reserve(&clean_text, text.n * (sizeof replacement - 1) + 1))
        return NULL;
    while (text.n) {
        uint32_t c;
        size_t n = utf8_next(text, &c);
        if (n == 0 || c == 0)
            buf_append(&clean_text, replacement, sizeof replacement - 1);
        else
            buf_append(&clean_text, text.at, n);
        text.at += n ? n : 1;
        text.n -= n ? n : 1;
    }
    buf_append(&clean_text, "", 1);
    return clean_text.at;
}

/* The object in which the last part of the path *key is a member; *key becomes that part. */
static cJSON *holder(cJSON *data, const char **key)
{
    const char *dot = strchr(*key, '.');
    if (!dot)
        return data;
    char name[64];
    snprintf(name, sizeof name, "%.*s", (int)(dot - *key), *key);
    *key = dot + 1;
    cJSON *inner = cJSON_GetObjectItemCaseSensitive(data, name);
    return cJSON_IsObject(inner) ? inner : cJSON_AddObjectToObject(data, name);
}

/* False without memory. */
static bool add_field(cJSON *data, const struct log_field *field)
{
    char number[24];
    const char *key = field->key, *text;
    cJSON *object = holder(data, &key);
    switch (field->kind) {
    case LOG_TEXT:
        text = clean(field->text);
        return text && cJSON_AddStringToObject(object, key, text);
    case LOG_NUMBER: /* as text: a double has no room for every int64_t */
        snprintf(number, sizeof number, "%" PRId64, field->number);
        return cJSON_AddRawToObject(object, key, number);
    case LOG_FLAG:
        return cJSON_AddBoolToObject(object, key, field->flag);
    case LOG_JSON:
        text = field->text.n ? clean(field->text) : "null";
        return text && cJSON_AddRawToObject(object, key, text);
    }
    return false;
}

cJSON *log_line_begin(int64_t wall, enum log_level level, const char *stage, const char *message, cJSON **data)
{
    cJSON *line = cJSON_CreateObject();
    if (cJSON_AddStringToObject(line, "timestamp", stamp_of(wall)) &&
        cJSON_AddStringToObject(line, "level", log_level_names[level]) &&
        cJSON_AddStringToObject(line, "stage", stage) && cJSON_AddStringToObject(line, "message", message) &&
        (*data = cJSON_AddObjectToObject(line, "data")))
        return line;
    cJSON_Delete(line);
    return *data = NULL;
}

char *log_line_end(cJSON *line)
{
    char *text = line ? cJSON_PrintBuffered(line, LINE_GUESS, false) : NULL;
    cJSON_Delete(line);
    return text;
}

char *log_line(const struct log_record *record)
{
    cJSON *data;
    cJSON *line = log_line_begin(record->wall, record->level, record->stage, record->message, &data);
    const char *packed = record->packed;
    bool whole = line;
    for (size_t i = 0; whole && i < record->n; i++) {
        struct log_field field = log_field_unpack(&packed);
        whole = add_field(data, &field);
    }
    if (whole && record->cut)
        whole = cJSON_AddTrueToObject(data, "cut");
    if (whole)
        return log_line_end(line);
    cJSON_Delete(line);
    return NULL;
}
