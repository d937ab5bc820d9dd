/* The bots: one thread of the load generator in the bench's own process, and what they find out about a server. */
#ifndef BENCH_BOTS_H
#define BENCH_BOTS_H

#include "client/load/load.h"
#include "client/load/profile.h"
#include "common/protocol.h"
#include "tests/bench/process.h"

/* A bot's frame with a text of this length, and the frame of the record that comes of it. */
enum {
    TEXT_BYTES = 64,
    AUTHOR_BYTES = 19,                                /* "Bot" and sixteen digits */
    LEAD_BYTES = AUTHOR_BYTES + 1 + STAMP_LENGTH + 1, /* author TAB stamp NL */
    REQUEST_BYTES = CLIENT_HEADER + TEXT_BYTES,
    RECORD_BYTES = LEAD_BYTES + TEXT_BYTES,
    FRAME_BYTES = SERVER_HEADER + RECORD_BYTES
};

/* A load of this profile, one thread, everything verified; how many rooms, members and so on is for the caller to say. The
 * thesis's bots behave as they do in the program conveyor-load. */
struct load_config bots_config(const struct profile *profile);
/* The name of one of its chats, which begins at the same text in every load of the bench. */
void bots_chat(uint32_t room, char name[64]);
/* So many of them, empty, in a folder that no server has opened yet. */
void bots_make_chats(const char *folder, uint32_t n);

struct bots {
    struct load *load;
    const struct process *process;
};

/* All of these end the bench, with a line that says why, when the server does not do all that it must: when somebody can't
 * enter, an error is counted, delivery is violated, or something due does not come. */
void bots_open(struct bots *bots, struct load_config *config, const struct process *process);
/* Through these phases, until all that was said has been delivered. The watch, which may be NULL, calls bench_check. */
void bots_run(struct bots *bots, const struct load_phase *phases, size_t n, load_watch *watch, void *with);
/* Everybody says goodbye. */
void bots_close(struct bots *bots);

/* How many can there be at most? Raises the limit of open files. */
uint32_t bots_most(void);

#endif
