/* What a program is told when it is started: one table of options that the command line, --help and, where a program has
 * one, a configuration file are read by.
 *
 * A program fills the first part of a struct args, then calls, each after the one before was true:
 *
 *     args_defaults       what holds when nothing is said
 *     args_command_line   understands the words and keeps what they say; --help and --version are answered here
 *     (its own business)  reads a configuration file: args_from, then args_set for whatever stands there
 *     args_apply          sets what the command line said, which thereby wins
 *     (its own business)  looks at what only all options together can have wrong: args_complain
 *
 * and, however far it came, args_end. Nothing is written to standard error before that, and then it is one line.
 *
 * One thread at a time, and only while a program starts: getopt_long remembers where it is. The program owns its table,
 * its options and what the setters allocate there, which it frees whatever the result was. argv is put into getopt_long's
 * order, and what was said points there. */
#ifndef COMMON_ARGS_H
#define COMMON_ARGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct args;

/* One option. --help and --version (-h and -V) are every program's and stand in no table. */
struct args_row {
    const char *name;
    char letter;          /* 0: there is none */
    const char *value;    /* what --help calls it; NULL: a flag, without a value */
    const char *fallback; /* the default, read like anything else said; NULL: off, computed, or never set */
    const char *help;
    bool (*set)(struct args *, const char *value); /* NULL: the program asks args_said */
    size_t at;                                     /* where in the program's options */
    int64_t least, most;                           /* in the unit that the setter names */
};

enum args_result {
    ARGS_RUN,
    ARGS_DONE,  /* --help, --version: they are on standard output */
    ARGS_WRONG, /* one line went to standard error */
    ARGS_FAILED /* the same, but it is not the words' fault: no memory */
};

enum { ARGS_ROWS = 62, ARGS_COMPLAINT = 1024 };

struct args {
    /* The program's; all else begins as zero. */
    const char *program;
    const char *usage; /* what --help shows behind the program's name, like "[OPTION]... [N]" */
    const char *about; /* the line below */
    const struct args_row *rows;
    size_t n_rows;            /* ARGS_ROWS at most */
    void *options;            /* where the rows' setters write */
    void (*print_more)(void); /* the end of --help; NULL: there is no more to say */
    int operands_most;        /* how many words may be no options */

    /* The words that are no options, once args_command_line was true; they are argv's. */
    char **operands;
    int n_operands;

    /* Where reading is. */
    const struct args_row *row; /* what is being set; NULL: nothing */
    const char *file;           /* NULL: the command line, or a default */
    int line;                   /* of the file; 0: none of them */
    int source; /* another one for the defaults, each file and the command line: a setter begins its list anew then */

    /* How it went. */
    bool done;                      /* --help or --version was answered */
    bool failed;                    /* the complaint is the machine's: nothing said was wrong */
    char complaint[ARGS_COMPLAINT]; /* the first one; empty: none */
    struct args_said *said;         /* the command line's options in their order; args_end frees it */
    size_t n_said;
};

/* The steps. False: there is a complaint, or there is no more to do. */
bool args_defaults(struct args *args);
bool args_command_line(struct args *args, int argc, char **argv);
bool args_apply(struct args *args);
/* Writes the complaint, if there is one, as "program: complaint", and tells what to do now. */
enum args_result args_end(struct args *args);

/* What the command line gave this option last ("" for a flag); NULL when it was not said. Until args_end. */
const char *args_said(const struct args *args, const char *name);

/* For a program that reads a file: what is set from now on stands there. The file's name has to last until args_end, and
 * args->line is the reader's to count. */
void args_from(struct args *args, const char *file);
bool args_set(struct args *args, const struct args_row *row, const char *value);

/* Keeps the first complaint, behind the file and line or the option that it is about, in one line whatever the values
 * hold. Always false: callers return it. */
__attribute__((format(printf, 2, 3))) bool args_complain(struct args *args, const char *format, ...);
/* The same for the machine. */
bool args_no_memory(struct args *args);

/* Setters for the table. Each says what it writes, and what least and most count when that is something else. */
bool args_set_number(struct args *args, const char *value);       /* a uint32_t */
bool args_set_whole(struct args *args, const char *value);        /* an int64_t or uint64_t, never below 0 */
bool args_set_milliseconds(struct args *args, const char *value); /* an int64_t of microseconds; milliseconds */
bool args_set_seconds(struct args *args, const char *value);      /* an int64_t of microseconds */
bool args_set_fraction(struct args *args, const char *value);     /* a double, from a decimal like 0.002; millionths */
bool args_set_text(struct args *args, const char *value);         /* a char *, NULL or malloc'd; the program frees it */
bool args_set_flag(struct args *args, const char *value);         /* a bool */

/* Digits and nothing else. False: it is not that, or more than an int64_t holds; *whole is then anything. */
bool args_whole(const char *text, int64_t *whole);
/* Plain decimal seconds in microseconds. At most seven digits and six behind a point: they are exact. */
bool args_seconds(const char *text, int64_t *time);

#endif
