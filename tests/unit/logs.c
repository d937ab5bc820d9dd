/* The log as its tests see it. */
#include "tests/unit/logs.h"

#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/log_writer.h"
#include "common/utf8.h"

char logs_folder[PATH_MAX], logs_path[PATH_MAX + 16], logs_other[PATH_MAX + 16];

int logs_enter(void **state)
{
    (void)state;
    const char *temporary = getenv("TMPDIR");
    snprintf(logs_folder, sizeof logs_folder, "%s/test_log.XXXXXX", temporary ? temporary : "/tmp");
    if (!mkdtemp(logs_folder))
        return -1;
    snprintf(logs_path, sizeof logs_path, "%s/log", logs_folder);
    snprintf(logs_other, sizeof logs_other, "%s/old", logs_folder);
    log_level = LOG_INFO;
    return 0;
}

int logs_leave(void **state)
{
    (void)state;
    log_close();
    unlink(logs_path);
    unlink(logs_other);
    return rmdir(logs_folder);
}

void logs_parse(struct lines *lines)
{
    size_t begin = 0;
    lines->n = 0;
    lines->at = NULL;
    for (size_t i = 0; i < lines->text.n; i++) {
        if (lines->text.at[i] != '\n')
            continue;
        assert_true(utf8_valid((struct span){lines->text.at + begin, i - begin}));
        cJSON *line = cJSON_ParseWithLength(lines->text.at + begin, i - begin);
        assert_true(cJSON_IsObject(line));
        if ((lines->n & (lines->n - 1)) == 0)
            lines->at = realloc(lines->at, (lines->n ? 2 * lines->n : 1) * sizeof *lines->at);
        lines->at[lines->n++] = line;
        begin = i + 1;
    }
    assert_int_equal(begin, lines->text.n);
}

void logs_free(struct lines *lines)
{
    for (size_t i = 0; i < lines->n; i++)
        cJSON_Delete(lines->at[i]);
    free(lines->at);
    buf_free(&lines->text);
    *lines = (struct lines){0};
}

void logs_read_more(int fd, struct buf *text)
{
    ssize_t n;
    do {
        assert_true(buf_reserve(text, 65536));
        n = read(fd, text->at + text->n, 65536);
        if (n > 0)
            text->n += (uint32_t)n;
    } while (n > 0);
}

void logs_read_until(int fd, struct buf *text, const char *awaited)
{
    for (;;) {
        logs_read_more(fd, text);
        if (text->n && memmem(text->at, text->n, awaited, strlen(awaited)))
            return;
        struct pollfd wait = {.fd = fd, .events = POLLIN};
        assert_int_equal(poll(&wait, 1, LOGS_PATIENCE), 1);
    }
}

struct lines logs_read(const char *name)
{
    struct lines lines = {0};
    int fd = open(name, O_RDONLY | O_CLOEXEC);
    assert_true(fd >= 0);
    logs_read_more(fd, &lines.text);
    close(fd);
    logs_parse(&lines);
    return lines;
}

const char *logs_text(const cJSON *object, const char *key)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
    assert_non_null(text);
    return text;
}

const cJSON *logs_data(const cJSON *line)
{
    const cJSON *data = cJSON_GetObjectItemCaseSensitive(line, "data");
    assert_true(cJSON_IsObject(data));
    return data;
}

void logs_assert_line(const struct lines *lines, size_t i, const char *level, const char *rest)
{
    char *text = cJSON_PrintUnformatted(lines->at[i]), expected[1024];
    snprintf(expected, sizeof expected, "{\"timestamp\":\"%s\",\"level\":\"%s\",%s}",
             logs_text(lines->at[i], "timestamp"), level, rest);
    assert_string_equal(text, expected);
    cJSON_free(text);
}

int logs_make_list(char *to, size_t room)
{
    int n = 1;
    size_t used = (size_t)snprintf(to, room, "[\"127.0.0.1:5000\"");
    for (; used + 20 < room; n++)
        used += (size_t)snprintf(to + used, room - used, ",\"127.0.0.1:5000\"");
    snprintf(to + used, room - used, "]");
    return n;
}
