/* What a profile is: what bots do wherever they stand, and what a run of it needs to know. */
#ifndef LOAD_PROFILE_H
#define LOAD_PROFILE_H

#include <stdbool.h>

#include "client/load/tally.h"
#include "common/span.h"

struct bot;

struct profile {
    const char *name, *about;
    bool rooms;     /* bots stand in rooms, some of them send; --clients says nothing then */
    bool settles;   /* everybody arrives before time begins */
    bool has_chats; /* chats are made beforehand, by load_chat_name */
    bool replays;   /* and filled with history */
    bool visits;    /* who has said goodbye comes again at once */
    bool endless;   /* without a duration it goes on until it is stopped */
    enum kind main; /* the latency that the profile is about */

    /* All of these are called in the bot's thread. In the lobby, with its list: named, back from a chat, or after a
     * chat was made or could not be made. */
    void (*lobby)(struct bot *bot, struct span list);
    /* Further lists that came while it stood there; NULL: not asked for. */
    void (*list)(struct bot *bot, struct span list);
    /* In the chat that it asked for. */
    void (*chat)(struct bot *bot);
    /* The chat could not be entered. */
    void (*refused)(struct bot *bot);
    /* A message of its own came back, or was refused. NULL: nothing follows from that. */
    void (*echo)(struct bot *bot);
    /* A connection is there, nothing has been said on it. NULL: it says its name. */
    void (*connected)(struct bot *bot);
    /* With a schedule: it could take its turn; and it takes one, which was due then. NULL: the profile has no schedule. */
    bool (*ready)(const struct bot *bot);
    void (*begin)(struct bot *bot, int64_t due);
    /* Nothing more comes of what it has begun. */
    bool (*rests)(const struct bot *bot);
};

extern const struct profile *const profile_table[]; /* ends with NULL */
extern const struct profile profile_thesis, profile_rooms, profile_slow, profile_churn, profile_idle, profile_replay;
/* NULL when there is none of that name. */
const struct profile *profile_find(const char *name);

#endif
