/* The exporter under test: starting it, feeding it, and what its metrics say. */
#ifndef CLIENTS_EXPORTER_H
#define CLIENTS_EXPORTER_H

#include "tests/clients/program.h"

#define EXPORTER "conveyor-export"
#define EXPORTER_SAYS "conveyor-export: serving http://127.0.0.1:"
#define EXPORTER_GOOD "webexporter_good_lines_total"
#define EXPORTER_WRONG "webexporter_wrong_lines_total"
#define EXPORTER_READ_ERRORS "client_read_errors_total"

struct exporter {
    struct program *program;
    int port;
};

/* One with this file as stdin, or with a pipe that the test holds. */
struct exporter exporter_start(const char *input);
void exporter_feed(const struct exporter *exporter, const char *text);
/* Ends it by a signal: with 0, and without another word. */
void exporter_end_by(const struct exporter *exporter, int number);
void exporter_end(const struct exporter *exporter);

/* What stands behind the name of a metric, which may have labels; -1 when it isn't there. */
double exporter_value_in(const char *text, const char *name);
double exporter_value(const struct exporter *exporter, const char *name);
void exporter_is(const struct exporter *exporter, const char *name, double expected);
/* Waits until so many lines have been counted. */
void exporter_wait_lines(const struct exporter *exporter, double lines);

#ifndef HARNESS
#define exporter_start(...) (HERE, (exporter_start)(__VA_ARGS__))
#define exporter_feed(...) (HERE, (exporter_feed)(__VA_ARGS__))
#define exporter_end_by(...) (HERE, (exporter_end_by)(__VA_ARGS__))
#define exporter_end(...) (HERE, (exporter_end)(__VA_ARGS__))
#define exporter_value(...) (HERE, (exporter_value)(__VA_ARGS__))
#define exporter_is(...) (HERE, (exporter_is)(__VA_ARGS__))
#define exporter_wait_lines(...) (HERE, (exporter_wait_lines)(__VA_ARGS__))
#endif

#endif
