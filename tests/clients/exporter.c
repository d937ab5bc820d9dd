/* The exporter under test. */
#define HARNESS
#include "tests/clients/exporter.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "tests/clients/http.h"

struct exporter exporter_start(const char *input)
{
    struct exporter exporter = {
        .program = program_start(&(struct call){.words = {EXPORTER, "--listen", "127.0.0.1:0"}, .input = input})};
    struct bytes err = program_wait_err(exporter.program, "/metrics\n");
    if (strncmp(err.at, EXPORTER_SAYS, strlen(EXPORTER_SAYS)) != 0)
        trial_fail("it says '%s'", shown(err.at, err.n));
    exporter.port = atoi(err.at + strlen(EXPORTER_SAYS));
    return exporter;
}

void exporter_feed(const struct exporter *exporter, const char *text)
{
    program_feed(exporter->program, text, strlen(text));
}

void exporter_end_by(const struct exporter *exporter, int number)
{
    program_signal(exporter->program, number);
    int code = program_wait(exporter->program);
    if (code != 0)
        trial_fail("after signal %d it ended with %d", number, code);
    struct bytes err = file_read(exporter->program->err), out = file_read(exporter->program->out);
    if (strchr(err.at, '\n') != err.at + err.n - 1)
        trial_fail("stderr has more than a line: %s", shown(err.at, err.n));
    if (out.n)
        trial_fail("something is on stdout: %s", shown(out.at, out.n));
}

void exporter_end(const struct exporter *exporter)
{
    exporter_end_by(exporter, SIGTERM);
}

double exporter_value_in(const char *text, const char *name)
{
    const char *line = strstr(text, trial_text("\n%s ", name));
    return line ? strtod(line + strlen(name) + 2, NULL) : -1;
}

double exporter_value(const struct exporter *exporter, const char *name)
{
    char *text = http_get(exporter->port, "/metrics");
    double found = exporter_value_in(text, name);
    trial_free(text);
    return found;
}

void exporter_wait_lines(const struct exporter *exporter, double lines)
{
    int64_t until = time_limit();
    for (;; look_again(until, trial_text("%g lines to be counted", lines))) {
        char *text = http_get(exporter->port, "/metrics");
        double seen = exporter_value_in(text, EXPORTER_GOOD) + exporter_value_in(text, EXPORTER_WRONG);
        trial_free(text);
        if (seen == lines)
            return;
        if (seen > lines)
            trial_fail("%g lines were counted, there are %g", seen, lines);
    }
}

void exporter_is(const struct exporter *exporter, const char *name, double expected)
{
    double found = exporter_value(exporter, name);
    if (found != expected)
        trial_fail("%s is %.15g instead of %.15g", name, found, expected);
}
