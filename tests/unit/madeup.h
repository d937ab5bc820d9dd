/* For the tests of the reader of options: a program that does not exist, with a small table. */
#ifndef UNIT_MADEUP_H
#define UNIT_MADEUP_H

#include "common/args.h"
#include "common/clock.h"

enum { ITEMS_MAX = 8, SAID_MAX = 4096 };

struct madeup {
    uint32_t number;
    uint64_t whole;
    int64_t pause, time;
    double share;
    char *text;
    bool terse;
    char items[ITEMS_MAX]; /* the first letter of each */
    size_t n_items;
    int items_source;
};

enum { ITEM = 7 /* the place of the option for items */ };
extern const struct args_row madeup_rows[];
extern struct madeup options;
extern struct args reading;               /* how it went */
extern char out[SAID_MAX], err[SAID_MAX]; /* what the last reading wrote */
extern int operands_most;                 /* 0 before each test */
extern const char *const *file_items;     /* what a file says, a line each; NULL, before each test: no file is read */

/* An empty program before the defaults. */
void madeup_begin(void);
/* Reads the words as a program would. */
enum args_result read_words(char **words);
/* argv, in the block of the caller. */
#define WORDS(...) ((char *[]){(char *)"made-up", __VA_ARGS__, NULL})

void expect_run(char **words);
void expect_complaint(char **words, enum args_result result, const char *complaint);
void expect_wrong(char **words, const char *complaint);
/* Each of these values is refused, in the same words. */
void expect_all_wrong(const char *name, const char *const values[], const char *reason);

int madeup_set_up(void **state);
int madeup_tear_down(void **state);
#define TEST(name) cmocka_unit_test_setup_teardown(name, madeup_set_up, madeup_tear_down)

#endif
