/* Tests of a chat's file: appending, what is committed, and what a failed write leaves behind. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "server/chat/catalog.h"
#include "server/chat/history.h"
#include "tests/unit/files.h"

struct place {
    char path[FILES_PATH];
    struct catalog catalog;
    struct chat *chat;
    struct history history;
};

static struct place place;

static int make_chat(void **state)
{
    struct catalog_note *notes;
    (void)state;
    files_open(place.path);
    assert_null(catalog_load(&place.catalog, place.path, &notes));
    place.chat = catalog_create(&place.catalog, span_of("c"));
    place.history.fd = -1;
    return !place.chat;
}

static int drop_chat(void **state)
{
    (void)state;
    int fd = history_release(&place.history, place.chat);
    if (fd >= 0)
        close(fd);
    catalog_close(&place.catalog);
    files_close(place.path);
    return 0;
}

static int open_it(void)
{
    return history_open(&place.history, &place.catalog.folder, place.chat);
}

static void open_with(struct span content)
{
    files_put(place.path, "c.chat", content);
    assert_int_equal(open_it(), 0);
}

static int append(const char *records)
{
    return history_append(&place.history, place.chat, span_of(records), false);
}

static void assert_file(const char *content)
{
    files_assert(place.path, "c.chat", span_of(content));
}

static void assert_reads(uint64_t at, size_t n, const char *expected)
{
    char got[64];
    memset(got, '#', sizeof got);
    assert_true(n < sizeof got);
    assert_int_equal(history_read(&place.history, at, got, n), strlen(expected));
    assert_memory_equal(got, expected, strlen(expected));
    assert_int_equal(got[strlen(expected)], '#');
}

static void records_are_appended(void **state)
{
    (void)state;
    open_with((struct span){0});
    assert_int_equal(place.history.committed, 0);
    assert_int_equal(append("one\r"), 0);
    assert_int_equal(place.history.committed, 4);
    assert_int_equal(append("two\rthree\r"), 0);
    assert_int_equal(place.history.committed, 14);
    assert_file("one\rtwo\rthree\r");
    assert_int_equal(history_append(&place.history, place.chat, span_of("four\r"), true), 0);
    assert_file("one\rtwo\rthree\rfour\r");
    assert_int_equal(atomic_load(&place.chat->sync_failed), 0);
}

static void what_was_there_is_committed(void **state)
{
    (void)state;
    open_with(span_of("one\rtwo\r"));
    assert_int_equal(place.history.committed, 8);
    assert_reads(0, 20, "one\rtwo\r");
    assert_int_equal(append("three\r"), 0);
    assert_file("one\rtwo\rthree\r");
}

static void nothing_is_read_beyond_committed(void **state)
{
    (void)state;
    open_with(span_of("one\rtwo\r"));
    int fd = open(files_at(place.path, "c.chat"), O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_int_equal(write(fd, "not committed\r", 14), 14);
    close(fd);
    assert_reads(0, 60, "one\rtwo\r");
    assert_reads(4, 4, "two\r");
    assert_reads(4, 5, "two\r");
    assert_reads(5, 2, "wo");
    assert_reads(7, 60, "\r");
    assert_reads(8, 60, "");
    assert_reads(9, 60, "");
    assert_reads(UINT64_MAX, 60, "");
    assert_reads(0, 0, "");
    /* It is written over: the file belongs to the room. */
    assert_int_equal(append("three\r"), 0);
    assert_reads(0, 60, "one\rtwo\rthree\r");
}

static void a_file_that_was_cut_under_us_is_an_error(void **state)
{
    (void)state;
    char got[16];
    open_with(span_of("one\rtwo\r"));
    assert_int_equal(truncate(files_at(place.path, "c.chat"), 6), 0);
    errno = 0;
    assert_int_equal(history_read(&place.history, 4, got, 4), -1);
    assert_int_equal(errno, EIO);
    assert_reads(0, 4, "one\r");
}

static void where_records_begin(void **state)
{
    (void)state;
    open_with((struct span){0});
    assert_true(history_begins_at(&place.history, 0));
    assert_false(history_begins_at(&place.history, 1));
    assert_int_equal(append("one\rtwo\r"), 0);
    for (uint64_t at = 0; at < 12; at++)
        assert_int_equal(history_begins_at(&place.history, at), at == 0 || at == 4 || at == 8);
    assert_false(history_begins_at(&place.history, UINT64_MAX));
}

static void a_last_record_without_its_end_gets_one(void **state)
{
    (void)state;
    open_with(span_of("one\rhalf"));
    assert_int_equal(place.history.committed, 9);
    assert_file("one\rhalf\r");
    assert_int_equal(append("next\r"), 0);
    assert_file("one\rhalf\rnext\r");
}

static void an_end_that_can_not_be_written_keeps_the_chat_closed(void **state)
{
    (void)state;
    files_put(place.path, "c.chat", span_of("half"));
    files_limit(4);
    int error = open_it();
    files_unlimit();
    assert_int_equal(error, EFBIG);
    assert_int_equal(place.history.fd, -1);
    assert_file("half");
    assert_int_equal(open_it(), 0);
    assert_file("half\r");
}

/* The disk takes some bytes of the turn's records, or none: all of them are taken back, and the next turn is fine. */
static void a_short_write_is_taken_back(void **state)
{
    (void)state;
    static const char *const content = "one\rtwo\r", *const more = "three\rfour\rfive\r";
    for (size_t limit = 0; limit < strlen(content) + strlen(more); limit++) {
        open_with(span_of(content));
        files_limit(limit);
        int error = append(more);
        files_unlimit();
        assert_int_equal(error, EFBIG);
        assert_int_equal(place.history.committed, strlen(content));
        assert_false(place.history.uncut);
        assert_file(content);
        assert_reads(0, 60, content);
        assert_int_equal(append("six\r"), 0);
        assert_file("one\rtwo\rsix\r");
        close(history_release(&place.history, place.chat));
    }
}

static void a_write_that_just_fits(void **state)
{
    (void)state;
    open_with(span_of("one\r"));
    files_limit(8);
    int error = append("two\r");
    files_unlimit();
    assert_int_equal(error, 0);
    assert_file("one\rtwo\r");
}

/* A descriptor that takes neither writes nor cuts. */
static int make_read_only(void)
{
    int fd = place.history.fd;
    place.history.fd = open(files_at(place.path, "c.chat"), O_RDONLY | O_CLOEXEC);
    assert_true(place.history.fd >= 0);
    return fd;
}

static void make_writable(int fd)
{
    close(place.history.fd);
    place.history.fd = fd;
}

/* Leaves bytes behind `committed`, as a write does that failed and could not be taken back. */
static void spoil(void)
{
    int fd = open(files_at(place.path, "c.chat"), O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_int_equal(write(fd, "left over and long", 18), 18);
    close(fd);
}

static void no_append_before_the_cut_succeeds(void **state)
{
    (void)state;
    open_with(span_of("one\r"));
    int fd = make_read_only();
    assert_int_not_equal(append("two\r"), 0);
    assert_true(place.history.uncut);
    spoil();
    assert_int_not_equal(append("three\r"), 0);
    assert_true(place.history.uncut);
    assert_int_equal(place.history.committed, 4);
    assert_reads(0, 60, "one\r");
    make_writable(fd);
    assert_int_equal(append("four\r"), 0);
    assert_false(place.history.uncut);
    assert_file("one\rfour\r");
}

/* The room ends before the cut has succeeded: the next one takes it over from the chat's entry. */
static void what_is_uncut_is_carried_over(void **state)
{
    (void)state;
    open_with(span_of("one\r"));
    int fd = make_read_only();
    assert_int_not_equal(append("two\r"), 0);
    spoil();
    close(history_release(&place.history, place.chat));
    close(fd);
    assert_true(place.chat->uncut);
    assert_int_equal(place.chat->committed, 4);
    assert_int_equal(open_it(), 0);
    assert_false(place.chat->uncut);
    assert_int_equal(place.history.committed, 4);
    assert_file("one\r");
    assert_int_equal(append("two\r"), 0);
    close(history_release(&place.history, place.chat));
    assert_false(place.chat->uncut);
    assert_int_equal(place.chat->committed, 8);
}

static void a_release_cuts_if_it_can(void **state)
{
    (void)state;
    open_with(span_of("one\r"));
    int fd = make_read_only();
    assert_int_not_equal(append("two\r"), 0);
    spoil();
    make_writable(fd);
    close(history_release(&place.history, place.chat));
    assert_false(place.chat->uncut);
    assert_file("one\r");
    assert_int_equal(history_release(&place.history, place.chat), -1);
}

/* A descriptor that takes writes but no syncs. */
static void a_failed_sync_marks_the_chat(void **state)
{
    (void)state;
    open_with((struct span){0});
    int fd = place.history.fd;
    place.history.fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    assert_true(place.history.fd >= 0);
    assert_int_equal(append("one\r"), 0);
    int error = history_append(&place.history, place.chat, span_of("two\r"), true);
    assert_int_not_equal(error, 0);
    assert_int_equal(atomic_load(&place.chat->sync_failed), error);
    assert_int_equal(place.history.committed, 4); /* the second one never was */
    make_writable(fd);
    assert_int_equal(history_sync_file(fd, place.chat), 0);
    assert_int_equal(atomic_load(&place.chat->sync_failed), error); /* the mark stays */
}

static void what_can_not_be_opened(void **state)
{
    (void)state;
    assert_int_equal(unlink(files_at(place.path, "c.chat")), 0);
    assert_int_equal(open_it(), ENOENT);
    assert_int_equal(place.history.fd, -1);
    assert_false(files_exist(place.path, "c.chat"));
    files_put(place.path, "elsewhere", span_of("secret"));
    assert_int_equal(symlink("elsewhere", files_at(place.path, "c.chat")), 0);
    assert_int_equal(open_it(), ELOOP);
    files_assert(place.path, "elsewhere", span_of("secret"));
    assert_int_equal(unlink(files_at(place.path, "c.chat")), 0);
    assert_int_equal(mkfifo(files_at(place.path, "c.chat"), 0600), 0);
    assert_int_not_equal(open_it(), 0); /* and it does not wait for a writer */
    assert_int_equal(place.history.fd, -1);
}

static void an_existing_file_is_not_created(void **state)
{
    (void)state;
    files_put(place.path, "there.chat", span_of("content\r"));
    assert_int_equal(history_create(&place.catalog.folder, span_of("there")), EEXIST);
    files_assert(place.path, "there.chat", span_of("content\r"));
    assert_int_equal(symlink("elsewhere", files_at(place.path, "link.chat")), 0);
    assert_int_equal(history_create(&place.catalog.folder, span_of("link")), EEXIST);
    assert_false(files_exist(place.path, "elsewhere"));
}

int main(void)
{
#define TEST(test) cmocka_unit_test_setup_teardown(test, make_chat, drop_chat)
    const struct CMUnitTest tests[] = {
        TEST(records_are_appended),
        TEST(what_was_there_is_committed),
        TEST(nothing_is_read_beyond_committed),
        TEST(a_file_that_was_cut_under_us_is_an_error),
        TEST(where_records_begin),
        TEST(a_last_record_without_its_end_gets_one),
        TEST(an_end_that_can_not_be_written_keeps_the_chat_closed),
        TEST(a_short_write_is_taken_back),
        TEST(a_write_that_just_fits),
        TEST(no_append_before_the_cut_succeeds),
        TEST(what_is_uncut_is_carried_over),
        TEST(a_release_cuts_if_it_can),
        TEST(a_failed_sync_marks_the_chat),
        TEST(what_can_not_be_opened),
        TEST(an_existing_file_is_not_created),
    };
    return cmocka_run_group_tests_name("unit/history", tests, NULL, NULL);
}
