/* The hall that all tests of a program share: opened before each and closed after it. */
#ifndef UNIT_HALL_H
#define UNIT_HALL_H

#include "tests/unit/desks.h"

enum { NARROW = 4608 /* a send buffer that is always full */ };

extern struct hall hall;

int hall_setup(void **state);
int hall_teardown(void **state);
#define HALL_TEST(test) cmocka_unit_test_setup_teardown(test, hall_setup, hall_teardown)

/* Somebody says many bytes in a few records, more than a narrow socket takes at once. */
void write_much(struct person *writer, int records);
/* What a reader hears of that. */
void assert_much(struct person *reader, const char *writer, int records);

#endif
