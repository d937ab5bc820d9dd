/* What a server did that it must not do: counted, and the first ones told with their evidence. Found rarely, so that a
 * lock hurts nobody. */
#include "client/load/violation.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *const violation_names[VIOLATIONS] = {
    [VIOLATION_LOSS] = "loss",   [VIOLATION_DOUBLE] = "double", [VIOLATION_ORDER] = "order",
    [VIOLATION_OTHER] = "other", [VIOLATION_FILE] = "file",
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t counts[VIOLATIONS];
static char first[VIOLATION_TEXT], first_of_protocol[VIOLATION_TEXT];

/* On a terminal the run's line may stand there, unfinished. */
static const char *line_begin(void)
{
    return isatty(STDERR_FILENO) ? "\r\033[K" : "";
}

static uint64_t sum(void)
{
    uint64_t all = 0;
    for (int i = 0; i < VIOLATIONS; i++)
        all += counts[i];
    return all;
}

void violation_found(enum violation kind, const char *format, ...)
{
    char text[VIOLATION_TEXT];
    va_list rest;
    va_start(rest, format);
    vsnprintf(text, sizeof text, format, rest);
    va_end(rest);
    pthread_mutex_lock(&lock);
    counts[kind]++;
    if (sum() <= VIOLATIONS_TOLD)
        fprintf(stderr, "%sconveyor-load: %s: %s\n", line_begin(), violation_names[kind], text);
    if (sum() == 1)
        memcpy(first, text, sizeof first);
    if (sum() == VIOLATIONS_TOLD)
        fprintf(stderr, "conveyor-load: further violations are only counted\n");
    pthread_mutex_unlock(&lock);
}

uint64_t violation_count(enum violation kind)
{
    pthread_mutex_lock(&lock);
    uint64_t count = counts[kind];
    pthread_mutex_unlock(&lock);
    return count;
}

uint64_t violation_sum(void)
{
    pthread_mutex_lock(&lock);
    uint64_t all = sum();
    pthread_mutex_unlock(&lock);
    return all;
}

const char *violation_first(void)
{
    return first;
}

void violation_of_protocol(const char *format, ...)
{
    va_list rest;
    va_start(rest, format);
    pthread_mutex_lock(&lock);
    if (!*first_of_protocol) {
        vsnprintf(first_of_protocol, sizeof first_of_protocol, format, rest);
        fprintf(stderr, "%sconveyor-load: protocol error: %s\n", line_begin(), first_of_protocol);
    }
    pthread_mutex_unlock(&lock);
    va_end(rest);
}

const char *violation_first_of_protocol(void)
{
    return first_of_protocol;
}

const char *shown(char to[SHOWN_BYTES], const void *bytes, uint64_t n)
{
    const unsigned char *at = bytes;
    size_t used = 0;
    for (uint64_t i = 0; i < n && used < SHOWN_BYTES - 8; i++) {
        if (at[i] >= ' ' && at[i] < 0x7f)
            to[used++] = (char)at[i];
        else
            used += (size_t)snprintf(to + used, SHOWN_BYTES - used, "\\x%02x", at[i]);
    }
    snprintf(to + used, SHOWN_BYTES - used, "%s", used >= SHOWN_BYTES - 8 ? "..." : "");
    return to;
}
