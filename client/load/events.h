/* The thesis's log of a load, on standard output: one JSON object a line, in its words.
 *
 * Nothing of it is lost: lines are written when a batch of events is over, and a reader who is slow slows the bots down.
 * Each worker gathers lines of its own; they are written whole. */
#ifndef LOAD_EVENTS_H
#define LOAD_EVENTS_H

#include <stdint.h>

#include "common/span.h"

struct bot;
struct load_config;
struct worker;

enum event { EVENT_CAUGHT, EVENT_READ_ERROR, EVENT_WRITE_ERROR };

/* From the driver, before there are bots: "Tester started", and "Tester caught exception" when it comes to nothing. */
void events_started(const struct load_config *config);
void events_tester_caught(const char *exception);

/* From the bot's thread. All but events_wrote and events_read look for themselves whether anybody wants events. */
void events_wrote(struct bot *bot, int32_t request, struct span text);
/* took: microseconds from the request that it answers; less than 0: it answers none. */
void events_read(struct bot *bot, int32_t request, int32_t response, struct span text, int64_t took);
void events_error(struct bot *bot, enum event event, int error);
void events_finished(struct bot *bot);
/* Writes what has been gathered. */
void events_flush(struct worker *worker);
/* The error because of which nothing is written any more, as nobody reads or the disk is full; 0: there was none. Any thread. */
int events_broken(void);

#endif
