/* The hall that all tests of a program share. */
#include "tests/unit/hall.h"

#include <string.h>

#include "common/protocol.h"

struct hall hall;

int hall_setup(void **state)
{
    (void)state;
    hall_open(&hall);
    return 0;
}

int hall_teardown(void **state)
{
    (void)state;
    hall_close(&hall);
    return 0;
}

void write_much(struct person *writer, int records)
{
    static char text[5001];
    memset(text, 'x', sizeof text - 1);
    for (int i = 0; i < records; i++) {
        person_say(writer, SEND_MESSAGE, text);
        hall_run(&hall);
        person_hear(writer);
    }
}

void assert_much(struct person *reader, const char *writer, int records)
{
    static char text[5001];
    memset(text, 'x', sizeof text - 1);
    for (int i = 0; i < records; i++)
        assert_hears_record(reader, RECEIVE_MESSAGE, writer, text);
}
