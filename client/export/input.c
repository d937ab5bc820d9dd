/* Standard input, cut into lines. */
#include "client/export/input.h"

#include <string.h>
#include <unistd.h>

/* A line that is whole. */
static void take(struct input *input, struct events *events, struct span line)
{
    if (input->lost || line.n > INPUT_LINE_MOST)
        events->wrong++;
    else
        events_line(events, line);
    input->lost = false;
}

static void take_lines(struct input *input, size_t got, struct events *events)
{
    char *line = input->at, *look = input->at + input->n, *end = look + got, *feed;
    while ((feed = memchr(look, '\n', (size_t)(end - look)))) {
        take(input, events, (struct span){line, (size_t)(feed - line)});
        line = look = feed + 1;
    }
    input->n = (size_t)(end - line);
    input->lost = input->lost || input->n > INPUT_LINE_MOST;
    if (input->lost)
        input->n = 0;
    memmove(input->at, line, input->n);
}

ssize_t input_read(struct input *input, int fd, struct events *events)
{
    ssize_t got = read(fd, input->at + input->n, INPUT_STEP);
    if (got > 0)
        take_lines(input, (size_t)got, events);
    if (got == 0 && (input->n || input->lost))
        take(input, events, (struct span){input->at, input->n});
    return got;
}
