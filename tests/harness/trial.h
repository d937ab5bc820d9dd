/* What every scenario stands on: time limits, a way to fail with a place and a reason, a scratch folder, memory. */
#ifndef HARNESS_TRIAL_H
#define HARNESS_TRIAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* One run of one scenario against one architecture. */
struct trial {
    const char *arch;
};

struct scenario {
    const char *name;
    void (*run)(const struct trial *trial);
};

/* Every architecture a suite runs against; each list ends with NULL. */
extern const char *const trial_archs[];
/* And the baselines: one that does right by those who behave, but is slow, and one that does nothing. */
extern const char *const trial_slow_archs[], *const trial_null_archs[];

/* Around each trial: makes the scratch folder; ends every process and removes everything the trial made. */
void trial_begin(const char *name);
void trial_end(void);
/* Has this called once more at the end of the trial, when the servers have ended and before its files are removed. */
void trial_undo(void (*undo)(void));

/* Where in the scenario we are, for the report of a failure. */
void here_at(const char *file, int line);
#define HERE here_at(__FILE__, __LINE__)

/* Ends the trial: as a failure, with what is known of the servers; as a skip, with its reason. */
void trial_fail(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
void trial_skip(const char *format, ...) __attribute__((format(printf, 1, 2), noreturn));
#define check(condition, ...) (HERE, (condition) ? (void)0 : trial_fail(__VA_ARGS__))

/* Milliseconds of a clock that never goes back. */
int64_t now_ms(void);
/* The moment by which an event must have come: 10 s from now, times TEST_SLOW. */
int64_t time_limit(void);
/* Milliseconds left until then, for poll; 0 when it is over. */
int time_left(int64_t until);
/* So many milliseconds, times TEST_SLOW. */
int64_t stretched(int64_t ms);
/* Between two looks at something that can't be polled; fails when the time is over. */
void look_again(int64_t until, const char *waiting_for);
/* A count of repetitions, scaled by TEST_SCALE percent, but at least `least`. */
unsigned scaled(unsigned n, unsigned least);

/* Memory that lives until the trial ends, or is freed earlier by those who need much; never NULL. */
void *trial_alloc(size_t n);
void *trial_grow(void *old, size_t n);
void trial_free(void *old);
char *trial_text(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A path in the scratch folder. */
char *trial_path(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* Bytes that grow. */
struct bytes {
    char *at;
    size_t n, room;
};
void bytes_add(struct bytes *bytes, const void *more, size_t n);
void bytes_text(struct bytes *bytes, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Whole files; reading one that is missing fails the trial. A NUL stands behind what was read. */
struct bytes file_read(const char *path);
void file_write(const char *path, const void *bytes, size_t n);
bool file_exists(const char *path);

/* The first bytes of a text, with what can't be printed escaped; good for the next few calls. */
const char *shown(const void *bytes, size_t n);

#endif
