/* Reading a server's log while it is written. */
#define HARNESS
#include "tests/harness/records.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/harness/checker.h"

void records_pump(struct server *server)
{
    char step[65536];
    if (server->pipe < 0 || server->deaf)
        return;
    while (poll(&(struct pollfd){.fd = server->pipe, .events = POLLIN}, 1, 0) > 0) {
        ssize_t got = read(server->pipe, step, sizeof step);
        if (got <= 0)
            return;
        int out = open(server->out, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
        if (out < 0 || write(out, step, (size_t)got) != got)
            trial_fail("%s: %s", server->out, strerror(errno));
        close(out);
    }
}

/* The first whole line behind `*read`, which moves behind it; good until the next call. NULL when none is there. */
static const char *next_line(const char *path, size_t *read)
{
    static char *text;
    static size_t room;
    const char *line = NULL;
    size_t n = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    while (fd >= 0) {
        if (room - n < 4096) {
            char *more = realloc(text, 2 * room + 8192);
            if (!more)
                abort();
            text = more;
            room = 2 * room + 8192;
        }
        ssize_t got = pread(fd, text + n, room - n, (off_t)(*read + n));
        char *end = got > 0 ? memchr(text + n, '\n', (size_t)got) : NULL;
        if (end) {
            *end = '\0';
            *read += (size_t)(end - text) + 1;
            line = text;
        }
        if (got <= 0 || end)
            break;
        n += (size_t)got;
    }
    if (fd >= 0)
        close(fd);
    return line;
}

cJSON *records_next(struct server *server)
{
    const char *line = next_line(server->out, &server->read);
    if (!line)
        return NULL;
    cJSON *record = cJSON_Parse(line);
    if (!record)
        trial_fail("a line of the log is no JSON: %s", shown(line, strlen(line)));
    return record;
}

cJSON *server_record(struct server *server, const char *message)
{
    cJSON *record;
    records_pump(server);
    while ((record = records_next(server))) {
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItem(record, "message"));
        if (text && strcmp(text, message) == 0)
            return record;
        cJSON_Delete(record);
    }
    return NULL;
}

cJSON *server_wait_record(struct server *server, const char *message)
{
    cJSON *record;
    int64_t until = time_limit();
    while (!(record = server_record(server, message)))
        look_again(until, message);
    return record;
}

void server_wait_line(struct server *server, const char *text)
{
    int64_t until = time_limit();
    for (;; look_again(until, trial_text("a record with '%s' in it", text))) {
        records_pump(server);
        struct bytes log = file_read(server->out);
        if (strstr(log.at, text))
            return;
    }
}
