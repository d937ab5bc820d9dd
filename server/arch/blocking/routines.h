/* The routines of the blocking server, each a thread's, under the names the thesis gave them. */
#ifndef BLOCKING_ROUTINES_H
#define BLOCKING_ROUTINES_H

#include "server/arch/blocking/house.h"
#include "server/arch/census.h"

/* A thread's function; its argument is the house. Lets people in. */
void *accepting_run(void *argument);
/* For step_run: people without a name. */
extern const struct step_ops user_name_enter_ops;
/* For step_run: people outside chats. The catalog is this routine's alone. */
extern const struct step_ops list_of_chats_ops;
/* A thread's function; its argument is the house. Lets people out. */
void *disconnect_run(void *argument);

/* Sends somebody who left the lobby to the chat in session->next, whose thread is started if it does not run; back to the
 * lobby, with an answer, when it can't be. The lobby's thread alone. */
void chat_message_send(struct house *house, struct session *session);
/* Joins the threads of chats that have ended. The lobby's thread alone. */
void chat_message_join_ended(struct house *house);
/* Joins all of them and frees what they had; the house ends, the lobby's thread is joined. */
void chat_message_close(struct house *house);
/* The sums of all chats' counters. Any thread. */
void chat_message_census(struct house *house, struct census_row *row);

#endif
