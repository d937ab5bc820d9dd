/* What the floors have in common: connections, and the answers of a visit. */
#ifndef BENCH_FLOOR_INTERNAL_H
#define BENCH_FLOOR_INTERNAL_H

#include <stddef.h>
#include <stdint.h>

#include "common/span.h"

/* In the child: says why, and ends it. */
_Noreturn void floor_give_up(const char *why);
void *floor_take(size_t n, size_t size);

/* Makes it a listener that does not wait, and whose connections send at once. */
void floor_prepare(int listener);
/* Lets the next one in; -1 when nobody waits. */
int floor_accept(int listener);
/* Sends all; a socket that is full is waited for, as nothing else is known here. */
void floor_send_all(int fd, const char *bytes, size_t n);

struct request {
    int32_t kind;
    struct span text;
};
/* The request that begins here; how many bytes it has, 0 when it is not whole. */
size_t floor_request(const char *bytes, size_t n, struct request *request);

/* What a visitor is answered; a list is this one, but whoever creates a chat is shown that. How many bytes it has. */
enum { FLOOR_ANSWER_MOST = 256 };
size_t floor_answer(char to[FLOOR_ANSWER_MOST], const struct request *request, struct span list);

#endif
