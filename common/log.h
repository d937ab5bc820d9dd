/* The log: one JSON object a line, {"timestamp","level","stage","message","data"}.
 *
 * log_write copies its fields into a bounded ring and never waits, allocates, locks or makes a system call
 * (but one eventfd write when the writer sleeps); any thread may call it. When the ring is full the record is
 * dropped and counted; the writer reports how many. Writing happens in the writer's own thread (log_writer.h).
 * Before log_open and after log_close records are dropped silently, so desks can be tested without a log. */
#ifndef COMMON_LOG_H
#define COMMON_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/span.h"

enum log_level { LOG_ERROR, LOG_WARN, LOG_INFO, LOG_DEBUG };

/* Records above this level are not written. Set before threads start, read by all. */
extern enum log_level log_level;
extern const char *const log_level_names[];

enum log_kind { LOG_TEXT, LOG_NUMBER, LOG_FLAG, LOG_JSON };

/* One member of "data". A key may be a path of two, "response.message": the writer nests it.
 * Keys must live for ever (string literals); values are copied, long texts are cut at a character's edge and "cut":true
 * is added to data. All fields of a record share about 450 bytes. LOG_JSON: text that is JSON already, on one line,
 * taken as it is; null when it is too long. */
struct log_field {
    const char *key;
    enum log_kind kind;
    union {
        struct span text;
        int64_t number;
        bool flag;
    };
};

#define LOG_S(k, s) ((struct log_field){.key = (k), .kind = LOG_TEXT, .text = (s)})
#define LOG_C(k, s) LOG_S(k, span_of(s))
#define LOG_N(k, v) ((struct log_field){.key = (k), .kind = LOG_NUMBER, .number = (int64_t)(v)})
#define LOG_B(k, v) ((struct log_field){.key = (k), .kind = LOG_FLAG, .flag = (v)})
#define LOG_J(k, s) ((struct log_field){.key = (k), .kind = LOG_JSON, .text = span_of(s)})

/* False when the record was dropped; true as well for one above the level, which nobody wants.
 * stage and message must live for ever. */
bool log_write(enum log_level level, const char *stage, const char *message, size_t n, const struct log_field *fields);

/* log_at(LOG_INFO, "lobby", "Chat created", LOG_S("chat", name), LOG_N("chats", 3));
 * above the level the fields are not even built. */
#define log_at(level_, stage_, message_, ...)                                                                 \
    do {                                                                                                      \
        if ((level_) <= log_level) {                                                                          \
            const struct log_field log_fields_[] = {__VA_ARGS__};                                             \
            log_write((level_), (stage_), (message_), sizeof log_fields_ / sizeof *log_fields_, log_fields_); \
        }                                                                                                     \
    } while (0)

#endif
