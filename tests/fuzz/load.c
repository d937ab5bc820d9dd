/* Fuzz target: any bytes as a chat's file: loaded, repaired, read by a client, written to, and loaded again. Nothing is lost. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/protocol.h"
#include "common/rules.h"
#include "server/chat/catalog.h"
#include "server/chat/names.h"
#include "server/desk/room.h"
#include "server/desk/turn.h"
#include "server/door/wire.h"
#include "tests/fuzz/fuzz.h"

enum { HEAD = 3, INPUT_MOST = 1 << 16, TURNS_MOST = 1000000 };

static char folder[128];

static void remove_folder(void)
{
    rmdir(folder);
}

static void make_folder(void)
{
    const char *base = getenv("TMPDIR");
    if (!base || !*base)
        base = access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
    snprintf(folder, sizeof folder, "%.100s/conveyor-fuzz-XXXXXX", base);
    must(mkdtemp(folder), "%s: %s", folder, strerror(errno));
    atexit(remove_folder);
}

static const char *path_of(const char *name)
{
    static char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static void put_file(const char *name, const struct heap *bytes)
{
    int fd = open(path_of(name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    must(fd >= 0, "%s", strerror(errno));
    must(bytes->n == 0 || write(fd, bytes->at, bytes->n) == (ssize_t)bytes->n, "%s", strerror(errno));
    close(fd);
}

/* Empty when it is not there. */
static struct heap get_file(const char *name)
{
    struct heap bytes = {0};
    char step[65536];
    ssize_t n;
    heap_add(&bytes, "", 0);
    int fd = open(path_of(name), O_RDONLY | O_CLOEXEC);
    while (fd >= 0 && (n = read(fd, step, sizeof step)) > 0)
        heap_add(&bytes, step, (size_t)n);
    if (fd >= 0)
        close(fd);
    return bytes;
}

static void empty_folder(void)
{
    DIR *dir = opendir(folder);
    struct dirent *entry;
    must(dir, "%s", strerror(errno));
    while ((entry = readdir(dir)))
        if (entry->d_name[0] != '.' || strcmp(entry->d_name, ".lock") == 0)
            unlinkat(dirfd(dir), entry->d_name, 0);
    closedir(dir);
}

/* How much of a file stays, as design and repair.h say it: up to the last CR, unless there is none, or none for longer than a
 * record can be; only NULs are cut behind such an end. */
static size_t slow_kept(const struct heap *file)
{
    size_t text = file->n, end;
    if (file->n == 0 || file->at[file->n - 1] == '\r')
        return file->n;
    while (text > 0 && file->at[text - 1] == '\0')
        text--;
    end = text;
    while (end > 0 && text - end <= RECORD_MAX && file->at[end - 1] != '\r')
        end--;
    if (end > 0 && file->at[end - 1] == '\r' && text - end <= RECORD_MAX)
        return end;
    return text > RECORD_MAX + 1 ? text : file->n;
}

static struct chat *load(struct catalog *catalog, bool *noted)
{
    struct catalog_note *notes;
    const char *reason = catalog_load(catalog, folder, &notes);
    must(!reason, "%s", reason);
    *noted = notes != NULL;
    must(!notes || notes->error == 0, "%s: %s", notes->message, strerror(notes->error));
    catalog_notes_free(notes);
    struct chat *chat = catalog_find(catalog, span_of("x"));
    must(chat && catalog->n == 1, "the chat is not in the catalog");
    return chat;
}

/* Loads the folder and checks what became of the file. Gives what is in it now. */
static struct heap check_repair(const struct heap *original)
{
    struct catalog catalog;
    bool noted;
    size_t kept = slow_kept(original);
    load(&catalog, &noted);
    catalog_close(&catalog);
    struct heap file = get_file("x.chat"), torn = get_file("x.chat.torn");
    must(heap_is(&file, original->at, kept), "%zu bytes are kept, not %zu", file.n, kept);
    must(heap_is(&torn, original->at + kept, original->n - kept), "%zu bytes are torn, not %zu", torn.n,
         original->n - kept);
    must(noted || kept == original->n, "cut, and nothing is said");

    load(&catalog, &noted);
    catalog_close(&catalog);
    struct heap file_again = get_file("x.chat"), torn_again = get_file("x.chat.torn");
    must(heap_is(&file_again, file.at, file.n) && heap_is(&torn_again, torn.at, torn.n), "a second load cuts again");
    heap_free(&file_again);
    heap_free(&torn_again);
    heap_free(&torn);
    return file;
}

static void check_history(const struct catalog *catalog, struct chat *chat, const struct heap *file, uint32_t seed)
{
    struct history history;
    struct heap read = {0};
    int error = history_open(&history, &catalog->folder, chat);
    must(error == 0, "%s", strerror(error));
    must(history.committed == file->n, "%llu bytes, not %zu", (unsigned long long)history.committed, file->n);
    for (ssize_t n = 1; n > 0;) {
        char step[4096];
        n = history_read(&history, read.n, step, 1 + choose(&seed, file->n > 4096 ? 4096 : 64));
        must(n >= 0, "%s", strerror(errno));
        heap_add(&read, step, (size_t)n);
    }
    must(heap_is(&read, file->at, file->n), "%zu bytes were read of %zu", read.n, file->n);
    for (size_t i = 0; i < 64; i++) {
        size_t at = choose(&seed, (uint32_t)file->n + 3);
        bool begins = at == 0 || (at <= file->n && file->at[at - 1] == '\r');
        must(history_begins_at(&history, at) == begins, "a record begins at %zu, or not", at);
    }
    close(history_release(&history, chat));
    heap_free(&read);
}

/* ---- A room and one member, in lock-step. ---- */

struct show {
    struct room *room;
    struct session *session;
    struct limits limits;
    struct counters count;
    struct moment time;
    struct idle_rooms idle;
    struct list busy;
    int client; /* the member's end */
    bool gone;
    struct heap heard;
};

static struct scratch *scratch;

static bool hear(struct show *show)
{
    char step[65536];
    ssize_t n = recv(show->client, step, sizeof step, 0);
    if (n > 0)
        heap_add(&show->heard, step, (size_t)n);
    return n > 0;
}

/* Turns until nothing is left to do. */
static void run(struct show *show, bool input)
{
    struct desk *desk = &show->room->desk;
    struct list *link;
    for (int turns = 0;; turns++) {
        must(turns < TURNS_MOST, "it goes round and round");
        desk_finish(desk);
        list_remove(&desk->busy);
        while ((link = list_pop(&desk->changed))) {
            struct session *session = list_entry(link, struct session, changed);
            show->gone |= desk_gone(session);
            session->armed = session->want;
            session->watched = true;
        }
        bool heard = hear(show);
        bool out = !show->gone && (show->session->want & WANT_OUT);
        if (show->gone || (!heard && !out && !input && !desk_restless(desk)))
            break;
        desk_again(desk);
        if (out || input)
            desk_event(desk, show->session, (out ? EVENT_OUT : 0u) | (input ? EVENT_IN : 0u));
        input = false;
    }
    while (hear(show))
        ;
}

static void ask(struct show *show, int32_t request, const char *text, size_t n)
{
    char header[CLIENT_HEADER];
    protocol_client_header(header, request, n);
    must(send(show->client, header, sizeof header, 0) == (ssize_t)sizeof header &&
             send(show->client, text, n, 0) == (ssize_t)n,
         "%s", strerror(errno));
    run(show, true);
}

static void open_show(struct show *show, struct names *names, const struct catalog *catalog, struct chat *chat)
{
    int ends[2];
    *show = (struct show){.limits = {.max_message = MESSAGE_MAX_DEFAULT, .sync = SYNC_OS},
                          .time = {.now = 1000 * SECOND, .wall = 1750000000}};
    list_init(&show->idle.list);
    list_init(&show->busy);
    scratch = scratch ? scratch : calloc(1, sizeof *scratch);
    show->room = room_new(&show->limits, &catalog->folder, chat, &show->idle);
    must(scratch && show->room, "no memory");
    show->room->desk.scratch = scratch;
    show->room->desk.count = &show->count;
    show->room->desk.time = &show->time;
    show->room->desk.runner = &show->busy;
    must(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0, "%s", strerror(errno));
    show->session = session_new(ends[0], &door_wire);
    must(show->session, "no memory");
    show->session->name = names_claim(names, span_of("ann"));
    show->client = ends[1];
}

static void close_show(struct show *show, struct names *names)
{
    bool dirty;
    names_release(names, &show->session->name);
    close(show->session->fd);
    session_free(show->session);
    close(show->client);
    close(room_free(show->room, &dirty));
    heap_free(&show->heard);
}

/* Takes a frame off what was heard; *at goes on. */
static struct slow_frame next_frame(const struct show *show, size_t *at)
{
    struct slow_frame frame = {0};
    size_t n = slow_answer(show->heard.at + *at, show->heard.n - *at, &frame);
    must(n > 0, "no whole frame at %zu of %zu bytes", *at, show->heard.n);
    *at += n;
    return frame;
}

/* What follows at *at are the records of the file from `from` to its end; a run without an end comes in pieces. */
static void check_records(const struct show *show, size_t *at, const struct heap *file, size_t from)
{
    while (from < file->n) {
        size_t n = 0;
        while (from + n < file->n && n <= RECORD_MAX && file->at[from + n] != '\r')
            n++;
        bool whole = from + n < file->n && n <= RECORD_MAX;
        if (!whole && n > RECORD_MAX)
            n = RECORD_MAX;
        struct slow_frame frame = next_frame(show, at);
        must(frame.request == 6 && frame.response == 0, "{%d,%d} at %zu", frame.request, frame.response, from);
        must(frame.n == n && memcmp(frame.text, file->at + from, n) == 0, "%zu bytes of a record of %zu at %zu",
             frame.n, n, from);
        from += n + whole;
    }
}

/* Somebody enters, from some byte on, reads all, says something and leaves. `file` becomes what must be in it now. */
static void check_visit(const struct catalog *catalog, struct chat *chat, struct heap *file, size_t from,
                        const char *text, size_t n)
{
    struct names names = {0};
    struct show show;
    struct slow_frame frame;
    size_t at = 0;
    bool begins = from == 0 || (from <= file->n && file->at[from - 1] == '\r');
    open_show(&show, &names, catalog, chat);
    show.session->resume = from > 0;
    show.session->cursor = from;
    desk_take(&show.room->desk, show.session);
    run(&show, false);
    if (!begins) {
        must(show.gone && show.session->refused && show.session->next.to == LOBBY, "let in where no record begins");
        close_show(&show, &names);
        return;
    }
    frame = next_frame(&show, &at);
    must(frame.request == 2 && frame.response == 0 && frame.n == 1 && frame.text[0] == 'x', "{%d,%d}", frame.request,
         frame.response);
    check_records(&show, &at, file, from);
    must(at == show.heard.n, "%zu bytes too many", show.heard.n - at);

    ask(&show, SEND_MESSAGE, text, n);
    frame = next_frame(&show, &at);
    if (rules_text((struct span){text, n})) {
        must(frame.request == 3 && frame.response == 1, "{%d,%d} for a bad text", frame.request, frame.response);
    } else {
        must(frame.request == 6 && frame.response == 0 && frame.n == n + 22 && memcmp(frame.text, "ann\t", 4) == 0 &&
                 frame.text[21] == '\n' && memcmp(frame.text + 22, text, n) == 0,
             "{%d,%d} of %zu bytes for a text of %zu", frame.request, frame.response, frame.n, n);
        heap_add(file, frame.text, frame.n);
        heap_add(file, "\r", 1);
    }
    must(at == show.heard.n, "%zu bytes too many", show.heard.n - at);
    ask(&show, LEAVE_CHAT, "", 0);
    must(show.gone && show.session->next.to == LOBBY && at == show.heard.n, "it does not leave");
    close_show(&show, &names);
}

/* The file the input stands for. For endless.c a run about as long as a record can be is put into it. */
static struct heap make_file(const uint8_t *bytes, size_t n)
{
    struct heap file = {0};
    const char *text = (const char *)bytes + HEAD;
    size_t before = n - HEAD;
    heap_add(&file, "", 0);
#ifdef ENDLESS
    before = bytes[1] * before / 255;
    heap_add(&file, text, before);
    size_t length = RECORD_MAX - 8 + bytes[0] % 16u;
    char *run = malloc(length);
    must(run, "no memory");
    memset(run, bytes[0] & 16 ? 'x' : '\0', length);
    heap_add(&file, run, length);
    free(run);
    heap_add(&file, text + before, n - HEAD - before);
#else
    heap_add(&file, text, before);
#endif
    return file;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    struct catalog catalog;
    bool noted;
    if (n < HEAD || n > INPUT_MOST)
        return 0;
    if (!*folder)
        make_folder();
    struct heap original = make_file(bytes, n);
    put_file("x.chat", &original);
    struct heap file = check_repair(&original);
    heap_free(&original);

    struct chat *chat = load(&catalog, &noted);
    if (file.n > 0 && file.at[file.n - 1] != '\r')
        heap_add(&file, "\r", 1); /* a last record without an end gets one before anything is added */
    check_history(&catalog, chat, &file, bytes[2]);
    size_t from = bytes[2] & 1 ? bytes[2] * 3u : 0;
    check_visit(&catalog, chat, &file, from, (const char *)bytes, bytes[2] < n ? bytes[2] : n);
    check_visit(&catalog, chat, &file, 0, "words", 5);
    struct heap now = get_file("x.chat");
    must(heap_is(&now, file.at, file.n), "%zu bytes in the file, not %zu", now.n, file.n);
    heap_free(&now);
    catalog_close(&catalog);

    load(&catalog, &noted);
    must(!noted, "a file that was closed in order is repaired");
    catalog_close(&catalog);
    heap_free(&file);
    empty_folder();
    return 0;
}
