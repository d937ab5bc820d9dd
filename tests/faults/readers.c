/* Stalled readers: they lose nothing, delay nobody and cost a constant. */
#include "tests/faults/scenarios.h"
#include "tests/harness/census.h"
#include "tests/harness/crowd.h"
#include "tests/harness/rows.h"

/* Half of a room stops reading while 50 MB are said: the others get everything, no stalled reader costs the server more than it
 * has said one may cost, and when they read again they get everything too. */
static void stalled_half(const struct trial *trial)
{
    enum { PEOPLE = 200, STALLED = 100, TEXT = 10000, TEXTS = 5000 };
    struct crowd crowd = crowd_make(start_plain(trial), PEOPLE, 1, 0, TEXT);
    struct server *server = crowd.server;
    crowd.members[PEOPLE - 1].messages = scaled(TEXTS, TEXTS / 100);
    crowd_begin(&crowd);
    crowd_run(&crowd, PEOPLE); /* everybody is inside */
    for (size_t i = 0; i < STALLED; i++)
        crowd.members[i].deaf = true;
    size_t before = server_memory(server);
    crowd_finish(&crowd);
    size_t grown = server_memory(server) - before;
    double stated = cJSON_GetNumberValue(cJSON_GetObjectItem(server->started, "client_bytes"));
    check((double)grown < stated * STALLED, "%zu bytes more for %d stalled readers, stated are %.0f each", grown,
          STALLED, stated);
    for (size_t i = 0; i < STALLED; i++)
        crowd.members[i].deaf = false;
    crowd_finish(&crowd);
    crowd_check(&crowd, false);
    crowd_check_all_stored(&crowd);
    finish(server);
}

const struct scenario readers_faults[] = {
    {"stalled_half", stalled_half},
    {0},
};
