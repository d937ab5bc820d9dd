/* What a run is to be judged by: every form of a threshold, every wrong one, and the border itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/load/threshold.h"
#include "common/clock.h"

static struct threshold parsed(const char *text)
{
    struct threshold threshold;
    const char *wrong = threshold_parse(text, &threshold);
    if (wrong)
        fail_msg("%s: %s", text, wrong);
    assert_string_equal(threshold.text, text);
    return threshold;
}

static void assert_close(double a, double b)
{
    assert_true(a - b < 1e-9 && b - a < 1e-9);
}

static void every_kind_of_time(void **state)
{
    static const struct {
        const char *end;
        enum threshold_of of;
        double quantile, value;
    } ends[] = {
        {"p50<20ms", OF_QUANTILE, 0.5, 20000}, {"p99.9<1.5s", OF_QUANTILE, 0.999, 1500000},
        {"p0>1us", OF_QUANTILE, 0, 1},         {"p100<=7us", OF_QUANTILE, 1, 7},
        {"max<0.5ms", OF_MAX, 0, 500},         {"mean>=2s", OF_MEAN, 0, 2000000},
        {"rate>100000", OF_RATE, 0, 100000},   {"count<1", OF_COUNT, 0, 1},
        {"rate>=0.5", OF_RATE, 0, 0.5},
    };
    for (int kind = 0; kind < KINDS; kind++)
        for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
            char text[64];
            snprintf(text, sizeof text, "%s_%s", kind_names[kind], ends[i].end);
            struct threshold threshold = parsed(text);
            assert_int_equal(threshold.which, kind);
            assert_int_equal(threshold.of, ends[i].of);
            assert_close(threshold.value, ends[i].value);
            if (threshold.of == OF_QUANTILE)
                assert_close(threshold.quantile, ends[i].quantile);
            assert_int_equal(threshold.below, strchr(text, '<') != NULL);
            assert_int_equal(threshold.equal_is_fine, strchr(text, '=') != NULL);
        }
    (void)state;
}

static void every_kind_of_error(void **state)
{
    struct threshold threshold = parsed("errors<=0");
    assert_int_equal(threshold.of, OF_ERRORS);
    for (int i = 0; i < ERRORS; i++) {
        char text[64];
        snprintf(text, sizeof text, "errors_%s<%d", error_names[i], i);
        threshold = parsed(text);
        assert_int_equal(threshold.of, OF_ERROR);
        assert_int_equal(threshold.which, i);
        assert_close(threshold.value, i);
    }
    (void)state;
}

static void malformed(void **state)
{
    static const char *const wrong[] = {
        "",
        "<",
        "<5",
        "deliver_p99",
        "deliver_p99<",
        "deliver_p99<ms",
        "deliver_p99<20",
        "deliver_p99<20m",
        "deliver_p99<20 ms",
        "deliver_p99< 20ms",
        "deliver_p99 <20ms",
        "deliver_p99<20msx",
        "deliver_p99<20MS",
        "deliver_p99<-20ms",
        "deliver_p99<+20ms",
        "deliver_p99<1e3ms",
        "deliver_p99<0x10ms",
        "deliver_p99<infms",
        "deliver_p99<nan",
        "deliver_p99<1.2.3ms",
        "deliver_p99<.ms",
        "deliver_p99==20ms",
        "deliver_p99=20ms",
        "deliver_p99<<20ms",
        "deliver_p99<>20ms",
        "deliver_p99=<20ms",
        "deliver_p99<==20ms",
        "deliver_p<20ms",
        "deliver_p-1<20ms",
        "deliver_p101<20ms",
        "deliver_p100.1<20ms",
        "deliver_p9e1<20ms",
        "deliver_p0x5<20ms",
        "deliver_pnan<20ms",
        "deliver_p99%<20ms",
        "deliver_p9.9.9<20ms",
        "deliver_q99<20ms",
        "deliver<20ms",
        "deliver_<20ms",
        "_p99<20ms",
        "p99<20ms",
        "delivery_p99<20ms",
        "DELIVER_p99<20ms",
        "deliver_rate>5ms",
        "deliver_rate>5s",
        "deliver_count<x",
        "deliver_min<5ms",
        "errors<0ms",
        "errors_<0",
        "errors_nothing<0",
        "errors_p99<5",
        "error<0",
        "deliver_raw<5ms",
        "this_is_the_name_of_a_metric_that_is_longer_than_any_that_there_is_p99<5ms",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct threshold threshold;
        const char *why = threshold_parse(wrong[i], &threshold);
        if (!why)
            fail_msg("'%s' is taken", wrong[i]);
        assert_true(why && !strchr(why, '\n'));
    }
    (void)state;
}

static void the_border(void **state)
{
    static const struct {
        const char *text;
        bool below, at, above;
    } rows[] = {
        {"deliver_count<5", true, false, false},
        {"deliver_count<=5", true, true, false},
        {"deliver_count>5", false, false, true},
        {"deliver_count>=5", false, true, true},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct threshold threshold = parsed(rows[i].text);
        assert_int_equal(threshold_holds(&threshold, 4.999), rows[i].below);
        assert_int_equal(threshold_holds(&threshold, 5), rows[i].at);
        assert_int_equal(threshold_holds(&threshold, 5.001), rows[i].above);
    }
    (void)state;
}

static double measured(const char *text, const struct tally *tally, double seconds)
{
    struct threshold threshold = parsed(text);
    double rates[KINDS];
    for (enum kind kind = 0; kind < KINDS; kind++)
        rates[kind] = tally_rate(tally, kind, seconds);
    return threshold_measure(&threshold, tally, rates);
}

static void what_is_measured(void **state)
{
    struct tally tally;
    assert_true(tally_open(&tally));
    for (int i = 1; i <= 1000; i++)
        hist_add(&tally.times[KIND_DELIVER], i);
    counter_add(&tally.came[KIND_DELIVER], 1000);
    counter_add(&tally.errors[ERROR_FULL], 3);
    counter_add(&tally.errors[ERROR_PROTOCOL], 4);
    assert_close(measured("deliver_p50<1s", &tally, 2), 500);
    assert_close(measured("deliver_p99.9<1s", &tally, 2), 999);
    assert_close(measured("deliver_p100<1s", &tally, 2), 1000);
    assert_close(measured("deliver_max<1s", &tally, 2), 1000);
    assert_close(measured("deliver_mean<1s", &tally, 2), 500.5);
    assert_close(measured("deliver_rate>1", &tally, 2), 500);
    assert_close(measured("deliver_rate>1", &tally, 0), 0);
    assert_close(measured("deliver_count>1", &tally, 2), 1000);
    assert_true(isnan(measured("send_p99<1s", &tally, 2)));
    assert_false(threshold_holds(&(struct threshold){.below = true, .value = 1}, NAN));
    assert_false(threshold_holds(&(struct threshold){.below = true, .equal_is_fine = true, .value = 1}, NAN));
    assert_true(isnan(measured("send_mean<1s", &tally, 2)));
    assert_close(measured("send_count<1", &tally, 2), 0);
    assert_close(measured("errors<1", &tally, 2), 7);
    assert_close(measured("errors_full<1", &tally, 2), 3);
    assert_close(measured("errors_closed<1", &tally, 2), 0);
    tally_close(&tally);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_kind_of_time), cmocka_unit_test(every_kind_of_error), cmocka_unit_test(malformed),
        cmocka_unit_test(the_border),         cmocka_unit_test(what_is_measured),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
