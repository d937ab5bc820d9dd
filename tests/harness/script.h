/* Scripts: a list of requests, sent in several ways, and the transcript of what came back. */
#ifndef HARNESS_SCRIPT_H
#define HARNESS_SCRIPT_H

#include "tests/harness/client.h"

/* As a number of answers: all up to that of a wrong request. */
#define UNTIL_WRONG UINT32_MAX

/* A request and how many frames are read behind it in lock-step. */
struct step {
    int32_t request;
    const char *text;
    unsigned answers;
};

enum way { LOCK_STEP, ONE_WRITE, BYTE_BY_BYTE, IN_PIECES, HALF_CLOSED, WAYS };
extern const char *const way_names[WAYS];

/* Sends the script in one of the ways and gives the transcript up to the end of the input: a line a frame, no stamps.
 * IN_PIECES: of odd sizes. HALF_CLOSED: in one write, with the end of the input right behind it. */
struct bytes script_run(struct client *client, const struct step *steps, size_t n, enum way way);
/* The frames that come until the answer to a wrong request, as a transcript. */
struct bytes script_read(struct client *client);
/* A chat's file with its stamps blanked. */
struct bytes script_file(const char *path);
/* Fails, showing the first line that differs. */
void script_compare(const struct bytes *expected, const struct bytes *got, const char *who, const char *where);

#ifndef HARNESS
#define script_run(...) (HERE, (script_run)(__VA_ARGS__))
#define script_read(...) (HERE, (script_read)(__VA_ARGS__))
#define script_compare(...) (HERE, (script_compare)(__VA_ARGS__))
#endif

#endif
