/* The census: asking for it, reading it, and waiting until it is what it must be at rest. */
#define HARNESS
#include "tests/harness/census.h"

#include <signal.h>
#include <stdio.h>

#include "tests/harness/client.h"

enum { PATIENCE_MS = 250 };

static long long number(const cJSON *data, const char *key)
{
    const cJSON *item = cJSON_GetObjectItem(data, key);
    if (!cJSON_IsNumber(item))
        trial_fail("the census has no number \"%s\"", key);
    return (long long)item->valuedouble;
}

static bool flag(const cJSON *data, const char *key)
{
    const cJSON *item = cJSON_GetObjectItem(data, key);
    if (!cJSON_IsBool(item))
        trial_fail("the census has no flag \"%s\"", key);
    return cJSON_IsTrue(item);
}

static struct count count_of(const cJSON *record)
{
    const cJSON *data = cJSON_GetObjectItem(record, "data");
    const cJSON *at = cJSON_GetObjectItem(data, "at");
    return (struct count){
        .accepted = number(data, "accepted"),
        .closed = number(data, "closed"),
        .refused = number(data, "refused"),
        .on_belts = number(data, "on_belts"),
        .stages = number(data, "stages"),
        .due = number(data, "due"),
        .gate = number(at, "gate"),
        .name = number(at, "name"),
        .lobby = number(at, "lobby"),
        .room = number(at, "room"),
        .bye = number(at, "bye"),
        .adds_up = flag(data, "adds_up"),
        .at_rest = flag(data, "at_rest"),
    };
}

/* What the server says of itself must follow from its numbers. */
static void check_count(const struct count *count)
{
    long long inside = count->gate + count->name + count->lobby + count->room + count->bye + count->on_belts;
    if (count->adds_up != (count->accepted == inside + count->closed))
        trial_fail("the census says adds_up: %d, but of %lld accepted %lld are inside and %lld closed", count->adds_up,
                   count->accepted, inside, count->closed);
    if (count->at_rest && (!count->adds_up || count->due || count->on_belts))
        trial_fail("the census says at_rest, with %lld due and %lld on belts", count->due, count->on_belts);
}

/* Asks once and waits a little; false when no record came by then. */
static bool ask(struct server *server, struct count *count)
{
    cJSON *record;
    int64_t patience = now_ms() + PATIENCE_MS;
    server_signal(server, SIGUSR2);
    while (!(record = server_record(server, "Census"))) {
        if (now_ms() > patience)
            return false;
        look_again(patience + PATIENCE_MS, "a record \"Census\"");
    }
    *count = count_of(record);
    cJSON_Delete(record);
    return true;
}

struct count census_take(struct server *server)
{
    struct count count;
    int64_t until = time_limit();
    while (!ask(server, &count))
        look_again(until, "a record \"Census\"");
    check_count(&count);
    return count;
}

struct count census(struct server *server)
{
    long long held = client_held(server);
    int64_t until = time_limit();
    for (;;) {
        struct count count = census_take(server);
        if (count.adds_up && count.at_rest && count.accepted - count.closed == held)
            return count;
        look_again(until,
                   trial_text("a census with %lld clients, adding up and at rest; the last one: accepted %lld, "
                              "closed %lld, on belts %lld, due %lld; gate %lld, name %lld, lobby %lld, room %lld, "
                              "bye %lld",
                              held, count.accepted, count.closed, count.on_belts, count.due, count.gate, count.name,
                              count.lobby, count.room, count.bye));
    }
}

void finish(struct server *server)
{
    census(server);
    client_close_all(server);
    census(server);
    server_stop(server);
}
