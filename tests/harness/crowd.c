/* A crowd of clients, driven by one loop around poll. */
#define HARNESS
#include "tests/harness/crowd.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

enum { BATCH = 16, UNHEARD_MOST = 200 };

static void make_rooms(struct server *server, unsigned rooms)
{
    struct client *maker = client_login(server, "maker");
    for (unsigned i = 0; i < rooms; i++)
        client_create(maker, trial_text("room-%u", i));
    client_quit(maker);
}

struct crowd crowd_make(struct server *server, size_t members, unsigned rooms, unsigned messages, size_t size)
{
    struct crowd crowd = {.server = server, .n = members, .rooms = rooms};
    make_rooms(server, rooms);
    crowd.members = trial_alloc(members * sizeof *crowd.members);
    for (unsigned i = 0; i < members; i++) {
        struct member *member = &crowd.members[i];
        member->name = trial_text("m%u", i);
        member->room = i % rooms;
        member->chat = trial_text("room-%u", member->room);
        member->visits = 1;
        member->messages = messages;
        member->size = size;
    }
    return crowd;
}

/* Asks for its chat, from the beginning or from where it stopped; this begins the next stay. */
static void ask_to_enter(struct member *member)
{
    const struct visit *last = member->visit ? &member->stays[member->visit - 1] : NULL;
    struct visit *stay = &member->stays[member->visit];
    if (member->visit == VISITS_MOST)
        trial_fail("%s makes too many visits", member->name);
    stay->from = last && member->continues ? last->from + stream_length(&last->stream) : 0;
    if (stay->from == 0)
        member->heard = 0; /* what it said before, it hears again */
    member->phase = ENTERING;
    if (last && member->continues)
        frame_say(&member->out, CONNECT_FROM, trial_text("%zu\n%s", stay->from, member->chat));
    else
        frame_say(&member->out, CONNECT_CHAT, member->chat);
}

static void log_in(struct crowd *crowd, struct member *member)
{
    member->client = client_open_small(crowd->server, member->buffer);
    member->out.n = member->out_at = 0;
    frame_say(&member->out, SET_NAME, member->name);
    ask_to_enter(member);
}

void crowd_begin(struct crowd *crowd)
{
    for (size_t i = 0; i < crowd->n; i++) {
        struct member *member = &crowd->members[i];
        for (size_t other = 0; other < crowd->n; other++) {
            if (crowd->members[other].room == member->room)
                member->expects += crowd->members[other].messages;
        }
        log_in(crowd, member);
    }
}

void crowd_resume(struct crowd *crowd)
{
    for (size_t i = 0; i < crowd->n; i++) {
        struct member *member = &crowd->members[i];
        client_close(member->client);
        if (member->phase != ENTERING)
            member->visit++;
        member->continues = true;
        member->refused = 0;
        if (crowd->endless)
            member->heard = member->said; /* what was said to a dying server may never be heard */
        log_in(crowd, member);
    }
}

/* How many messages it has said when it may leave this visit. */
static unsigned quota(const struct crowd *crowd, const struct member *member)
{
    if (crowd->endless)
        return member->heard + member->refused + UNHEARD_MOST;
    if (member->visit + 1 >= member->visits)
        return member->messages;
    return (unsigned)((uint64_t)member->messages * (member->visit + 1) / member->visits);
}

static void speak(struct member *member)
{
    struct bytes text = {0};
    bytes_text(&text, "%s-%u ", member->name, member->said++);
    while (text.n < member->size)
        bytes_add(&text, "abcdefghijklmnop", member->size - text.n < 16 ? member->size - text.n : 16);
    frame_put(&member->out, SEND_MESSAGE, text.at, text.n);
    trial_free(text.at);
}

/* Puts more into `out` when all of it has gone. */
static void prepare(const struct crowd *crowd, struct member *member)
{
    if (member->out_at < member->out.n || member->phase != INSIDE)
        return;
    member->out.n = member->out_at = 0;
    for (int i = 0; i < BATCH && member->said < quota(crowd, member); i++)
        speak(member);
    if (member->said >= quota(crowd, member) && member->visit + 1 < member->visits) {
        frame_say(&member->out, LEAVE_CHAT, "");
        member->phase = LEAVING;
    }
}

static void wrong_frame(const struct member *member, const struct frame *got)
{
    static const char *const phases[] = {"entering", "inside", "leaving"};
    trial_fail("%s, %s %s on visit %u, got {%d,%d,\"%s\"}", member->name, phases[member->phase], member->chat,
               member->visit, got->request, got->response, shown(got->text, got->n));
}

/* One of its own came back: it must be the one whose answer is next. */
static void take_answer(struct member *member, const struct frame *got)
{
    const char *next = trial_text("\n%s-%zu ", member->name, member->answers.n);
    if (!memmem(got->text, got->n, next, strlen(next)))
        trial_fail("%s's answer %zu is '%s'", member->name, member->answers.n, shown(got->text, got->n));
    bytes_add(&member->answers, "s", 1);
}

static void take_refusal(struct crowd *crowd, struct member *member, const struct frame *got)
{
    size_t n = got->n < sizeof crowd->reason ? got->n : sizeof crowd->reason - 1;
    memcpy(crowd->reason, got->text, n);
    crowd->reason[n] = '\0';
    member->refused++;
    crowd->refusals++;
    if (crowd->keeps_answers && member->visit == 0)
        bytes_add(&member->answers, "r", 1);
}

static void take_record(struct crowd *crowd, struct member *member, const struct frame *got)
{
    size_t n = strlen(member->name);
    bool own = got->n > n && memcmp(got->text, member->name, n) == 0 && got->text[n] == '\t';
    stream_add(&member->stays[member->visit].stream, got->text, got->n);
    member->heard += own;
    crowd->records++;
    if (own && crowd->keeps_answers && member->visit == 0)
        take_answer(member, got);
}

static void take_frame(struct crowd *crowd, struct member *member, const struct frame *got)
{
    bool entering = member->phase == ENTERING;
    if (crowd->may_refuse && !entering && got->request == SEND_MESSAGE && got->response == FAILURE && got->n) {
        take_refusal(crowd, member, got);
        return;
    }
    if (got->response != SUCCESS)
        wrong_frame(member, got);
    if (got->request == RECEIVE_MESSAGE && !entering)
        take_record(crowd, member, got);
    else if (entering && (got->request == SET_NAME || got->request == GET_CHATS))
        return;
    else if (entering && got->request == CONNECT_CHAT)
        member->phase = INSIDE;
    else if (got->request == GET_CHATS && member->phase == LEAVING && member->heard + member->refused == member->said) {
        member->visit++;
        ask_to_enter(member);
    } else
        wrong_frame(member, got);
}

static void take_frames(struct crowd *crowd, struct member *member)
{
    struct frame got;
    while (client_frame(member->client, &got))
        take_frame(crowd, member, &got);
}

static bool is_open(const struct member *member)
{
    return member->client->fd >= 0 && member->client->end == NOT_ENDED;
}

static bool any_open(const struct crowd *crowd)
{
    for (size_t i = 0; i < crowd->n; i++) {
        if (is_open(&crowd->members[i]))
            return true;
    }
    return false;
}

static void write_some(const struct crowd *crowd, struct member *member)
{
    ssize_t sent = client_push(member->client, member->out.at + member->out_at, member->out.n - member->out_at);
    if (sent < 0 && !crowd->may_break)
        trial_fail("%s's connection is broken", member->name);
    if (sent < 0)
        member->out_at = member->out.n; /* the end will be read */
    else
        member->out_at += (size_t)sent;
}

static void read_some(struct crowd *crowd, struct member *member)
{
    client_fill(member->client, now_ms());
    take_frames(crowd, member);
    if (member->client->end != NOT_ENDED && !crowd->may_break)
        trial_fail("%s's connection was %s", member->name, member->client->end == ENDED ? "closed" : "reset");
}

/* Everything that can be done now, or a wait until something can be; `speaks`: new requests are made. */
static void step(struct crowd *crowd, bool speaks, int64_t until)
{
    static struct pollfd ready[4096];
    if (crowd->n > sizeof ready / sizeof *ready)
        trial_fail("the crowd is too large");
    for (size_t i = 0; i < crowd->n; i++) {
        struct member *member = &crowd->members[i];
        ready[i] = (struct pollfd){.fd = -1};
        if (!is_open(member))
            continue;
        if (speaks)
            prepare(crowd, member);
        bool writes = speaks && member->out_at < member->out.n;
        ready[i].events = (short)((member->deaf ? 0 : POLLIN) | (writes ? POLLOUT : 0));
        ready[i].fd = ready[i].events ? member->client->fd : -1;
    }
    if (poll(ready, (nfds_t)crowd->n, time_left(until)) == 0)
        trial_fail("the time is over: nothing comes, and nothing can be sent (%zu records were read)", crowd->records);
    for (size_t i = 0; i < crowd->n; i++) {
        struct member *member = &crowd->members[i];
        if (ready[i].revents & POLLOUT)
            write_some(crowd, member);
        if (ready[i].revents & (POLLIN | POLLHUP | POLLERR) && !member->deaf)
            read_some(crowd, member);
    }
}

static size_t known(const struct member *member)
{
    size_t count = member->stays[member->visit].stream.count;
    for (unsigned i = 0; member->continues && i < member->visit; i++)
        count += member->stays[i].stream.count;
    return count;
}

static bool is_content(const struct member *member)
{
    return member->deaf || (member->phase == INSIDE && member->said == member->messages &&
                            member->heard + member->refused == member->said && known(member) >= member->expects);
}

static bool all_content(const struct crowd *crowd)
{
    for (size_t i = 0; i < crowd->n; i++) {
        if (!is_content(&crowd->members[i]))
            return false;
    }
    return true;
}

void crowd_finish(struct crowd *crowd)
{
    while (!all_content(crowd))
        step(crowd, true, time_limit());
}

void crowd_run(struct crowd *crowd, size_t records)
{
    size_t enough = crowd->records + records;
    while (crowd->records < enough && (crowd->endless || !all_content(crowd)))
        step(crowd, true, time_limit());
}

void crowd_run_refused(struct crowd *crowd, size_t refusals)
{
    size_t enough = crowd->refusals + refusals;
    int64_t until = time_limit();
    while (crowd->refusals < enough) {
        if (now_ms() > until)
            trial_fail("the time is over, %zu messages were refused instead of %zu", crowd->refusals, enough);
        step(crowd, true, until);
    }
}

void crowd_run_for(struct crowd *crowd, int64_t ms)
{
    int64_t end = now_ms() + ms;
    do
        step(crowd, true, time_limit());
    while (now_ms() < end && any_open(crowd));
}

void crowd_be_quiet(struct crowd *crowd)
{
    crowd->endless = false;
    for (size_t i = 0; i < crowd->n; i++)
        crowd->members[i].messages = crowd->members[i].said;
    crowd_finish(crowd);
}

void crowd_run_to_end(struct crowd *crowd)
{
    int64_t until = time_limit();
    crowd->may_break = true;
    while (any_open(crowd)) {
        if (now_ms() > until)
            trial_fail("the time is over, and the server still serves (%zu records were read)", crowd->records);
        step(crowd, true, until);
    }
}

static void end(const struct member *member, bool cleanly)
{
    size_t rest = member->client->in.n - member->client->at;
    if (cleanly && member->client->end != ENDED)
        trial_fail("%s's connection was reset", member->name);
    if (cleanly && rest)
        trial_fail("%s got %zu bytes of a frame before the end", member->name, rest);
    client_close(member->client);
}

void crowd_read_out(struct crowd *crowd, bool cleanly)
{
    int64_t until = time_limit();
    bool more = true;
    crowd->may_break = true;
    while (more) {
        more = false;
        for (size_t i = 0; i < crowd->n; i++) {
            if (is_open(&crowd->members[i]))
                more = true;
            else if (crowd->members[i].client->fd >= 0)
                end(&crowd->members[i], cleanly);
        }
        if (more)
            step(crowd, false, until);
    }
}

static struct chat_file *read_files(const struct crowd *crowd, bool may_be_torn)
{
    struct chat_file *files = trial_alloc(crowd->rooms * sizeof *files);
    for (unsigned i = 0; i < crowd->rooms; i++) {
        const char *path = server_chat_path(crowd->server, trial_text("room-%u", i));
        files[i] = may_be_torn ? chat_file_read_torn(path) : chat_file_read(path);
    }
    return files;
}

void crowd_check(const struct crowd *crowd, bool may_be_torn)
{
    const struct chat_file *files = read_files(crowd, may_be_torn);
    for (size_t i = 0; i < crowd->n; i++) {
        const struct member *member = &crowd->members[i];
        for (unsigned v = 0; v <= member->visit && v < VISITS_MOST; v++) {
            const struct visit *stay = &member->stays[v];
            check_piece(&files[member->room], &stay->stream, (long)stay->from, member->name);
        }
    }
}

void crowd_check_answers(const struct crowd *crowd)
{
    const struct chat_file *files = read_files(crowd, false);
    size_t shown_ones = 0, stored = 0;
    for (size_t i = 0; i < crowd->n; i++) {
        const struct member *member = &crowd->members[i];
        if (member->answers.n != member->said)
            trial_fail("%s sent %u messages and got %zu answers", member->name, member->said, member->answers.n);
        shown_ones += check_author_said(&files[member->room], member->name, member->answers.at, member->said);
    }
    for (unsigned i = 0; i < crowd->rooms; i++)
        stored += files[i].count;
    if (shown_ones != stored)
        trial_fail("%zu messages were shown, the files hold %zu", shown_ones, stored);
}

void crowd_check_all_stored(const struct crowd *crowd)
{
    const struct chat_file *files = read_files(crowd, false);
    size_t said = 0, stored = 0;
    for (size_t i = 0; i < crowd->n; i++) {
        check_author(&files[crowd->members[i].room], crowd->members[i].name, crowd->members[i].said);
        said += crowd->members[i].said;
    }
    for (unsigned i = 0; i < crowd->rooms; i++)
        stored += files[i].count;
    if (said != stored)
        trial_fail("%zu messages were sent, the files hold %zu", said, stored);
}
