/* When the load generator does what, and what it counts: the schedule, the agenda, the tally. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "client/load/agenda.h"
#include "client/load/random.h"
#include "client/load/schedule.h"
#include "client/load/tally.h"
#include "common/clock.h"

#define BEGIN (1000 * SECOND)

/* ---- The schedule ---- */

static void messages_at_even_distances(void **state)
{
    struct schedule schedule;
    schedule_make(&schedule, &(struct load_phase){SECOND, 1000, true}, 1, BEGIN, true);
    for (uint64_t i = 0; i < 1000; i++)
        assert_true(schedule_due(&schedule, i) == BEGIN + (int64_t)i * MILLISECOND);
    assert_true(schedule_due(&schedule, 1000) == NEVER);
    assert_true(schedule_due(&schedule, UINT64_MAX) == NEVER);
    (void)state;
}

/* Whatever a phase's rate, a message is due within it, and none before the one before it. */
static void messages_over_phases(void **state)
{
    static const struct load_phase phases[] = {
        {2 * SECOND, 100, false}, {SECOND / 2, 3, true},   {SECOND, 0, true},
        {MILLISECOND, 1, true},   {SECOND, 9999999, true}, {SECOND / 3, 7.5, true},
    };
    static const uint64_t messages[] = {200, 2, 0, 0, 9999999, 2};
    enum { PHASES = sizeof phases / sizeof *phases };
    struct schedule schedule;
    uint64_t number = 0;
    int64_t begin = BEGIN, before = BEGIN;
    schedule_make(&schedule, phases, PHASES, BEGIN, true);
    for (size_t p = 0; p < PHASES; begin += phases[p++].length)
        for (uint64_t i = 0; i < messages[p]; i++) {
            int64_t due = schedule_due(&schedule, number++);
            assert_true(due >= before && due >= begin && due < begin + phases[p].length);
            assert_true(i > 0 || due == begin);
            before = due;
        }
    assert_true(schedule_due(&schedule, number) == NEVER);
    assert_true(schedule_end(&schedule) == begin);
    (void)state;
}

static void moments_have_slots(void **state)
{
    static const struct load_phase phases[] = {{2 * SECOND, 1, false}, {SECOND, 2, true}, {3 * SECOND, 3, true}};
    static const struct {
        int64_t at;
        int slot;
    } moments[] = {
        {-BEGIN, -1},    {-1, -1},
        {0, 0},          {2 * SECOND - 1, 0},
        {2 * SECOND, 1}, {3 * SECOND - 1, 1},
        {3 * SECOND, 2}, {6 * SECOND - 1, 2},
        {6 * SECOND, 3}, {60 * SECOND, 3},
    };
    struct schedule schedule;
    schedule_make(&schedule, phases, 3, BEGIN, true);
    for (size_t i = 0; i < sizeof moments / sizeof *moments; i++)
        assert_int_equal(schedule_slot(&schedule, BEGIN + moments[i].at), moments[i].slot);
    assert_true(schedule_end(&schedule) == BEGIN + 6 * SECOND);
    (void)state;
}

/* All that is due by then, and nothing else: who has sent it owes nothing. */
static void a_cut_leaves_what_is_due(void **state)
{
    static const double rates[] = {1, 3, 999, 3000, 70000, 300000, 700000, 4999999, 9999999};
    uint64_t stream = 11;
    for (size_t r = 0; r < sizeof rates / sizeof *rates; r++)
        for (int i = 0; i < 2000; i++) {
            struct schedule whole, cut;
            int64_t at = BEGIN + (int64_t)random_below(&stream, 3 * SECOND);
            const struct load_phase phases[] = {{SECOND, rates[r], true}, {SECOND, rates[r] / 3, true}};
            schedule_make(&whole, phases, 2, BEGIN, true);
            cut = whole;
            schedule_cut(&cut, at);
            uint64_t n = cut.slots[1].first + cut.slots[1].n;
            assert_true(n == 0 || schedule_due(&whole, n - 1) <= at);
            assert_true(schedule_due(&whole, n) > at);
            assert_true(n == 0 || schedule_due(&cut, n - 1) == schedule_due(&whole, n - 1));
            assert_true(schedule_due(&cut, n) == NEVER);
        }
    (void)state;
}

/* Behind a cut there is no slot, however long the others were to last. */
static void a_cut_ends_all_slots(void **state)
{
    static const int64_t cuts[] = {-5, 0, 1, SECOND - 1, SECOND, SECOND + 1, 2 * SECOND, 9 * SECOND};
    static const struct load_phase phases[] = {{SECOND, 10, false}, {SECOND, 20, true}, {SECOND, 0, true}};
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++)
        for (int paced = 0; paced < 2; paced++) {
            struct schedule schedule;
            int64_t at = BEGIN + cuts[i], end = cuts[i] < 3 * SECOND ? at : BEGIN + 3 * SECOND;
            schedule_make(&schedule, phases, 3, BEGIN, paced);
            schedule_cut(&schedule, at);
            assert_true(schedule_end(&schedule) == end);
            assert_int_equal(schedule_slot(&schedule, end), 3);
            assert_int_equal(schedule_slot(&schedule, end + 1), 3);
            assert_int_equal(schedule_slot(&schedule, BEGIN + 100 * SECOND), 3);
            if (cuts[i] > 0)
                assert_int_equal(schedule_slot(&schedule, BEGIN), 0);
        }
    (void)state;
}

static void schedules_without_messages(void **state)
{
    struct schedule schedule = {0};
    assert_true(schedule_due(&schedule, 0) == NEVER);
    assert_int_equal(schedule_slot(&schedule, BEGIN), -1);
    assert_true(schedule_end(&schedule) == 0);
    schedule_make(&schedule, &(struct load_phase){SECOND, 1000, true}, 1, BEGIN, false);
    assert_true(schedule_due(&schedule, 0) == NEVER);
    assert_int_equal(schedule_slot(&schedule, BEGIN), 0);
    assert_true(schedule_end(&schedule) == BEGIN + SECOND);
    (void)state;
}

static void as_many_phases_as_there_can_be(void **state)
{
    struct load_phase phases[LOAD_PHASES];
    struct schedule schedule;
    for (int i = 0; i < LOAD_PHASES; i++)
        phases[i] = (struct load_phase){SECOND, 10, true};
    schedule_make(&schedule, phases, LOAD_PHASES, BEGIN, true);
    for (uint64_t i = 0; i < 10 * LOAD_PHASES; i++)
        assert_true(schedule_due(&schedule, i) == BEGIN + (int64_t)i * SECOND / 10);
    assert_true(schedule_due(&schedule, 10L * LOAD_PHASES) == NEVER);
    assert_int_equal(schedule_slot(&schedule, BEGIN + LOAD_PHASES * SECOND - 1), LOAD_PHASES - 1);
    assert_int_equal(schedule_slot(&schedule, BEGIN + LOAD_PHASES * SECOND), LOAD_PHASES);
    (void)state;
}

/* ---- The agenda ---- */

/* Bots that nobody looks into: their addresses are all there is to them. */
static struct bot *nobody(uint64_t number)
{
    static char places[4096];
    return (struct bot *)(void *)&places[number];
}

static void appointments_come_in_order(void **state)
{
    enum { APPOINTMENTS = 2000 };
    struct agenda agenda = {0};
    uint64_t stream = 5;
    int64_t times[APPOINTMENTS];
    assert_true(agenda_next(&agenda) == NEVER);
    assert_null(agenda_take(&agenda, INT64_MAX));
    for (uint64_t i = 0; i < APPOINTMENTS; i++) {
        times[i] = (int64_t)random_below(&stream, APPOINTMENTS / 2);
        assert_true(agenda_add(&agenda, times[i], nobody(i)));
    }
    int64_t before = -1;
    for (uint64_t i = 0; i < APPOINTMENTS; i++) {
        int64_t next = agenda_next(&agenda);
        assert_true(next >= before);
        assert_null(agenda_take(&agenda, next - 1));
        struct bot *bot = agenda_take(&agenda, next);
        assert_non_null(bot);
        int64_t *time = &times[(char *)bot - (char *)nobody(0)];
        assert_true(*time == next);
        *time = -1; /* nobody comes twice */
        before = next;
    }
    assert_true(agenda_next(&agenda) == NEVER);
    agenda_free(&agenda);
    agenda_free(&agenda);
    (void)state;
}

static void appointments_come_and_go(void **state)
{
    struct agenda agenda = {0};
    uint64_t stream = 6;
    int64_t now = 0;
    for (uint64_t i = 0; i < 4096; i++) {
        assert_true(agenda_add(&agenda, now + (int64_t)random_below(&stream, 100), nobody(i)));
        if (i % 3 == 0)
            continue;
        int64_t next = agenda_next(&agenda);
        assert_true(next >= now);
        now = next;
        assert_non_null(agenda_take(&agenda, now));
    }
    agenda_free(&agenda);
    (void)state;
}

/* ---- The tally ---- */

static void fill(struct tally *tally, uint64_t by)
{
    for (int kind = 0; kind < KINDS; kind++)
        hist_add(&tally->times[kind], (int64_t)(by + (uint64_t)kind));
    for (uint64_t i = 0; i < COUNTS; i++)
        counter_add(&tally->counts[i], by + i);
    for (uint64_t i = 0; i < ERRORS; i++)
        counter_add(&tally->errors[i], by * i);
}

static void tallies_add_up(void **state)
{
    struct tally sum, one;
    assert_true(tally_open(&sum));
    assert_true(tally_open(&one));
    fill(&sum, 10);
    fill(&one, 1000);
    tally_add(&sum, &one);
    for (int kind = 0; kind < KINDS; kind++) {
        assert_int_equal(hist_count(&sum.times[kind]), 2);
        assert_int_equal(hist_min(&sum.times[kind]), 10 + kind);
        assert_int_equal(hist_max(&sum.times[kind]), 1000 + kind);
    }
    uint64_t errors = 0;
    for (int i = 0; i < COUNTS; i++)
        assert_int_equal(tally_count(&sum, (enum count)i), 1010 + 2 * i);
    for (int i = 0; i < ERRORS; i++) {
        assert_int_equal(tally_error(&sum, (enum error)i), 1010 * i);
        errors += tally_error(&sum, (enum error)i);
    }
    assert_int_equal(tally_errors(&sum), errors);
    tally_close(&sum);
    tally_close(&one);
    (void)state;
}

static void tallies_are_copied_and_cleared(void **state)
{
    struct tally one, copy;
    assert_true(tally_open(&one));
    assert_true(tally_open(&copy));
    fill(&copy, 77);
    fill(&one, 5);
    tally_copy(&copy, &one);
    assert_int_equal(hist_max(&copy.times[KIND_LAG]), 5 + KIND_LAG);
    assert_int_equal(hist_count(&copy.times[KIND_CONNECT]), 1);
    assert_int_equal(tally_count(&copy, COUNT_BYTES_OUT), 5 + COUNT_BYTES_OUT);
    assert_int_equal(tally_errors(&copy), tally_errors(&one));
    tally_clear(&one);
    assert_int_equal(tally_errors(&one), 0);
    assert_int_equal(tally_count(&one, COUNT_SENT), 0);
    assert_int_equal(hist_count(&one.times[KIND_SEND]), 0);
    tally_close(&one);
    tally_close(&copy);
    (void)state;
}

/* Thresholds, JSON and text name them. */
static void everything_has_a_name(void **state)
{
    for (int i = 0; i < KINDS; i++)
        assert_non_null(kind_names[i]);
    for (int i = 0; i < ERRORS; i++)
        assert_non_null(error_names[i]);
    for (int i = 0; i < COUNTS; i++)
        assert_non_null(count_names[i]);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_at_even_distances),
        cmocka_unit_test(messages_over_phases),
        cmocka_unit_test(moments_have_slots),
        cmocka_unit_test(a_cut_leaves_what_is_due),
        cmocka_unit_test(a_cut_ends_all_slots),
        cmocka_unit_test(schedules_without_messages),
        cmocka_unit_test(as_many_phases_as_there_can_be),
        cmocka_unit_test(appointments_come_in_order),
        cmocka_unit_test(appointments_come_and_go),
        cmocka_unit_test(tallies_add_up),
        cmocka_unit_test(tallies_are_copied_and_cleared),
        cmocka_unit_test(everything_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
