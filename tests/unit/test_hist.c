/* Tests of the histogram: its quantiles against exact ones, its borders, and that what several of them hold adds up. */
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "common/hist.h"

enum { MANY = 1000000 };

static uint64_t seed;

/* splitmix64. */
static uint64_t draw(void)
{
    uint64_t z = seed += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

/* ---- Made values ---- */

static int64_t uniform(void)
{
    return (int64_t)(draw() % (HIST_MOST + 1));
}

/* Halves with every further 5 ms. */
static int64_t exponential(void)
{
    enum { HALF_LIFE = 5000 };
    return __builtin_ctzll(draw() | UINT64_C(1) << 63) * HALF_LIFE + (int64_t)(draw() % HALF_LIFE);
}

/* As many between 1 and 2 us as between 10 and 20 s. */
static int64_t log_uniform(void)
{
    int64_t power = INT64_C(1) << draw() % 26;
    int64_t value = power + (int64_t)(draw() % (uint64_t)power);
    return value > HIST_MOST ? HIST_MOST : value;
}

static int64_t constant(void)
{
    return 123457;
}

static int64_t two_peaks(void)
{
    uint64_t one = draw();
    return one % 100 < 97 ? 300 + (int64_t)(one >> 32) % 50 : 4000000 + (int64_t)(one >> 32) % 300000;
}

static int ascending(const void *one, const void *other)
{
    int64_t a = *(const int64_t *)one, b = *(const int64_t *)other;
    return (a > b) - (a < b);
}

static void assert_near(int64_t value, int64_t exact)
{
    int64_t off = value > exact ? value - exact : exact - value;
    assert_true(off * 1000 <= exact);
}

static void open_hist(struct hist *hist)
{
    assert_true(hist_open(hist));
}

/* ---- What one holds ---- */

static void assert_quantiles(int64_t (*make)(void))
{
    static const unsigned in_ten_thousand[] = {100, 1000, 5000, 9000, 9900, 9990, 9999};
    static int64_t exact[MANY];
    struct hist hist;
    double sum = 0;
    open_hist(&hist);
    for (size_t i = 0; i < MANY; i++) {
        exact[i] = make();
        sum += (double)exact[i];
        hist_add(&hist, exact[i]);
    }
    qsort(exact, MANY, sizeof *exact, ascending);
    for (size_t i = 0; i < sizeof in_ten_thousand / sizeof *in_ten_thousand; i++) {
        size_t rank = MANY / 10000 * in_ten_thousand[i];
        assert_near(hist_quantile(&hist, in_ten_thousand[i] / 10000.0), exact[rank - 1]);
    }
    assert_int_equal(hist_count(&hist), MANY);
    assert_near(hist_min(&hist), exact[0]);
    assert_near(hist_quantile(&hist, 0), exact[0]);
    assert_int_equal(hist_max(&hist), exact[MANY - 1]);
    assert_int_equal(hist_quantile(&hist, 1), exact[MANY - 1]);
    assert_true(hist_mean(&hist) == sum / MANY);
    hist_close(&hist);
}

static void quantiles_are_right_to_a_thousandth(void **state)
{
    (void)state;
    assert_quantiles(uniform);
    assert_quantiles(exponential);
    assert_quantiles(log_uniform);
    assert_quantiles(constant);
    assert_quantiles(two_peaks);
}

static void a_share_is_not_exceeded(void **state)
{
    (void)state;
    struct hist hist;
    open_hist(&hist);
    for (int64_t us = 1; us <= 300; us++) {
        hist_add(&hist, us);
        for (int64_t part = 1; part <= us; part++) /* a share of 7 in 100 makes a little more than 7 of them */
            assert_int_equal(hist_quantile(&hist, (double)part / (double)us), part);
    }
    assert_int_equal(hist_quantile(&hist, 0.5001), 151);
    assert_int_equal(hist_quantile(&hist, 0.00001), 1);
    assert_int_equal(hist_quantile(&hist, -1), 1);
    assert_int_equal(hist_quantile(&hist, 2), 300);
    hist_close(&hist);
}

static void assert_alone(int64_t us, int64_t told, int64_t max)
{
    struct hist hist;
    struct hist_step step;
    size_t at = 0;
    open_hist(&hist);
    hist_add(&hist, us);
    assert_int_equal(hist_count(&hist), 1);
    assert_int_equal(hist_min(&hist), told);
    assert_int_equal(hist_quantile(&hist, 0.5), told);
    assert_int_equal(hist_max(&hist), max);
    assert_true(hist_mean(&hist) == (double)max);
    assert_true(hist_next(&hist, &at, &step));
    assert_int_equal(step.value, told);
    assert_int_equal(step.count, 1);
    assert_false(hist_next(&hist, &at, &step));
    assert_false(hist_next(&hist, &at, &step));
    hist_close(&hist);
}

static void borders(void **state)
{
    (void)state;
    static const int64_t kept[] = {0, 1, 1023, 1024, 2047, 2048, HIST_MOST - 1, HIST_MOST};
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
        assert_alone(kept[i], kept[i], kept[i]);
    assert_alone(HIST_MOST + 1, HIST_MOST, HIST_MOST + 1);
    assert_alone(INT64_MAX, HIST_MOST, INT64_MAX);
    assert_alone(-1, 0, 0);
    assert_alone(INT64_MIN, 0, 0);
}

/* Every microsecond below 2048 by itself, then two, four, ... together; none is told more than 1/2048 wrong. */
static void buckets_are_narrow_and_in_order(void **state)
{
    (void)state;
    struct hist hist;
    open_hist(&hist);
    hist_add(&hist, HIST_MOST);
    for (int64_t us = 0; us < HIST_MOST; us += us < 5000 ? 1 : us / 5000) {
        size_t at = hist_bucket(us);
        struct hist_step step;
        assert_true(at <= hist_bucket(us + 1));
        assert_true(us >= 2047 || at == (size_t)us);
        hist_add(&hist, us);
        assert_true(hist_next(&hist, &at, &step));
        int64_t off = step.value > us ? step.value - us : us - step.value;
        assert_true(off * 2048 <= us);
        assert_true(us >= 2048 || off == 0);
    }
    hist_close(&hist);
}

static void walking_gives_every_count(void **state)
{
    (void)state;
    struct hist hist;
    struct hist_step step;
    size_t at = 0;
    uint64_t count = 0;
    int64_t last = -1;
    open_hist(&hist);
    for (size_t i = 0; i < MANY; i++)
        hist_add(&hist, log_uniform());
    while (hist_next(&hist, &at, &step)) {
        assert_true(step.value > last);
        assert_true(step.count > 0);
        last = step.value;
        count += step.count;
    }
    assert_int_equal(count, MANY);
    hist_close(&hist);
}

static void assert_empty(const struct hist *hist)
{
    struct hist_step step;
    size_t at = 0;
    assert_int_equal(hist_count(hist), 0);
    assert_int_equal(hist_min(hist), 0);
    assert_int_equal(hist_max(hist), 0);
    assert_true(hist_mean(hist) == 0);
    assert_int_equal(hist_quantile(hist, 0), 0);
    assert_int_equal(hist_quantile(hist, 0.5), 0);
    assert_int_equal(hist_quantile(hist, 1), 0);
    assert_false(hist_next(hist, &at, &step));
}

static void nothing_is_empty(void **state)
{
    (void)state;
    struct hist none = {0}, hist;
    hist_clear(&none);
    hist_copy(&none, &none);
    hist_subtract(&none, &none);
    assert_empty(&none);
    open_hist(&hist);
    assert_empty(&hist);
    hist_add(&hist, 5000);
    hist_merge(&hist, &none);
    hist_subtract(&hist, &none);
    assert_int_equal(hist_count(&hist), 1);
    assert_int_equal(hist_max(&hist), 5000);
    hist_clear(&hist);
    assert_empty(&hist);
    hist_add(&hist, 7);
    hist_copy(&hist, &none);
    assert_empty(&hist);
    hist_close(&hist);
    hist_close(&none);
    assert_empty(&hist);
}

/* ---- Several of them ---- */

static void assert_same(const struct hist *one, const struct hist *other)
{
    struct hist_step a, b;
    size_t at = 0, at_other = 0;
    assert_int_equal(hist_count(one), hist_count(other));
    assert_int_equal(hist_max(one), hist_max(other));
    assert_true(hist_mean(one) == hist_mean(other));
    while (hist_next(one, &at, &a)) {
        assert_true(hist_next(other, &at_other, &b));
        assert_int_equal(a.value, b.value);
        assert_int_equal(a.count, b.count);
    }
    assert_false(hist_next(other, &at_other, &b));
}

static void merging_is_adding_both(void **state)
{
    (void)state;
    struct hist one, other, both;
    open_hist(&one);
    open_hist(&other);
    open_hist(&both);
    for (unsigned i = 0; i < 100000; i++) {
        int64_t us = log_uniform();
        hist_add(i % 3 ? &one : &other, us);
        hist_add(&both, us);
    }
    hist_add(&other, 90 * SECOND);
    hist_add(&both, 90 * SECOND);
    hist_merge(&one, &other);
    assert_same(&one, &both);
    hist_copy(&other, &both);
    assert_same(&other, &both);
    hist_close(&one);
    hist_close(&other);
    hist_close(&both);
}

static void subtracting_leaves_what_came_since(void **state)
{
    (void)state;
    struct hist hist, earlier, since;
    open_hist(&hist);
    open_hist(&earlier);
    open_hist(&since);
    for (unsigned i = 0; i < 100000; i++)
        hist_add(&hist, two_peaks());
    hist_copy(&earlier, &hist);
    for (unsigned i = 0; i < 100000; i++) {
        int64_t us = log_uniform();
        hist_add(&hist, us);
        hist_add(&since, us);
    }
    hist_add(&hist, 80 * SECOND);
    hist_add(&since, 80 * SECOND);
    hist_subtract(&hist, &earlier);
    assert_same(&hist, &since);
    hist_subtract(&hist, &since);
    assert_empty(&hist);
    hist_close(&hist);
    hist_close(&earlier);
    hist_close(&since);
}

/* The greatest value of all is not among those that came since; then what is known of the greatest of them is its bucket. */
static void the_greatest_since_is_a_middle(void **state)
{
    (void)state;
    struct hist hist, earlier;
    open_hist(&hist);
    open_hist(&earlier);
    hist_add(&hist, 9 * SECOND);
    hist_copy(&earlier, &hist);
    hist_add(&hist, 2 * SECOND);
    hist_subtract(&hist, &earlier);
    assert_int_equal(hist_count(&hist), 1);
    assert_true(hist_max(&hist) != 2 * SECOND);
    assert_near(hist_max(&hist), 2 * SECOND);
    assert_int_equal(hist_quantile(&hist, 0.5), hist_max(&hist));
    hist_close(&hist);
    hist_close(&earlier);
}

/* ---- Two threads ---- */

struct writing {
    struct hist hist;
    atomic_bool stop;
    uint64_t written;
};

static void *write_until_stopped(void *at)
{
    struct writing *writing = at;
    for (; !atomic_load(&writing->stop); writing->written++)
        hist_add(&writing->hist, 1000 + (int64_t)(writing->written % 4096));
    return NULL;
}

/* Whatever moment a reader meets, what it is told is possible, and its copies only grow. */
static void a_reader_meets_a_writer(void **state)
{
    (void)state;
    enum { COPIES = 200 };
    struct writing writing = {.written = 0};
    struct hist copy, before;
    pthread_t writer;
    open_hist(&writing.hist);
    open_hist(&copy);
    open_hist(&before);
    assert_int_equal(pthread_create(&writer, NULL, write_until_stopped, &writing), 0);
    for (unsigned copies = 0; copies < COPIES || hist_max(&copy) < 5000; copies++) {
        int64_t median = hist_quantile(&writing.hist, 0.5);
        assert_true(median == 0 || (median >= 1000 && median <= 5100));
        hist_copy(&copy, &writing.hist);
        assert_true(hist_count(&copy) >= hist_count(&before));
        assert_true(hist_max(&copy) <= 5100);
        hist_copy(&before, &copy);
        assert_int_equal(hist_count(&before), hist_count(&copy));
    }
    atomic_store(&writing.stop, true);
    assert_int_equal(pthread_join(writer, NULL), 0);
    hist_copy(&copy, &writing.hist);
    assert_int_equal(hist_count(&copy), writing.written);
    assert_same(&copy, &writing.hist);
    hist_close(&writing.hist);
    hist_close(&copy);
    hist_close(&before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(quantiles_are_right_to_a_thousandth),
        cmocka_unit_test(a_share_is_not_exceeded),
        cmocka_unit_test(borders),
        cmocka_unit_test(buckets_are_narrow_and_in_order),
        cmocka_unit_test(walking_gives_every_count),
        cmocka_unit_test(nothing_is_empty),
        cmocka_unit_test(merging_is_adding_both),
        cmocka_unit_test(subtracting_leaves_what_came_since),
        cmocka_unit_test(the_greatest_since_is_a_middle),
        cmocka_unit_test(a_reader_meets_a_writer),
    };
    return cmocka_run_group_tests_name("unit/hist", tests, NULL, NULL);
}
