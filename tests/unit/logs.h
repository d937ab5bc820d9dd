/* A folder for the log of a test, and the log's lines as the tests see them. Whatever fails here fails the test. */
#ifndef UNIT_LOGS_H
#define UNIT_LOGS_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "common/buf.h"

enum { LOGS_PATIENCE = 20000 /* milliseconds until a test that waits gives up */ };

extern char logs_folder[PATH_MAX], logs_path[PATH_MAX + 16], logs_other[PATH_MAX + 16];

/* Around each test: the folder, and a log that is closed at the end. */
int logs_enter(void **state);
int logs_leave(void **state);
#define LOGS_TEST(name) cmocka_unit_test_setup_teardown(name, logs_enter, logs_leave)

struct lines {
    struct buf text;
    size_t n;
    cJSON **at;
};

/* Reads what there is, up to the end of a file or until a pipe is empty. */
void logs_read_more(int fd, struct buf *text);
/* Reads from a pipe until the text is in what was read. */
void logs_read_until(int fd, struct buf *text, const char *awaited);
/* Every line of lines->text must be one JSON object. */
void logs_parse(struct lines *lines);
/* All lines of a file, for logs_free. */
struct lines logs_read(const char *name);
void logs_free(struct lines *lines);

const char *logs_text(const cJSON *object, const char *key);
const cJSON *logs_data(const cJSON *line);
/* The line has this level, and behind it this rest. */
void logs_assert_line(const struct lines *lines, size_t i, const char *level, const char *rest);
/* A JSON array of strings that fills the room, and how many there are. */
int logs_make_list(char *to, size_t room);

#endif
