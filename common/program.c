/* What every program of ours does in the same way. */
#include "common/program.h"

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static const char *program = "?";

/* Whoever starts a program with standard descriptors closed must not find its output in a file or a socket that was opened
 * in their place. */
void program_begin(const char *name)
{
    program = name;
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0)
            (void)!open("/dev/null", O_RDWR);
}

int program_fail(int status, const char *format, ...)
{
    va_list rest;
    va_start(rest, format);
    fprintf(stderr, "%s: ", program);
    vfprintf(stderr, format, rest);
    fputc('\n', stderr);
    va_end(rest);
    return status;
}

int program_status(enum args_result result)
{
    switch (result) {
    case ARGS_DONE:
    case ARGS_RUN:
        return EXIT_FINE;
    case ARGS_WRONG:
        return EXIT_USAGE;
    case ARGS_FAILED:
        return EXIT_FAILED;
    }
    return EXIT_FAILED;
}
