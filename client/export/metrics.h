/* The exporter's counts in Prometheus's text format. */
#ifndef EXPORT_METRICS_H
#define EXPORT_METRICS_H

#include "client/export/events.h"

#define METRICS_TYPE "text/plain; version=0.0.4; charset=utf-8"

/* The text, to be freed, and its length; NULL without memory. */
char *metrics_text(const struct events *events, size_t *n);

#endif
