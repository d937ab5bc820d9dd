/* When the load generator's threads stop waiting, and what they say of what has not come. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "client/load/bot.h"
#include "client/load/modes.h"
#include "client/load/violation.h"

static struct tally tally;
static struct load load;
static struct worker worker;
static struct bot bot;
static _Atomic uint64_t ends;

/* A thread with one bot, in its room, that has said two messages and seen one of them. */
static int owed_an_echo(void **state)
{
    static struct load_config config = {.verify = true, .closed = true};
    static struct ledger room = {.name = "room", .name_bytes = 4};
    config.profile = &profile_rooms;
    load = (struct load){.news = -1, .ends = &ends};
    worker = (struct worker){.load = &load, .config = &config, .profile = &profile_rooms, .bots = &bot, .n = 1};
    bot = (struct bot){.worker = &worker, .fd = -1, .place = BOT_CHAT, .chat = &room, .said = 2, .seen = 1};
    worker.now = 1000 * SECOND;
    worker.tallies = worker.tally = &tally;
    assert_true(tally_open(&tally));
    modes_enter(&worker, MODE_SETTLE);
    (void)state;
    return 0;
}

static int put_away(void **state)
{
    tally_close(&tally);
    (void)state;
    return 0;
}

/* So much later; something came a while before. */
static void look_after(int64_t passed, int64_t silence)
{
    worker.now = worker.mode_since + passed;
    worker.progress = worker.now - silence;
    worker.checked = worker.now - 100 * MILLISECOND;
    modes_check(&worker);
}

static uint64_t count_unanswered(void)
{
    return tally_error(&tally, ERROR_UNANSWERED);
}

static void somebody_slow_is_waited_for(void **state)
{
    look_after(9 * SECOND, 9 * SECOND);
    look_after(100 * SECOND, 9 * SECOND);
    assert_false(worker_has_finished(&worker, worker.seen));
    assert_int_equal(count_unanswered(), 0);
    bot.seen = 2;
    look_after(101 * SECOND, 0);
    assert_true(worker_has_finished(&worker, worker.seen));
    assert_false(atomic_load(&worker.gave_up));
    (void)state;
}

/* It is still answering: what has not come so far is not lost. */
static void what_is_only_late_is_not_lost(void **state)
{
    uint64_t before = violation_sum();
    look_after(121 * SECOND, SECOND);
    assert_true(worker_has_finished(&worker, worker.seen) && atomic_load(&worker.gave_up));
    assert_int_equal(count_unanswered(), 1);
    assert_int_equal(violation_sum(), before);
    (void)state;
}

static void what_nobody_sends_any_more_is_lost(void **state)
{
    uint64_t before = violation_count(VIOLATION_LOSS);
    look_after(11 * SECOND, 11 * SECOND);
    assert_true(worker_has_finished(&worker, worker.seen) && atomic_load(&worker.gave_up));
    assert_int_equal(count_unanswered(), 1);
    assert_int_equal(violation_count(VIOLATION_LOSS), before + 1);
    (void)state;
}

/* It was stopped, or the machine was: what came meanwhile is there to be read. */
static void who_stood_still_has_not_waited(void **state)
{
    look_after(SECOND, 0);
    worker.now += 60 * SECOND;
    modes_check(&worker);
    assert_false(worker_has_finished(&worker, worker.seen));
    assert_true(worker.progress == worker.now);
    (void)state;
}

/* A server that was full when the last visitor came is there; one that does not answer may not be. */
static void visitors_before_a_full_house_are_not_missing(void **state)
{
    static const struct {
        enum error lost_by;
        bool visits;
        unsigned missing;
    } ways[] = {{ERROR_FULL, true, 0}, {ERROR_CONNECT, true, 1}, {ERROR_FULL, false, 1}, {ERROR_RESET, false, 1}};
    for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
        worker.profile = ways[i].visits ? &profile_churn : &profile_rooms;
        worker.target = worker.started = 1;
        bot.place = BOT_AWAY;
        bot.waits = true;
        bot.lost_by = ways[i].lost_by;
        atomic_store(&worker.finished, 0);
        modes_enter(&worker, MODE_SETTLE);
        look_after(MILLISECOND, 0);
        assert_true(worker_has_finished(&worker, worker.seen));
        assert_int_equal(atomic_load(&worker.missing), ways[i].missing);
    }
    (void)state;
}

/* After a silence records and goodbyes are waited for, but not as long; whether a goodbye comes is a matter of its own. */
static void not_as_long_again(void **state)
{
    for (int i = 0; i < 4; i++) {
        bool given_up = i % 2, drains = i < 2;
        atomic_store(&worker.gave_up, given_up);
        atomic_store(&worker.finished, 0);
        atomic_store(&ends, 5);
        bot.place = drains ? BOT_CHAT : BOT_QUITTING;
        modes_enter(&worker, drains ? MODE_DRAIN : MODE_QUIT);
        assert_true(atomic_load(&worker.gave_up) == (drains && given_up));
        look_after(2 * SECOND, 2 * SECOND);
        assert_false(worker_has_finished(&worker, worker.seen));
        look_after(9 * SECOND, 9 * SECOND);
        assert_true(worker_has_finished(&worker, worker.seen) == given_up);
        look_after(11 * SECOND, 11 * SECOND);
        assert_true(worker_has_finished(&worker, worker.seen) && atomic_load(&worker.gave_up));
        assert_int_equal(bot.place, drains ? BOT_CHAT : BOT_AWAY);
    }
    (void)state;
}

/* One that was due and could not begin before time was over. */
static void visits_that_are_owed_are_waited_for(void **state)
{
    static struct load_config config = {.profile = &profile_churn};
    struct bot *senders[] = {&bot};
    load.n_senders = worker.n_senders = 1;
    worker.senders = senders;
    worker.config = &config;
    worker.profile = &profile_churn;
    worker.turn = 1;
    bot.place = BOT_AWAY;
    bot.sends = true;
    look_after(SECOND, 0);
    assert_false(worker_has_finished(&worker, worker.seen));
    bot.next = 1;
    look_after(2 * SECOND, 0);
    assert_true(worker_has_finished(&worker, worker.seen));
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(somebody_slow_is_waited_for, owed_an_echo, put_away),
        cmocka_unit_test_setup_teardown(what_is_only_late_is_not_lost, owed_an_echo, put_away),
        cmocka_unit_test_setup_teardown(what_nobody_sends_any_more_is_lost, owed_an_echo, put_away),
        cmocka_unit_test_setup_teardown(who_stood_still_has_not_waited, owed_an_echo, put_away),
        cmocka_unit_test_setup_teardown(visitors_before_a_full_house_are_not_missing, owed_an_echo, put_away),
        cmocka_unit_test_setup_teardown(not_as_long_again, owed_an_echo, put_away),
        cmocka_unit_test_setup_teardown(visits_that_are_owed_are_waited_for, owed_an_echo, put_away),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
