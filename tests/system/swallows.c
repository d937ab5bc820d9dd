/* The architecture that swallows: it weighs whoever measures, and so must let people in and out like the others. */
#include "tests/harness/census.h"
#include "tests/harness/rows.h"
#include "tests/system/scenarios.h"

/* Names are given out and free again; whatever else is asked gets no answer, and the goodbye is the next one. */
static void swallows_the_rest(const struct trial *trial)
{
    struct server *server = start_plain(trial);
    struct client *ann = client_login(server, "ann"), *bob = client_login(server, "bob");
    client_ask(client_open(server), SET_NAME, "ann", SET_NAME, FAILURE, SAY_NAME_TAKEN);
    for (int32_t request = SET_NAME; request < REQUEST_KINDS; request++)
        if (request != DISCONNECT)
            client_say(ann, request, "hall");
    client_say(ann, 1000, "");
    client_quit(ann);
    client_set_name(client_open(server), "ann");
    client_say(bob, CREATE_CHAT, "hall");
    client_half_close(bob);
    client_expect_end(bob);
    check(!file_exists(server_chat_path(server, "hall")), "a chat was made");
    finish(server);
}

const struct scenario swallows_null[] = {
    {"swallows_the_rest", swallows_the_rest},
    {0},
};
