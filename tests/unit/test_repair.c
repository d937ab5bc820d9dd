/* Tests of the repair at start: a torn end is kept in a file of its own and cut off; nothing else changes. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/protocol.h"
#include "server/chat/catalog.h"
#include "tests/unit/files.h"

static char path[FILES_PATH];

/* Loads the folder as a server does when it starts; what it had to mend is handed back. */
static struct catalog_note *start(void)
{
    struct catalog catalog;
    struct catalog_note *notes;
    assert_null(catalog_load(&catalog, path, &notes));
    catalog_close(&catalog);
    return notes;
}

/* The same for a single chat "c" with this content; `error` is what the one note tells, -1 when there must be none. */
static void start_with(struct span content, int error)
{
    files_put(path, "c.chat", content);
    struct catalog_note *notes = start();
    if (error < 0) {
        assert_null(notes);
        return;
    }
    assert_non_null(notes);
    assert_null(notes->next);
    assert_string_equal(notes->chat, "c");
    assert_int_equal(notes->error, error);
    catalog_notes_free(notes);
}

static int open_folder(void **state)
{
    (void)state;
    files_open(path);
    return 0;
}

static int close_folder(void **state)
{
    (void)state;
    files_close(path);
    return 0;
}

static struct buf make_records(size_t size)
{
    struct buf records = {0};
    char record[256];
    for (int i = 0; records.n < size; i++) {
        int n = snprintf(record, sizeof record, "author%d\t12:34:56 01/02/26\n%.*s\r", i, i % 70,
                         "some text with \n line feeds and \t tabs, of a length that is never the same twice");
        assert_true(buf_append(&records, record, (size_t)n));
    }
    return records;
}

/* Where the last whole record before `cut` ends. */
static size_t whole_before(struct span records, size_t cut)
{
    while (cut > 0 && records.at[cut - 1] != RECORD_END)
        cut--;
    return cut;
}

/* One chat for every byte at which a file can be cut: all of them go through one start. */
static void a_cut_at_every_byte(void **state)
{
    (void)state;
    char file[32], torn[40];
    struct buf records = make_records(4096);
    for (size_t cut = 0; cut <= records.n; cut++) {
        snprintf(file, sizeof file, "%05zu.chat", cut);
        files_put(path, file, (struct span){records.at, cut});
    }
    struct catalog_note *notes = start(), *note = notes;
    for (size_t cut = 0; cut <= records.n; cut++) {
        snprintf(file, sizeof file, "%05zu.chat", cut);
        snprintf(torn, sizeof torn, "%s.torn", file);
        size_t whole = whole_before(buf_span(&records), cut);
        bool kept = whole == 0; /* no end of a record at all: left as it is */
        files_assert(path, file, (struct span){records.at, kept ? cut : whole});
        assert_int_equal(files_exist(path, torn), !kept && whole < cut);
        if (whole == cut)
            continue;
        if (!kept)
            files_assert(path, torn, (struct span){records.at + whole, cut - whole});
        assert_non_null(note); /* in the order of the list */
        assert_memory_equal(note->chat, file, 5);
        assert_int_equal(note->bytes, cut - whole);
        assert_int_equal(note->error, 0);
        note = note->next;
    }
    assert_null(note);
    catalog_notes_free(notes);
    /* A second start finds nothing to cut, and keeps what was kept. */
    notes = start();
    for (note = notes; note; note = note->next)
        assert_int_equal(whole_before(buf_span(&records), note->bytes), 0);
    catalog_notes_free(notes);
    buf_free(&records);
}

static void trailing_nuls_are_cut(void **state)
{
    (void)state;
    static const char two[] = "a\tb\none\ra\tb\ntwo\r";
    size_t whole = sizeof two - 1;
    for (size_t nuls = 1; nuls < 200000; nuls = nuls * 5 + 1) {
        struct buf file = {0};
        assert_true(buf_append(&file, two, whole) && buf_reserve(&file, nuls));
        memset(file.at + file.n, 0, nuls);
        file.n += (uint32_t)nuls;
        start_with(buf_span(&file), 0);
        files_assert(path, "c.chat", span_of(two));
        files_assert(path, "c.chat.torn", (struct span){file.at + whole, nuls});
        assert_int_equal(unlink(files_at(path, "c.chat.torn")), 0);
        buf_free(&file);
    }
}

static void a_torn_record_and_nuls_are_cut_together(void **state)
{
    (void)state;
    static const char content[] = "a\tb\none\ra\tb\nto\0rn\0\0\0";
    start_with((struct span){content, sizeof content - 1}, 0);
    files_assert(path, "c.chat", span_of("a\tb\none\r"));
    files_assert(path, "c.chat.torn", (struct span){content + 8, sizeof content - 1 - 8});
}

static void what_is_torn_later_goes_behind(void **state)
{
    (void)state;
    start_with(span_of("a\tb\none\rfirst"), 0);
    start_with(span_of("a\tb\none\rsecond"), 0);
    files_assert(path, "c.chat", span_of("a\tb\none\r"));
    files_assert(path, "c.chat.torn", span_of("firstsecond"));
}

static void an_empty_file_is_in_order(void **state)
{
    (void)state;
    start_with((struct span){0}, -1);
    files_assert(path, "c.chat", (struct span){0});
    assert_false(files_exist(path, "c.chat.torn"));
}

static void a_file_in_order_is_left_alone(void **state)
{
    (void)state;
    static const char *const contents[] = {"\r", "\r\r\r", "no record at all\r", "a\tb\nc\r", "a\tb\n\r"};
    for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
        start_with(span_of(contents[i]), -1);
        files_assert(path, "c.chat", span_of(contents[i]));
        assert_false(files_exist(path, "c.chat.torn"));
    }
}

static void without_any_end_nothing_is_cut(void **state)
{
    (void)state;
    static const char nuls[] = "text and\0\0\0";
    start_with(span_of("a\tb\na file that somebody has written by hand\n"), 0);
    files_assert(path, "c.chat", span_of("a\tb\na file that somebody has written by hand\n"));
    start_with((struct span){nuls, sizeof nuls - 1}, 0);
    files_assert(path, "c.chat", (struct span){nuls, sizeof nuls - 1});
    start_with((struct span){nuls + 8, 3}, 0); /* NULs alone */
    files_assert(path, "c.chat", (struct span){nuls + 8, 3});
    assert_false(files_exist(path, "c.chat.torn"));
}

static struct buf with_torn(size_t n)
{
    struct buf file = {0};
    assert_true(buf_append(&file, "a\tb\none\r", 8) && buf_reserve(&file, n));
    memset(file.at + file.n, 't', n);
    file.n += (uint32_t)n;
    return file;
}

/* A run that is longer than a record can be is no torn record. */
static void a_longer_end_is_kept(void **state)
{
    (void)state;
    static const size_t sizes[] = {65535, 65536, 65537, RECORD_MAX - 1, RECORD_MAX, RECORD_MAX + 2, RECORD_MAX + 65537};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct buf file = with_torn(sizes[i]);
        bool torn = sizes[i] <= RECORD_MAX;
        start_with(buf_span(&file), 0);
        files_assert(path, "c.chat", (struct span){file.at, torn ? 8 : file.n});
        assert_int_equal(files_exist(path, "c.chat.torn"), torn);
        if (torn) {
            files_assert(path, "c.chat.torn", (struct span){file.at + 8, sizes[i]});
            assert_int_equal(unlink(files_at(path, "c.chat.torn")), 0);
        }
        buf_free(&file);
    }
}

/* Behind a run that is kept, NULs are cut all the same. */
static void nuls_behind_a_longer_end_are_cut(void **state)
{
    (void)state;
    static const char nuls[1000];
    struct buf file = with_torn(RECORD_MAX + 100);
    size_t text = file.n;
    assert_true(buf_append(&file, nuls, sizeof nuls));
    start_with(buf_span(&file), 0);
    files_assert(path, "c.chat", (struct span){file.at, text});
    files_assert(path, "c.chat.torn", (struct span){nuls, sizeof nuls});
    buf_free(&file);
}

static void a_hard_link_is_repaired_once(void **state)
{
    (void)state;
    files_put(path, "a.chat", span_of("a\tb\none\rtorn"));
    char other[2 * FILES_PATH];
    snprintf(other, sizeof other, "%s", files_at(path, "b.chat"));
    assert_int_equal(link(files_at(path, "a.chat"), other), 0);
    struct catalog_note *notes = start();
    assert_non_null(notes);
    assert_string_equal(notes->chat, "a");
    assert_non_null(notes->next); /* its other name, which is not listed */
    assert_string_equal(notes->next->chat, "b");
    assert_null(notes->next->next);
    catalog_notes_free(notes);
    files_assert(path, "a.chat", span_of("a\tb\none\r"));
    files_assert(path, "b.chat", span_of("a\tb\none\r"));
    files_assert(path, "a.chat.torn", span_of("torn"));
    assert_false(files_exist(path, "b.chat.torn"));
}

/* What can't be kept is not cut. */
static void nothing_is_cut_that_was_not_kept(void **state)
{
    (void)state;
    assert_int_equal(symlink("elsewhere", files_at(path, "c.chat.torn")), 0);
    start_with(span_of("a\tb\none\rtorn"), ELOOP);
    files_assert(path, "c.chat", span_of("a\tb\none\rtorn"));
    assert_false(files_exist(path, "elsewhere"));
    assert_int_equal(unlink(files_at(path, "c.chat.torn")), 0);

    assert_int_equal(mkfifo(files_at(path, "c.chat.torn"), 0600), 0);
    start_with(span_of("a\tb\none\rtorn"), ENXIO);
    files_assert(path, "c.chat", span_of("a\tb\none\rtorn"));
    assert_int_equal(unlink(files_at(path, "c.chat.torn")), 0);

    assert_int_equal(mkdir(files_at(path, "c.chat.torn"), 0700), 0);
    start_with(span_of("a\tb\none\rtorn"), EISDIR);
    files_assert(path, "c.chat", span_of("a\tb\none\rtorn"));
    assert_int_equal(rmdir(files_at(path, "c.chat.torn")), 0);

    files_put(path, "c.chat", span_of("a\tb\none\rtorn"));
    files_limit(2);
    struct catalog_note *notes = start();
    files_unlimit();
    assert_non_null(notes);
    assert_int_equal(notes->error, EFBIG);
    catalog_notes_free(notes);
    files_assert(path, "c.chat", span_of("a\tb\none\rtorn"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_cut_at_every_byte, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(trailing_nuls_are_cut, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(a_torn_record_and_nuls_are_cut_together, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(what_is_torn_later_goes_behind, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(an_empty_file_is_in_order, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(a_file_in_order_is_left_alone, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(without_any_end_nothing_is_cut, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(a_longer_end_is_kept, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(nuls_behind_a_longer_end_are_cut, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(a_hard_link_is_repaired_once, open_folder, close_folder),
        cmocka_unit_test_setup_teardown(nothing_is_cut_that_was_not_kept, open_folder, close_folder),
    };
    return cmocka_run_group_tests_name("unit/repair", tests, NULL, NULL);
}
