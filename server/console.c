/* The console: standard input taken apart into lines, and lines into commands. */
#include "server/console.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#define BLANKS " \t\r"
#define HELP "commands: check (print the census), stop (end the server), help\n"

bool console_in_background(const struct console *console)
{
    if (console->ended || !isatty(STDIN_FILENO))
        return false;
    pid_t foreground = tcgetpgrp(STDIN_FILENO);
    return foreground >= 0 && foreground != getpgrp();
}

int console_fd(const struct console *console)
{
    return console->ended || console_in_background(console) ? -1 : STDIN_FILENO;
}

/* Between the look at the foreground and the read another job may have got the terminal: then read fails with EIO,
 * as it does when the terminal is gone. */
void console_read(struct console *console)
{
    size_t room = sizeof console->text - console->n;
    ssize_t n = read(STDIN_FILENO, console->text + console->n, room);
    if (n > 0)
        console->n += (size_t)n;
    else if (n == 0 || (errno != EINTR && errno != EAGAIN && !console_in_background(console)))
        console->ended = true;
}

/* An operator who does not read gets no answer rather than a server that waits. */
static void answer(const char *text)
{
    struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};
    if (poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT))
        (void)!write(STDERR_FILENO, text, strlen(text));
}

static bool is(const char *word, const char *line, size_t n)
{
    return strlen(word) == n && memcmp(word, line, n) == 0;
}

static enum console_command command_of(const char *line, size_t n)
{
    while (n > 0 && strchr(BLANKS, *line))
        line++, n--;
    while (n > 0 && strchr(BLANKS, line[n - 1]))
        n--;
    if (n == 0)
        return CONSOLE_NONE;
    if (is("check", line, n))
        return CONSOLE_CHECK;
    if (is("stop", line, n))
        return CONSOLE_STOP;
    answer(is("help", line, n) ? HELP : "unknown command; " HELP);
    return CONSOLE_NONE;
}

/* The bytes of the next line with its end; 0 when it is not whole. The end of the input ends a line too. */
static size_t line_length(const struct console *console)
{
    const char *end = memchr(console->text, '\n', console->n);
    if (end)
        return (size_t)(end - console->text) + 1;
    return console->ended ? console->n : 0;
}

enum console_command console_next(struct console *console)
{
    enum console_command command = CONSOLE_NONE;
    size_t n;
    while (command == CONSOLE_NONE && (n = line_length(console)) > 0) {
        bool ended = console->text[n - 1] == '\n';
        if (console->too_long)
            answer("unknown command; " HELP);
        else
            command = command_of(console->text, ended ? n - 1 : n);
        console->too_long = false;
        console->n -= n;
        memmove(console->text, console->text + n, console->n);
    }
    if (console->n == sizeof console->text) {
        console->too_long = true;
        console->n = 0;
    }
    return command;
}
