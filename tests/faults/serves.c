/* After a fault: what the files hold is served, more is taken, and nothing is held in vain. */
#define HARNESS
#include "tests/faults/serves.h"

#include <string.h>

void check_chat_served(struct server *server, const char *chat)
{
    struct chat_file file = chat_file_read(server_chat_path(server, chat));
    struct client *newcomer = client_login(server, "newcomer");
    client_enter(newcomer, chat);
    for (size_t i = 0; i < file.count; i++) {
        if (memchr(file.records[i].at, '\0', file.records[i].n))
            trial_fail("a record has a NUL: %s", shown(file.records[i].at, file.records[i].n));
        client_expect_bytes(newcomer, RECEIVE_MESSAGE, SUCCESS, file.records[i].at, file.records[i].n);
    }
    client_expect_nothing(newcomer);
    client_message(newcomer, "newcomer", "newcomer-0 all is well");
    client_quit(newcomer);
}

void check_rooms_served(const struct crowd *crowd)
{
    for (unsigned i = 0; i < crowd->rooms; i++)
        check_chat_served(crowd->server, trial_text("room-%u", i));
}

void check_descriptors(const struct server *server, unsigned before)
{
    unsigned now;
    for (int64_t until = time_limit(); (now = server_descriptors(server)) != before;)
        look_again(until, trial_text("as many descriptors as before: there are %u, there were %u", now, before));
}
