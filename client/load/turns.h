/* Who sends when: bots taking turns by the schedule, or senders sending on as soon as they have been answered. */
#ifndef LOAD_TURNS_H
#define LOAD_TURNS_H

#include <stdbool.h>
#include <stdint.h>

struct bot;
struct worker;

/* There is a schedule to keep. */
bool turns_paced(const struct worker *worker);
/* Of a worker's thread, all of them. A run begins, with nothing owed. */
void turns_begin(struct worker *worker);
/* Its time has come: in a closed loop everybody may send. */
void turns_open(struct worker *worker);
/* Has those send whose turns are due. */
void turns_take(struct worker *worker);
/* The bot can take its next turn from now on, or one that it owes. */
void turns_ready(struct bot *bot);
/* Messages that the bot may send now, put behind what it has to send: those it owes to the schedule, or as many as its
 * window has room for. */
void turns_catch_up(struct bot *bot);
/* There are such messages, and room for them. */
bool turns_more(const struct bot *bot);
/* When the next turn is due; NEVER when there is none. */
int64_t turns_next(const struct worker *worker);
/* All turns of the schedule have come. */
bool turns_over(const struct worker *worker);
/* The bot owes nothing. */
bool turns_paid(const struct bot *bot);
/* What is owed still is not sent any more: counts it. */
void turns_forget(struct worker *worker);

#endif
