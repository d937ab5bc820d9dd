/* Clients of the binary protocol for tests: what they say, and what they must hear. */
#ifndef UNIT_PERSONS_H
#define UNIT_PERSONS_H

#include <stdbool.h>
#include <stdint.h>

#include "common/buf.h"
#include "common/span.h"

struct session;

/* A client: its end of the connection, and what it has heard. */
struct person {
    int fd;                  /* -1 once it is closed */
    struct session *session; /* NULL once the server has let go of it */
    struct buf heard;        /* all of it */
    uint32_t at;             /* of these: looked at */
    bool ended;              /* the server has closed its side */
};

/* Appends a request's frame, for a script that is said in one piece: each send costs the socket more than its bytes. */
void script_add(struct buf *script, int32_t request, struct span text);
/* Says it, and it is empty again. */
void person_say_script(struct person *person, struct buf *script);
void person_say_bytes(struct person *person, const void *bytes, size_t n);
void person_say_span(struct person *person, int32_t request, struct span text);
void person_say(struct person *person, int32_t request, const char *text);
/* Reads what is there, at most n bytes. */
void person_hear_some(struct person *person, size_t n);
void person_hear(struct person *person);
/* Whatever was heard is looked at. */
void person_skip(struct person *person);
/* The client closes its end. */
void person_close(struct person *person);

struct answer {
    int32_t request, response;
    struct span text;
};

/* The next whole frame that was heard; false when there is none. */
bool person_next(struct person *person, struct answer *answer);
/* Chats begin as records do; so many bytes of "author TAB stamp NL" precede a text. */
size_t record_head(const char *author);

/* The next frame must be this one. */
#define assert_hears(person, request, response, text) \
    person_expects(person, request, response, span_of(text), __FILE__, __LINE__)
/* The next frame must be a record (or a private one, by `request`) of this author with this text. */
#define assert_hears_record(person, request, author, text) \
    person_expects_record(person, request, author, span_of(text), __FILE__, __LINE__)
/* Nothing was heard that has not been looked at. */
#define assert_quiet(person) person_expects_nothing(person, __FILE__, __LINE__)

void person_expects(struct person *person, int32_t request, int32_t response, struct span text, const char *file,
                    int line);
void person_expects_record(struct person *person, int32_t request, const char *author, struct span text,
                           const char *file, int line);
void person_expects_nothing(struct person *person, const char *file, int line);

#endif
