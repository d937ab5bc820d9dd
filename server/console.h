/* The console: what the operator types on standard input. Main's alone. */
#ifndef SERVER_CONSOLE_H
#define SERVER_CONSOLE_H

#include <stdbool.h>
#include <stddef.h>

enum console_command { CONSOLE_NONE, CONSOLE_CHECK, CONSOLE_STOP };

/* All zero is a console at its beginning. */
struct console {
    bool ended;    /* nothing more comes: the end of the input, or an error */
    bool too_long; /* what is in `text` continues a line too long to be a command */
    size_t n;
    char text[256]; /* read, but not yet taken */
};

/* The descriptor to poll for input, or -1: none comes any more, or the server is in the background of its terminal. */
int console_fd(const struct console *console);
/* True in the second case: nothing tells when it comes to the foreground, so ask again every now and then. */
bool console_in_background(const struct console *console);
/* Reads once; to be called when the descriptor is readable. SIGTTIN and SIGTTOU must be ignored. */
void console_read(struct console *console);
/* The next command of what has been read, CONSOLE_NONE when there is none left. Answers `help`, and lines that are
 * no command, itself, on standard error: standard output is the log's. */
enum console_command console_next(struct console *console);

#endif
