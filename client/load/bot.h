/* A bot: one client, its connection, and what is under way on it. It belongs to its worker's thread. */
#ifndef LOAD_BOT_H
#define LOAD_BOT_H

#include "client/load/worker.h"
#include "common/buf.h"
#include "common/protocol.h"

enum { BOT_NAME = 19 /* "Bot" and sixteen digits */ };

enum place {
    BOT_AWAY, /* no connection; the next try is in the agenda, or it has not begun */
    BOT_CONNECTING,
    BOT_NAMING, /* set_name is asked */
    BOT_NAMED,  /* its answer came, the list is due */
    BOT_LOBBY,
    BOT_CREATING,
    BOT_JOINING,
    BOT_CHAT,
    BOT_LEAVING,
    BOT_QUITTING, /* disconnect is asked */
    BOT_PARTING   /* its answer came, the end is due */
};

struct bot {
    struct worker *worker;
    uint32_t id;
    int fd;
    enum place place;
    enum error turned_away; /* what the server said before it closed; ERROR_CLOSED: nothing */
    enum error lost_by;     /* how its last connection was lost */
    bool sends;             /* it is one of the senders, or of those who take turns */
    bool slow;              /* it reads nothing while time runs */
    bool due;               /* it is in the worker's list of those who have something to send */
    bool entering;          /* it is counted among those on their way in */
    bool present;           /* and among those who are there */
    bool waits;             /* it is in the agenda, to try again */
    bool lost;              /* it lost a connection, and has not made another one since */
    bool named_before;      /* its name was its own, and it gave it back */
    bool distrusted;        /* what it was sent makes no sense */
    uint32_t events;        /* that epoll watches for */
    uint32_t tries;         /* connections that failed since it was last in the lobby */
    uint32_t step;          /* the profile's */
    uint32_t unsure;        /* chats that it asked for and saw in a list that may have been on its way before */
    uint64_t random;
    char name[BOT_NAME + 1];
    struct buf in;  /* the beginning of a frame that is not whole */
    struct buf out; /* what is to be sent; the first `gone` bytes of it are */
    uint32_t gone;
    int64_t began;    /* its connection, or when its visit was due */
    int64_t asked_at; /* its last request that has an answer of its own, or when that was due */
    int64_t entered_at;
    int64_t free_since; /* the server takes what it has to say */
    int64_t replay_at;  /* when it asked for a history; 0: it did not */

    struct ledger *chat;       /* where it stands, or is on its way to */
    uint64_t at;               /* the record that comes next */
    uint64_t owed;             /* so many it must have been sent when its leave is answered */
    uint64_t reached;          /* so many of them had come before its last connection was lost */
    uint64_t gap_from, gap_to; /* records that it was not sent, as far as anybody can tell yet */
    uint32_t voice;            /* of this connection; 0: it has said nothing yet */
    uint32_t said, seen;       /* of its own messages on this connection; seen: those answered too */
    uint32_t room, seat;       /* seat: when it is its turn among all senders */
    uint32_t turn;             /* when it is its turn among the senders of its worker */
    uint64_t next;             /* the number of the next message that it will owe to the schedule */
    struct bot *next_due;
    struct buf list; /* the thesis's bots keep the names of the chats */
};

/* ---- The connection ---- */

void bot_connect(struct bot *bot);
/* It may come in: at once, or at its turn when whole visits have turns. */
void bot_come(struct bot *bot);
/* It is in the lobby, or in its chat: others may follow. */
void bot_arrived(struct bot *bot);
/* Something is there to be read, or written, or is over. */
void bot_event(struct bot *bot, uint32_t events);
/* Says what has been put. */
void bot_flush(struct bot *bot);
/* True when nothing waits to be written. */
static inline bool bot_writes(const struct bot *bot)
{
    return bot->out.n == 0;
}
/* Watches the connection or, as a reader that has stopped reading, only its end. */
void bot_watch(struct bot *bot);
/* The connection is over. It is made anew after a while, as long as the worker goes on. */
void bot_lose(struct bot *bot, enum error error);
/* The same without a reason, for good. */
void bot_close(struct bot *bot);

/* ---- What it asks (requests.c) ---- */

/* Puts a request behind what is to be sent. */
void bot_put(struct bot *bot, int32_t request, struct span text);
/* Waits for an answer that was asked for before, with others. */
void bot_await(struct bot *bot, enum place place);
void bot_new_name(struct bot *bot);
void bot_name(struct bot *bot);
void bot_create(struct bot *bot, struct span chat);
/* What its thread knows of this chat. */
struct ledger *bot_ledger(struct bot *bot, struct span chat);
/* The same of the chat that was made beforehand with this number, or this number less as many as there are. */
struct ledger *bot_room(struct bot *bot, uint32_t number);
/* Where it will be when it is in a chat; the same with the request. */
void bot_head_for(struct bot *bot, struct ledger *chat);
void bot_join(struct bot *bot, struct ledger *chat);
void bot_leave(struct bot *bot);
/* The same asked for with others before it, so that something else is waited for. */
void bot_leave_ahead(struct bot *bot);
void bot_quit(struct bot *bot);
/* A message that was due then. */
void bot_say(struct bot *bot, int64_t due);
/* It has something to send when the batch of events is over. */
void bot_make_due(struct bot *bot);

/* ---- What comes (answers.c, records.c) ---- */

/* One frame of the server's. False when no server should send it. */
bool bot_frame(struct bot *bot, int32_t request, int32_t response, struct span text);
void bot_record(struct bot *bot, struct span record);
/* What it said and did not get back, when nothing more can come: a violation. */
void bot_check_echoes(struct bot *bot);
/* The same for records of its chat, of which there are so many. */
void bot_check_records(struct bot *bot, uint64_t end);

#endif
