/* Tests of the catalog: what is listed, in which order, what is not, and the LIST that only grows. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "common/protocol.h"
#include "server/chat/catalog.h"
#include "tests/unit/files.h"

struct place {
    char path[FILES_PATH];
    struct catalog catalog;
    struct catalog_note *notes;
};

static void load(struct place *place)
{
    const char *reason = catalog_load(&place->catalog, place->path, &place->notes);
    assert_null(reason);
}

static void leave(struct place *place)
{
    catalog_notes_free(place->notes);
    catalog_close(&place->catalog);
    files_close(place->path);
}

static void assert_list(const struct place *place, const char *list)
{
    assert_true(span_equal(catalog_list(&place->catalog, place->catalog.n), span_of(list)));
    assert_true(span_equal(buf_span(&place->catalog.list), span_of(list)));
}

static void an_empty_folder_has_an_empty_list(void **state)
{
    (void)state;
    struct place place;
    files_open(place.path);
    load(&place);
    assert_int_equal(place.catalog.n, 0);
    assert_list(&place, "");
    assert_null(catalog_find(&place.catalog, span_of("a")));
    assert_null(catalog_find(&place.catalog, (struct span){0}));
    assert_null(place.notes);
    leave(&place);
}

static void a_missing_folder_is_made(void **state)
{
    (void)state;
    char parent[FILES_PATH], path[2 * FILES_PATH];
    struct catalog catalog;
    struct catalog_note *notes;
    files_open(parent);
    snprintf(path, sizeof path, "%s", files_at(parent, "chats"));
    assert_null(catalog_load(&catalog, path, &notes));
    catalog_close(&catalog);
    assert_int_equal(unlink(files_at(path, ".lock")), 0);
    files_close(parent);
}

static void what_is_found_is_sorted_by_bytes(void **state)
{
    (void)state;
    static const char *const files[] = {"b.chat",   "a.chat",        "Z.chat",  "ab.chat",
                                        "a-b.chat", "\xc3\xa9.chat", "10.chat", "9.chat"};
    struct place place;
    files_open(place.path);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        files_put(place.path, files[i], span_of("x\ty\nz\r"));
    load(&place);
    assert_list(&place, "10\n9\nZ\na\na-b\nab\nb\n\xc3\xa9\n");
    assert_null(place.notes);
    leave(&place);
}

/* Names that may not be made any more are listed; those that can't stand in a LIST are not. */
static void names_that_break_the_rules(void **state)
{
    (void)state;
    static const char *const listed[] = {"two words.chat", "tab\t.chat",   "cr\r.chat",   "\xff\xfe.chat",
                                         "..chat",         ".hidden.chat", "a.chat.chat", "bell\a.chat"};
    static const char *const others[] = {".chat",          "a.chat.torn", "a.CHAT",  "chat",      "achat",
                                         "new\nline.chat", "\n.chat",     "a.chat~", "end\n.chat"};
    struct place place;
    files_open(place.path);
    for (size_t i = 0; i < sizeof listed / sizeof *listed; i++)
        files_put(place.path, listed[i], (struct span){0});
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        files_put(place.path, others[i], (struct span){0});
    load(&place);
    assert_list(&place, ".\n.hidden\na.chat\nbell\a\ncr\r\ntab\t\ntwo words\n\xff\xfe\n");
    assert_non_null(catalog_find(&place.catalog, span_of("two words")));
    assert_null(catalog_find(&place.catalog, span_of("")));
    leave(&place);
}

static void the_longest_file_name_is_listed(void **state)
{
    (void)state;
    struct place place;
    char file[NAME_MAX + 1];
    files_open(place.path);
    memset(file, 'n', sizeof file - 1);
    memcpy(file + NAME_MAX - 5, ".chat", sizeof ".chat");
    files_put(place.path, file, span_of("a\tb\nc\rtorn"));
    load(&place);
    assert_int_equal(place.catalog.n, 1);
    assert_int_equal(place.catalog.chats[0]->n, NAME_MAX - 5);
    /* Its .torn file has no name: nothing is cut then, and that is told. */
    files_assert(place.path, file, span_of("a\tb\nc\rtorn"));
    assert_non_null(place.notes);
    assert_int_equal(place.notes->error, ENAMETOOLONG);
    leave(&place);
}

static void only_regular_files_are_chats(void **state)
{
    (void)state;
    struct place place;
    files_open(place.path);
    files_put(place.path, "file.chat", span_of("a\tb\nc\r"));
    files_put(place.path, "elsewhere", span_of("a\tb\nc\rtorn"));
    assert_int_equal(mkdir(files_at(place.path, "folder.chat"), 0700), 0);
    assert_int_equal(mkfifo(files_at(place.path, "fifo.chat"), 0600), 0);
    assert_int_equal(symlink("elsewhere", files_at(place.path, "link.chat")), 0);
    assert_int_equal(symlink("file.chat", files_at(place.path, "loop.chat")), 0);
    assert_int_equal(symlink("nowhere", files_at(place.path, "dangling.chat")), 0);
    load(&place);
    assert_list(&place, "file\n");
    files_assert(place.path, "elsewhere", span_of("a\tb\nc\rtorn"));
    assert_null(place.notes);
    /* Their names are taken all the same. */
    static const char *const taken[] = {"folder", "fifo", "link", "loop", "dangling"};
    for (size_t i = 0; i < sizeof taken / sizeof *taken; i++) {
        assert_null(catalog_create(&place.catalog, span_of(taken[i])));
        assert_int_equal(errno, EEXIST);
    }
    assert_false(files_exist(place.path, "nowhere"));
    assert_list(&place, "file\n");
    leave(&place);
}

static void a_file_that_can_not_be_read_is_listed(void **state)
{
    (void)state;
    struct place place;
    files_open(place.path);
    files_put(place.path, "closed.chat", span_of("a\tb\nc\r"));
    assert_int_equal(chmod(files_at(place.path, "closed.chat"), 0), 0);
    bool told = access(files_at(place.path, "closed.chat"), R_OK) < 0; /* root can read everything */
    load(&place);
    assert_list(&place, "closed\n");
    assert_int_equal(place.notes != NULL, told);
    if (told) {
        assert_string_equal(place.notes->chat, "closed");
        assert_int_equal(place.notes->error, EACCES);
    }
    leave(&place);
}

static void a_chat_is_created(void **state)
{
    (void)state;
    struct place place;
    files_open(place.path);
    load(&place);
    struct chat *chat = catalog_create(&place.catalog, span_of("new"));
    assert_non_null(chat);
    assert_true(span_equal(chat_name(chat), span_of("new")));
    assert_string_equal(chat->name, "new");
    assert_ptr_equal(catalog_find(&place.catalog, span_of("new")), chat);
    assert_null(catalog_find(&place.catalog, span_of("ne")));
    assert_null(catalog_find(&place.catalog, span_of("new ")));
    files_assert(place.path, "new.chat", (struct span){0});
    assert_int_equal(atomic_load(&chat->sync_failed), 0);
    assert_null(catalog_create(&place.catalog, span_of("new")));
    assert_int_equal(errno, EEXIST);
    assert_list(&place, "new\n");
    leave(&place);
}

static void found_first_then_in_order_of_creation(void **state)
{
    (void)state;
    struct place place;
    files_open(place.path);
    files_put(place.path, "m.chat", (struct span){0});
    files_put(place.path, "c.chat", (struct span){0});
    load(&place);
    assert_non_null(catalog_create(&place.catalog, span_of("z")));
    assert_non_null(catalog_create(&place.catalog, span_of("a")));
    assert_list(&place, "c\nm\nz\na\n");
    catalog_notes_free(place.notes);
    catalog_close(&place.catalog);
    load(&place);
    assert_list(&place, "a\nc\nm\nz\n");
    leave(&place);
}

/* The list of the first n chats is the beginning of every later list, and entries never move. */
static void an_older_list_is_the_beginning(void **state)
{
    (void)state;
    enum { MANY = 300 };
    static struct chat *made[MANY];
    struct place place;
    char name[16];
    files_open(place.path);
    load(&place);
    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof name, "c%d", i * 7919 % 1000);
        made[i] = catalog_create(&place.catalog, span_of(name));
        assert_non_null(made[i]);
    }
    struct span whole = catalog_list(&place.catalog, MANY);
    size_t end = 0;
    for (uint32_t n = 0; n <= MANY; n++) {
        struct span list = catalog_list(&place.catalog, n);
        assert_int_equal(list.n, end);
        assert_ptr_equal(list.at, whole.at);
        if (n == MANY)
            break;
        assert_ptr_equal(place.catalog.chats[n], made[n]);
        snprintf(name, sizeof name, "c%d\n", (int)n * 7919 % 1000);
        assert_memory_equal(whole.at + end, name, strlen(name));
        end += strlen(name);
        assert_ptr_equal(catalog_find(&place.catalog, chat_name(made[n])), made[n]);
    }
    leave(&place);
}

static void no_chat_outside_the_folder(void **state)
{
    (void)state;
    struct place place;
    char name[NAME_MAX];
    files_open(place.path);
    load(&place);
    memset(name, 'x', sizeof name);
    assert_null(catalog_create(&place.catalog, (struct span){name, NAME_MAX - 4}));
    assert_int_equal(errno, ENAMETOOLONG);
    assert_null(catalog_find(&place.catalog, (struct span){name, sizeof name}));
    assert_non_null(catalog_create(&place.catalog, (struct span){name, NAME_MAX - 5}));
    leave(&place);
}

static void one_server_a_folder(void **state)
{
    (void)state;
    struct place place;
    struct catalog second;
    struct catalog_note *notes;
    files_open(place.path);
    load(&place);
    const char *reason = catalog_load(&second, place.path, &notes);
    assert_non_null(reason);
    assert_null(notes);
    assert_int_equal(second.folder.fd, -1);
    assert_int_equal(second.folder.lock, -1);
    /* Being refused took nothing from the first one; when it has gone the folder is free. */
    assert_non_null(catalog_create(&place.catalog, span_of("still")));
    catalog_close(&place.catalog);
    assert_null(catalog_load(&second, place.path, &notes));
    catalog_close(&second);
    load(&place);
    leave(&place);
}

static void a_path_that_is_no_folder(void **state)
{
    (void)state;
    char path[FILES_PATH];
    struct catalog catalog;
    struct catalog_note *notes;
    files_open(path);
    files_put(path, "file", span_of("untouched"));
    assert_non_null(catalog_load(&catalog, files_at(path, "file"), &notes));
    assert_null(notes);
    files_assert(path, "file", span_of("untouched"));
    assert_non_null(catalog_load(&catalog, files_at(path, "no/such"), &notes));
    assert_non_null(catalog_load(&catalog, "", &notes));
    files_close(path);
}

/* A lock that leads somewhere else, or is no file, is no lock. */
static void a_lock_that_is_a_link(void **state)
{
    (void)state;
    char path[FILES_PATH];
    struct catalog catalog;
    struct catalog_note *notes;
    files_open(path);
    assert_int_equal(symlink("elsewhere", files_at(path, ".lock")), 0);
    assert_non_null(catalog_load(&catalog, path, &notes));
    assert_false(files_exist(path, "elsewhere"));
    files_close(path);
}

/* Every descriptor that a load has opened is closed again, whether it went well or not. */
static void nothing_stays_open(void **state)
{
    (void)state;
    struct place place;
    struct catalog second;
    struct catalog_note *notes;
    files_open(place.path);
    files_put(place.path, "a.chat", span_of("a\tb\nc\rtorn"));
    assert_int_equal(mkdir(files_at(place.path, "b.chat"), 0700), 0);
    int before = dup(0);
    assert_true(before >= 0);
    load(&place);
    assert_non_null(catalog_load(&second, place.path, &notes));
    catalog_notes_free(place.notes);
    catalog_close(&place.catalog);
    int after = dup(0);
    assert_int_equal(after, before + 1);
    close(before);
    close(after);
    files_close(place.path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_folder_has_an_empty_list),
        cmocka_unit_test(a_missing_folder_is_made),
        cmocka_unit_test(what_is_found_is_sorted_by_bytes),
        cmocka_unit_test(names_that_break_the_rules),
        cmocka_unit_test(the_longest_file_name_is_listed),
        cmocka_unit_test(only_regular_files_are_chats),
        cmocka_unit_test(a_file_that_can_not_be_read_is_listed),
        cmocka_unit_test(a_chat_is_created),
        cmocka_unit_test(found_first_then_in_order_of_creation),
        cmocka_unit_test(an_older_list_is_the_beginning),
        cmocka_unit_test(no_chat_outside_the_folder),
        cmocka_unit_test(one_server_a_folder),
        cmocka_unit_test(a_path_that_is_no_folder),
        cmocka_unit_test(a_lock_that_is_a_link),
        cmocka_unit_test(nothing_stays_open),
    };
    return cmocka_run_group_tests_name("unit/catalog", tests, NULL, NULL);
}
