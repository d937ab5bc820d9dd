/* A chat in use: what its thread has, and how records reach its members. */
#ifndef BLOCKING_CHAT_MESSAGE_H
#define BLOCKING_CHAT_MESSAGE_H

#include "common/buf.h"
#include "server/arch/blocking/house.h"
#include "server/chat/history.h"

/* The thread's alone while it runs, but for the last four: those are guarded by house->chats. */
struct room_step {
    struct step step; /* first: routines get a pointer to it; open while `started` */
    struct chat *chat;
    struct history history;
    struct buf record; /* the one at hand */
    char *file;        /* a piece of the chat's file; NULL until it is needed */
    bool said_endless; /* the log knows of a run of the file that has no end */
    struct counters count;
    bool running; /* the thread takes people */
    bool started; /* it is to be joined; the lobby's alone */
    struct list link, over;
};

static inline struct room_step *room_step_of(struct step *step)
{
    return (struct room_step *)(void *)step;
}

/* For step_run: the members of a chat. */
extern const struct step_ops chat_message_ops;

/* Sends the member what is missing of the chat's file, up to its stop. */
void chat_file_feed(struct room_step *room, struct session *session);
/* Opens the file if it is not open. 0 or an errno. */
int chat_file_open(struct room_step *room);
/* Syncs and closes it. */
void chat_file_close(struct room_step *room);
/* Syncs it when that is due. */
void chat_file_tend(struct room_step *room);
/* Stores the record at hand. 0 or an errno. */
int chat_file_append(struct room_step *room);

#endif
