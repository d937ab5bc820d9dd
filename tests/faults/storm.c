/* Hand-overs, starts and stops of rooms, and claims of names, by the hundred thousand. */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "tests/faults/scenarios.h"
#include "tests/faults/strace.h"
#include "tests/harness/census.h"
#include "tests/harness/client.h"
#include "tests/harness/rows.h"

static bool has_stages(const struct trial *trial)
{
    return strcmp(trial->arch, "conveyor") == 0;
}

/* Every room has a stage of its own, and loses it with its last person. */
static struct launch own_stages(const struct trial *trial)
{
    return (struct launch){.arch = trial->arch, .options = {"--room-linger", "0", "--room-threads", "256"}};
}

/* --- Hand-overs. --- */

enum { PAGE = 4096 };

/* Gives the pipes that the server has now, the belts of its line, a page each: with so many people they are full at times. */
static void shrink_belts(const struct server *server)
{
    unsigned pipes = 0;
    DIR *folder = opendir(trial_text("/proc/%d/fd", (int)server->pid));
    check(folder, "the server's descriptors can't be read");
    for (struct dirent *entry; (entry = readdir(folder));) {
        char target[16] = "";
        if (readlinkat(dirfd(folder), entry->d_name, target, sizeof target - 1) < 0 || strncmp(target, "pipe:", 5) != 0)
            continue;
        int fd = openat(dirfd(folder), entry->d_name, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        check(fd >= 0 && fcntl(fd, F_SETPIPE_SZ, PAGE) == PAGE, "a belt can't be made small");
        close(fd);
        pipes++;
    }
    closedir(folder);
    check(pipes > 0, "the server has no pipe");
}

enum { ROOMS = 50, PEOPLE = 400, ROUND = 25, SAYS = 3 };

/* People who walk from room to room with everything pipelined, so that rooms become empty while somebody is on the way. */
struct storm {
    struct server *server;
    char *chats[ROOMS];
    struct bytes list;
    struct bytes shown[ROOMS]; /* the most that anybody was shown of the chat, in the file's form */
    struct client *people[PEOPLE];
    unsigned visits; /* of everybody */
    unsigned said;   /* messages, all together */
};

/* Where a person goes on a visit; each walks at a pace of its own. */
static unsigned room_of(unsigned person, unsigned visit)
{
    return (person + visit * (1 + person % 7)) % ROOMS;
}

/* Everybody speaks a few times only: each visit is shown all that was ever said there. */
static bool speaks(const struct storm *storm, unsigned person, unsigned visit)
{
    unsigned every = storm->visits / SAYS ? storm->visits / SAYS : 1;
    return visit % every == person % every;
}

static const char *text_of(unsigned person, unsigned visit)
{
    static char text[32];
    snprintf(text, sizeof text, "p%u-%u", person, visit);
    return text;
}

static void ask_for_visits(struct storm *storm, unsigned person, unsigned first, unsigned end, struct bytes *requests)
{
    requests->n = 0;
    for (unsigned visit = first; visit < end; visit++) {
        frame_say(requests, CONNECT_CHAT, storm->chats[room_of(person, visit)]);
        if (speaks(storm, person, visit)) {
            frame_say(requests, SEND_MESSAGE, text_of(person, visit));
            storm->said++;
        }
        frame_say(requests, LEAVE_CHAT, "");
    }
}

/* The record behind the first `at` bytes of the chat: the one that others were shown there, or one that nobody knew. */
static size_t check_record(struct bytes *shown, size_t at, const struct frame *record, const char *chat)
{
    if (at == shown->n) {
        bytes_add(shown, record->text, record->n);
        bytes_add(shown, "\r", 1);
    }
    check(shown->n - at > record->n && memcmp(shown->at + at, record->text, record->n) == 0 &&
              shown->at[at + record->n] == '\r',
          "at byte %zu of %s somebody was shown another record than others before", at, chat);
    return at + record->n + 1;
}

/* The answers to one visit, to the byte: the chat, all of its history with what was said here, the LIST. */
static void read_visit(struct storm *storm, unsigned person, unsigned visit)
{
    unsigned room = room_of(person, visit);
    struct client *client = storm->people[person];
    const char *own = text_of(person, visit);
    size_t at = 0, length = strlen(own);
    bool heard = false;
    struct frame got;
    client_expect(client, CONNECT_CHAT, SUCCESS, storm->chats[room]);
    while ((got = client_next(client)).request == RECEIVE_MESSAGE) {
        check(got.response == SUCCESS, "a record comes as a failure");
        at = check_record(&storm->shown[room], at, &got, storm->chats[room]);
        heard |= got.n > length && got.text[got.n - length - 1] == '\n' &&
                 memcmp(got.text + got.n - length, own, length) == 0;
    }
    check(got.request == GET_CHATS && got.response == SUCCESS && got.n == storm->list.n &&
              memcmp(got.text, storm->list.at, got.n) == 0,
          "visit %u of p%u ends with {%d,%d,\"%s\"}", visit, person, got.request, got.response, shown(got.text, got.n));
    check(heard == speaks(storm, person, visit), "on visit %u p%u has %s its own message", visit, person,
          heard ? "heard" : "not heard");
}

static void storm_begin(struct storm *storm, struct server *server, unsigned visits)
{
    *storm = (struct storm){.server = server, .visits = visits};
    storm->people[0] = client_login(server, "p0");
    for (unsigned i = 0; i < ROOMS; i++) {
        storm->chats[i] = trial_text("room-%u", i);
        bytes_text(&storm->list, "room-%u\n", i);
        client_create(storm->people[0], storm->chats[i]);
    }
    for (unsigned i = 1; i < PEOPLE; i++)
        storm->people[i] = client_login(server, trial_text("p%u", i));
}

static void storm_blow(struct storm *storm)
{
    struct bytes requests = {0};
    for (unsigned visit = 0, end; visit < storm->visits; visit = end) {
        end = visit + ROUND < storm->visits ? visit + ROUND : storm->visits;
        for (unsigned i = 0; i < PEOPLE; i++) {
            ask_for_visits(storm, i, visit, end, &requests);
            client_write(storm->people[i], requests.at, requests.n);
        }
        for (unsigned i = 0; i < PEOPLE; i++)
            for (unsigned v = visit; v < end; v++)
                read_visit(storm, i, v);
    }
}

/* What a desk has counted, by the records that come with a census. */
static double arrivals_at(struct server *server, const char *desk)
{
    double arrivals = -1;
    census_take(server);
    while (arrivals < 0) {
        cJSON *record = server_wait_record(server, "Stage");
        const cJSON *data = cJSON_GetObjectItem(record, "data");
        if (strcmp(cJSON_GetStringValue(cJSON_GetObjectItem(data, "name")), desk) == 0)
            arrivals = cJSON_GetNumberValue(cJSON_GetObjectItem(data, "arrivals"));
        cJSON_Delete(record);
    }
    return arrivals;
}

/* Every visit took place, all that was said is stored once, and what was shown is how the file begins. */
static void storm_check(struct storm *storm)
{
    size_t records = 0;
    for (unsigned i = 0; i < PEOPLE; i++)
        client_expect_nothing(storm->people[i]);
    double arrivals = arrivals_at(storm->server, "room");
    check(arrivals == (double)storm->visits * PEOPLE, "the rooms saw %.0f of %.0f arrivals", arrivals,
          (double)storm->visits * PEOPLE);
    for (unsigned i = 0; i < ROOMS; i++) {
        struct bytes file = file_read(server_chat_path(storm->server, storm->chats[i]));
        const struct bytes *shown_ = &storm->shown[i];
        check(shown_->n <= file.n && (shown_->n == 0 || memcmp(shown_->at, file.at, shown_->n) == 0),
              "what was shown of %s is not how its file begins", storm->chats[i]);
        for (size_t at = 0; at < file.n; at++)
            records += file.at[at] == '\r';
    }
    check(records == storm->said, "%u messages were said, the files hold %zu", storm->said, records);
}

/* A visit is two hand-overs. Rooms end the moment they are empty. */
static void hand_over_storm(const struct trial *trial)
{
    struct storm storm;
    struct launch launch = own_stages(trial);
    struct server *server = server_start(&launch);
    shrink_belts(server);
    storm_begin(&storm, server, scaled(1000000, 10000) / 2 / PEOPLE);
    storm_blow(&storm);
    storm_check(&storm);
    finish(server);
}

static unsigned delayed_calls(const struct strace *strace, const struct server *server)
{
    unsigned n = 0;
    strace_injected_in_all(strace, server->ran_as); /* all is said now; a delay has a word of its own */
    struct bytes log = file_read(strace->log);
    for (const char *at = log.at; (at = strstr(at, "(DELAYED)")); at++)
        n++;
    return n;
}

/* The same, while every call of a kind takes its time: what is wrong between two of them has a long while to show. */
static void slowed_storm(const struct trial *trial, const char *rule, bool in_belts)
{
    enum { LEAST = 10 * PEOPLE };
    struct storm storm;
    struct strace strace = {.inject = {rule}};
    struct launch launch = own_stages(trial);
    unsigned hand_overs = scaled(10 * LEAST, LEAST);
    strace_launch(&strace, &launch);
    struct server *server = server_start(&launch);
    shrink_belts(server);
    storm_begin(&storm, server, hand_overs / 2 / PEOPLE);
    storm_blow(&storm);
    storm_check(&storm);
    finish(server);
    unsigned slowed = delayed_calls(&strace, server);
    unsigned least = has_stages(trial) ? (in_belts ? ROOMS : hand_overs) : (in_belts ? 0 : PEOPLE);
    check(slowed >= least, "%u calls were slowed, expected are %u at least", slowed, least);
}

static void storm_with_slow_epoll_ctl(const struct trial *trial)
{
    slowed_storm(trial, "epoll_ctl:delay_enter=200", false);
}

/* The writer lingers behind its write: the next stage has the session meanwhile. */
static void storm_with_slow_belts(const struct trial *trial)
{
    slowed_storm(trial, "write:delay_exit=1000", true);
}

/* --- Rooms. --- */

static unsigned threads_of(const struct server *server)
{
    unsigned n = 0;
    DIR *folder = opendir(trial_text("/proc/%d/task", (int)server->pid));
    check(folder, "the server's threads can't be counted");
    for (struct dirent *entry; (entry = readdir(folder));)
        n += entry->d_name[0] != '.';
    closedir(folder);
    return n;
}

/* Everybody goes into a room of its own and out again: so many rooms start, and so many stop before the next round. */
static void rooms_by_the_hundred_thousand(const struct trial *trial)
{
    struct storm storm;
    struct launch launch = own_stages(trial);
    struct server *server = server_start(&launch);
    long long stages = census(server).stages;
    unsigned descriptors = server_descriptors(server), threads = threads_of(server);
    storm_begin(&storm, server, 0);
    for (unsigned round = 0, rounds = scaled(100000, 1000) / ROOMS; round < rounds; round++) {
        for (unsigned i = 0; i < ROOMS; i++)
            client_say(storm.people[i], CONNECT_CHAT, storm.chats[i]);
        for (unsigned i = 0; i < ROOMS; i++)
            client_expect(storm.people[i], CONNECT_CHAT, SUCCESS, storm.chats[i]);
        unsigned running = threads_of(server) - threads, expected = has_stages(trial) ? ROOMS : 0;
        check(running == expected, "%u threads run %u rooms", running, ROOMS);
        for (unsigned i = 0; i < ROOMS; i++)
            client_say(storm.people[i], LEAVE_CHAT, "");
        for (unsigned i = 0; i < ROOMS; i++)
            client_expect_list(storm.people[i], storm.list.at);
        for (int64_t until = time_limit(); threads_of(server) != threads;)
            look_again(until, "the threads of empty rooms to end");
    }
    client_close_all(server);
    for (int64_t until = time_limit(); server_descriptors(server) != descriptors;)
        look_again(until, trial_text("%u descriptors, as at the start", descriptors));
    long long left = census(server).stages;
    check(left == stages, "%lld stages run, at the start %lld", left, stages);
    finish(server);
}

/* --- Names. --- */

enum { RACERS = 1000 };

struct race {
    struct server *server;
    struct client *racers[RACERS];
    struct bytes claim, goodbye;
    int holder; /* -1: nobody */
};

static void push_whole(struct client *client, const struct bytes *bytes)
{
    ssize_t sent = client_push(client, bytes->at, bytes->n);
    check(sent == (ssize_t)bytes->n, "a request of %zu bytes does not fit into a socket", bytes->n);
}

/* Everybody else claims the name at once, and half-way the holder, if it is to leave, says goodbye. How many got it. */
static unsigned claim_at_once(struct race *race, bool leaves)
{
    unsigned got_it = 0;
    int holder = race->holder;
    for (int i = 0; i < RACERS; i++) {
        if (leaves && i == RACERS / 2)
            push_whole(race->racers[holder], &race->goodbye);
        if (i != holder)
            push_whole(race->racers[i], &race->claim);
    }
    if (leaves) {
        client_expect(race->racers[holder], DISCONNECT, SUCCESS, "");
        client_expect_end(race->racers[holder]);
        race->racers[holder] = client_open(race->server);
        race->holder = -1;
    }
    for (int i = 0; i < RACERS; i++) {
        if (i == holder)
            continue;
        struct frame got = client_next(race->racers[i]);
        bool taken = got.response == FAILURE;
        check(got.request == SET_NAME && got.n == (taken ? strlen(SAY_NAME_TAKEN) : 0) &&
                  (!taken || memcmp(got.text, SAY_NAME_TAKEN, got.n) == 0),
              "a claim is answered by {%d,%d,\"%s\"}", got.request, got.response, shown(got.text, got.n));
        if (taken)
            continue;
        client_expect_list(race->racers[i], "");
        got_it++;
        race->holder = i;
    }
    return got_it;
}

static void allow_descriptors(void)
{
    struct rlimit limit;
    check(getrlimit(RLIMIT_NOFILE, &limit) == 0, "the limit on open files can't be read");
    limit.rlim_cur = limit.rlim_max;
    if (setrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur < 2 * RACERS)
        trial_skip("only %llu files may be open", (unsigned long long)limit.rlim_cur);
}

/* A thousand claims of a name that is free, that is taken, and that becomes free among them: there is one holder, or none. */
static void racing_claims(const struct trial *trial)
{
    struct race race = {.holder = -1};
    allow_descriptors();
    race.server = start_plain(trial);
    frame_say(&race.claim, SET_NAME, "crown");
    frame_say(&race.goodbye, DISCONNECT, "");
    for (int i = 0; i < RACERS; i++)
        race.racers[i] = client_open(race.server);
    for (unsigned round = 0, rounds = scaled(20, 2); round < rounds; round++) {
        unsigned got_it = claim_at_once(&race, false);
        check(got_it == 1, "%u of %d got a name that was free", got_it, RACERS);
        got_it = claim_at_once(&race, false);
        check(got_it == 0, "%u got a name that somebody has", got_it);
        got_it = claim_at_once(&race, true);
        check(got_it <= 1, "%u got the name that one gave back", got_it);
        if (race.holder >= 0) {
            client_quit(race.racers[race.holder]);
            race.racers[race.holder] = client_open(race.server);
            race.holder = -1;
        }
    }
    finish(race.server);
}

/* Whoever has read its goodbye knows that its name is free: somebody else gets it at the first attempt. It left from the
 * lobby, from a room, or with all it ever asked for in one write. */
static void name_free_at_once(const struct trial *trial)
{
    enum { WAYS_OUT = 3 };
    struct server *server = start_plain(trial);
    struct client *gone = NULL, *next = client_open(server), *keeper = client_login(server, "keeper");
    struct bytes claim = {0}, out[WAYS_OUT] = {0};
    client_create(keeper, "hall");
    frame_say(&claim, SET_NAME, "ann");
    for (int way = 1; way < WAYS_OUT; way++)
        frame_say(&out[way], CONNECT_CHAT, "hall");
    for (int way = 0; way < WAYS_OUT; way++)
        frame_say(&out[way], DISCONNECT, "");
    for (unsigned i = 0, n = scaled(100000, 1000); i < n; i++) {
        unsigned way = i % WAYS_OUT;
        struct client *holder = next;
        next = client_open(server);
        client_write(holder, claim.at, claim.n);
        if (way == 2)
            client_write(holder, out[way].at, out[way].n);
        client_expect(holder, SET_NAME, SUCCESS, ""); /* at the first attempt */
        client_expect_list(holder, "hall\n");
        if (gone)
            client_expect_end(gone);
        if (way != 2)
            client_write(holder, out[way].at, out[way].n);
        if (way != 0)
            client_expect(holder, CONNECT_CHAT, SUCCESS, "hall");
        client_expect(holder, DISCONNECT, SUCCESS, "");
        gone = holder;
    }
    finish(server);
}

const struct scenario storm_faults[] = {
    {"hand_over_storm", hand_over_storm},
    {"rooms_by_the_hundred_thousand", rooms_by_the_hundred_thousand},
    {"racing_claims", racing_claims},
    {"name_free_at_once", name_free_at_once},
    {0},
};

const struct scenario storm_traced[] = {
    {"storm_with_slow_epoll_ctl", storm_with_slow_epoll_ctl},
    {"storm_with_slow_belts", storm_with_slow_belts},
    {0},
};
