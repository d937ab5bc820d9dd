/* A line of the load generator's log -> counts. */
#include "client/export/events.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <stdbool.h>

#include "client/export/strict.h"

const double events_bounds[EVENTS_BUCKETS - 1] = {.001, .002, .005, .010, .020, .050, .100, .200, .500};

/* ---- Is it JSON? ---- */

static const cJSON *member(const cJSON *object, const char *key)
{
    return cJSON_GetObjectItemCaseSensitive(object, key);
}

/* The line's object, to be deleted; NULL when there is none, or something behind it. */
static cJSON *parse(struct span line)
{
    return strict_object(line) ? cJSON_ParseWithLength(line.at, line.n) : NULL;
}

/* ---- Response times ---- */

static const char *label(const cJSON *response, const char *key)
{
    const char *text = cJSON_GetStringValue(member(response, key));
    return text && strlen(text) < EVENTS_LABEL_ROOM ? text : NULL;
}

/* The one with these labels, made when it is new; NULL when there are too many. */
static struct series *find_series(struct events *events, const char *request, const char *response)
{
    struct series *series = events->series;
    for (; series < events->series + events->n_series; series++) {
        if (strcmp(series->request, request) == 0 && strcmp(series->response, response) == 0)
            return series;
    }
    if (events->n_series == EVENTS_SERIES_MOST)
        return NULL;
    memcpy(series->request, request, strlen(request) + 1);
    memcpy(series->response, response, strlen(response) + 1);
    events->n_series++;
    return series;
}

/* False when the data is not what such an event must have. */
static bool observe(struct events *events, const cJSON *data)
{
    double ms = cJSON_GetNumberValue(member(data, "response time"));
    const char *request = label(member(data, "response"), "client_request_e");
    const char *response = label(member(data, "response"), "server_response_e");
    if (!isfinite(ms) || ms < 0 || !request || !response)
        return false;
    struct series *series = find_series(events, request, response);
    if (!series)
        return false;
    double seconds = ms / 1000;
    size_t bucket = 0;
    while (bucket < EVENTS_BUCKETS - 1 && seconds > events_bounds[bucket])
        bucket++;
    series->buckets[bucket]++;
    series->sum += seconds;
    return true;
}

/* ---- Lines ---- */

static bool count(struct events *events, const cJSON *event)
{
    const char *message = cJSON_GetStringValue(member(event, "message"));
    if (!message)
        return true;
    if (strcmp(message, "Client read error") == 0)
        events->read_errors++;
    if (strcmp(message, "Read first response from server") == 0 || strcmp(message, "Wrote first response") == 0)
        return observe(events, member(event, "data"));
    return true;
}

void events_line(struct events *events, struct span line)
{
    cJSON *event = parse(line);
    if (event && count(events, event))
        events->good++;
    else
        events->wrong++;
    cJSON_Delete(event);
}
