/* The checker of delivery: what readers received against what the chat's file holds; and the checker of logs. */
#ifndef HARNESS_CHECKER_H
#define HARNESS_CHECKER_H

#include "tests/harness/trial.h"

/* A text and its length, without an end. */
struct piece {
    const char *at;
    size_t n;
};

/* A chat's file, split at its CRs. */
struct chat_file {
    struct bytes bytes;
    struct piece *records;
    size_t *offsets; /* where each record begins */
    size_t count;
};

/* What one reader received during one visit, in order. */
struct stream {
    struct bytes bytes;
    size_t *ends;
    size_t count, room;
};

enum { ANYWHERE = -1 };

/* Reads it; every record must be whole and parse as author TAB stamp NL text. */
struct chat_file chat_file_read(const char *path);
/* The same for a file that a dying process left: a torn end is left out. */
struct chat_file chat_file_read_torn(const char *path);

void stream_add(struct stream *stream, const char *record, size_t n);
/* Bytes of the file that a reader knows by now: each record and its CR. */
size_t stream_length(const struct stream *stream);

/* Fails unless the stream is a contiguous piece of the file, in order, each record once, from byte `from` on
 * (or ANYWHERE), and all of it is in the file. Gives the number of the record that would come next. */
size_t check_piece(const struct chat_file *file, const struct stream *stream, long from, const char *reader);
/* Each of the author's texts must be in the file, "AUTHOR-0 ...", "AUTHOR-1 ...", up to `count` once, in order. */
void check_author(const struct chat_file *file, const char *author, unsigned count);
/* The author's texts in the file must be those "AUTHOR-NUMBER ..." whose numbers are marked with an 's', each once, in order.
 * How many they are. */
unsigned check_author_said(const struct chat_file *file, const char *author, const char *marks, unsigned n);
/* The author's texts in the file, which must be "AUTHOR-0 ..." up to some number, each once, in order. */
unsigned count_author(const struct chat_file *file, const char *author);

/* Every line of a log must be one well-made record, the last one "Server stopped". */
void check_log(const char *path);

#ifndef HARNESS
#define chat_file_read(...) (HERE, (chat_file_read)(__VA_ARGS__))
#define chat_file_read_torn(...) (HERE, (chat_file_read_torn)(__VA_ARGS__))
#define check_piece(...) (HERE, (check_piece)(__VA_ARGS__))
#define check_author(...) (HERE, (check_author)(__VA_ARGS__))
#define count_author(...) (HERE, (count_author)(__VA_ARGS__))
#endif

#endif
