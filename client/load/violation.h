/* What a server did that it must not do to what it was given: counted, and the first ones told with their evidence. */
#ifndef LOAD_VIOLATION_H
#define LOAD_VIOLATION_H

#include <stdbool.h>
#include <stdint.h>

enum violation {
    VIOLATION_LOSS,   /* a record that did not come */
    VIOLATION_DOUBLE, /* one that came twice */
    VIOLATION_ORDER,  /* one that came after later ones */
    VIOLATION_OTHER,  /* one that nobody else got, or that is nothing like a record */
    VIOLATION_FILE,   /* what was shown is not in the chat's file */
    VIOLATIONS
};
extern const char *const violation_names[VIOLATIONS];

enum { VIOLATIONS_TOLD = 10, VIOLATION_TEXT = 512 };

/* Counts it; the first ones are printed on standard error. Any thread. */
void violation_found(enum violation kind, const char *format, ...) __attribute__((format(printf, 2, 3)));
uint64_t violation_count(enum violation kind);
uint64_t violation_sum(void);
/* The sentence about the first one; empty when there was none. */
const char *violation_first(void);
/* A protocol error, likewise: the first one is printed. */
void violation_of_protocol(const char *format, ...) __attribute__((format(printf, 1, 2)));
const char *violation_first_of_protocol(void);

/* The first bytes of what a server sent, with what can't be printed escaped. */
enum { SHOWN_BYTES = 256 };
const char *shown(char to[SHOWN_BYTES], const void *bytes, uint64_t n);

#endif
