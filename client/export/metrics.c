/* Counts -> Prometheus's text format, version 0.0.4. */
#include "client/export/metrics.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#define DURATION "webserver_request_duration"

static void put_head(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void put_counter(FILE *out, const char *name, const char *help, uint64_t value)
{
    put_head(out, name, "counter", help);
    fprintf(out, "%s %" PRIu64 "\n", name, value);
}

static void put_escaped(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\n') {
            fputs("\\n", out);
            continue;
        }
        if (*text == '\\' || *text == '"')
            fputc('\\', out);
        fputc(*text, out);
    }
}

/* The name of one of the histogram's samples with the labels of a series; the brace is still open. */
static void put_sample(FILE *out, const struct series *series, const char *kind)
{
    fprintf(out, DURATION "_%s{client_request_e=\"", kind);
    put_escaped(out, series->request);
    fputs("\",server_response_e=\"", out);
    put_escaped(out, series->response);
    fputc('"', out);
}

static void put_series(FILE *out, const struct series *series)
{
    uint64_t count = 0;
    for (size_t i = 0; i < EVENTS_BUCKETS; i++) {
        count += series->buckets[i];
        put_sample(out, series, "bucket");
        if (i < EVENTS_BUCKETS - 1)
            fprintf(out, ",le=\"%g\"} %" PRIu64 "\n", events_bounds[i], count);
        else
            fprintf(out, ",le=\"+Inf\"} %" PRIu64 "\n", count);
    }
    put_sample(out, series, "sum");
    fprintf(out, "} %.15g\n", series->sum);
    put_sample(out, series, "count");
    fprintf(out, "} %" PRIu64 "\n", count);
}

char *metrics_text(const struct events *events, size_t *n)
{
    char *text = NULL;
    FILE *out = open_memstream(&text, n);
    if (!out)
        return NULL;
    put_counter(out, "webexporter_good_lines_total", "Good JSON records", events->good);
    put_counter(out, "webexporter_wrong_lines_total", "Wrong JSON records", events->wrong);
    put_counter(out, "client_read_errors_total", "Client read errors", events->read_errors);
    put_head(out, DURATION, "histogram", "Response time");
    for (size_t i = 0; i < events->n_series; i++)
        put_series(out, &events->series[i]);
    bool whole = !ferror(out);
    if (fclose(out) == 0 && whole)
        return text;
    free(text);
    return NULL;
}
