/* The exporter's standard input, cut into lines. One thread reads. */
#ifndef EXPORT_INPUT_H
#define EXPORT_INPUT_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "client/export/events.h"

enum { INPUT_LINE_MOST = 1 << 20, INPUT_STEP = 1 << 16 };

/* All zero: nothing read yet. */
struct input {
    size_t n;  /* bytes of the line that is not whole yet */
    bool lost; /* it has become too long: what it had is forgotten, and so is what comes up to its end */
    char at[INPUT_LINE_MOST + INPUT_STEP];
};

/* Reads once and counts the lines that have become whole; a line that is longer than INPUT_LINE_MOST counts as wrong. Gives what
 * read gave; at the end, which is 0, the rest counts as a line if there is any. */
ssize_t input_read(struct input *input, int fd, struct events *events);

#endif
