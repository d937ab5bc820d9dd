/* After a fault: does the server serve what the files hold, take more, and hold nothing that it no longer needs? */
#ifndef FAULTS_SERVES_H
#define FAULTS_SERVES_H

#include "tests/harness/crowd.h"

/* A newcomer is served exactly what the chat's file holds, says one thing more, and is served that. */
void check_chat_served(struct server *server, const char *chat);
/* The same for each chat of the crowd. */
void check_rooms_served(const struct crowd *crowd);
/* It holds as many descriptors again as before the fault, once the rooms that are empty have ended. */
void check_descriptors(const struct server *server, unsigned before);

#ifndef HARNESS
#define check_chat_served(...) (HERE, (check_chat_served)(__VA_ARGS__))
#define check_rooms_served(...) (HERE, (check_rooms_served)(__VA_ARGS__))
#define check_descriptors(...) (HERE, (check_descriptors)(__VA_ARGS__))
#endif

#endif
