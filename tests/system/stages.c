/* Rooms and who runs them: few threads for many rooms, and rooms that start and stop all the time. */
#include <stdio.h>
#include <string.h>

#include "tests/harness/bots.h"
#include "tests/harness/census.h"
#include "tests/harness/crowd.h"
#include "tests/harness/rows.h"
#include "tests/system/scenarios.h"

/* Many rooms in use with so few threads for them; the conveyor runs just so many stages more than without rooms. */
static void few_threads(const struct trial *trial, const char *threads, unsigned most)
{
    enum { ROOMS = 12 };
    struct server *server = server_start(
        &(struct launch){.arch = trial->arch, .options = {"--room-threads", threads, "--room-linger", "0"}});
    long long before = census(server).stages;
    struct crowd crowd = crowd_make(server, 48, ROOMS, scaled(60, 6), 50);
    for (size_t i = 0; i < crowd.n; i++) {
        crowd.members[i].visits = (unsigned)i % 4 + 1;
        crowd.members[i].continues = i % 3 == 0;
    }
    crowd_begin(&crowd);
    crowd_finish(&crowd);
    struct count count = census(server);
    check(count.room == (long long)crowd.n, "%lld of %zu are counted in rooms", count.room, crowd.n);
    if (strcmp(trial->arch, "conveyor") == 0)
        check(count.stages == before + most, "%lld stages run for %d rooms, without rooms %lld", count.stages, ROOMS,
              before);
    crowd_check(&crowd, false);
    crowd_check_all_stored(&crowd);
    client_close_all(server);
    for (int64_t until = time_limit(); census_take(server).stages != before;)
        look_again(until, "the stages of empty rooms to end");
    finish(server);
}

static void one_room_thread(const struct trial *trial)
{
    few_threads(trial, "1", 1);
}

static void two_room_threads(const struct trial *trial)
{
    few_threads(trial, "2", 2);
}

/* Enters and leaves with everything pipelined, so that rooms become empty while somebody is on the way. */
static void ask_for_visits(struct bytes *requests, const char *name, unsigned visits, const char *const chats[],
                           size_t n)
{
    for (unsigned i = 0; i < visits; i++) {
        const char *chat = chats[i % n];
        frame_say(requests, CONNECT_CHAT, chat);
        if (i % 16 == 5)
            frame_say(requests, SEND_MESSAGE, trial_text("%s-%u", name, i));
        frame_say(requests, LEAVE_CHAT, "");
    }
}

/* Reads the answers to these visits: each begins with the right chat, shows its history, ends with the LIST. */
static void read_visits(struct client *client, const char *name, unsigned visits, const char *const chats[], size_t n)
{
    for (unsigned i = 0; i < visits; i++) {
        bool heard = false;
        struct frame got;
        client_expect(client, CONNECT_CHAT, SUCCESS, chats[i % n]);
        char *own = trial_text("\n%s-%u", name, i);
        while ((got = client_next(client)).request == RECEIVE_MESSAGE)
            heard |= got.n > strlen(own) && memcmp(got.text + got.n - strlen(own), own, strlen(own)) == 0;
        check(got.request == GET_CHATS && got.response == SUCCESS, "visit %u of %s ends with {%d,%d}", i, name,
              got.request, got.response);
        check(heard == (i % 16 == 5), "on visit %u %s has %s its own message", i, name, heard ? "heard" : "not heard");
    }
}

/* Starts and stops of rooms, by people who meet in them by chance. */
static void start_and_stop(const struct trial *trial, const char *threads, unsigned rounds)
{
    enum { PEOPLE = 8, CHATS = 5, ROUND = 50 };
    static const char *const chats[CHATS] = {"one", "two", "three", "four", "five"};
    struct server *server = server_start(&(struct launch){
        .arch = trial->arch, .options = {"--room-linger", "0", "--room-threads", threads, "--log-level", "warn"}});
    census(server);
    unsigned descriptors = server_descriptors(server);
    struct client *people[PEOPLE];
    people[0] = client_login(server, "p0");
    for (int i = 0; i < CHATS; i++)
        client_create(people[0], chats[i]);
    for (int i = 1; i < PEOPLE; i++)
        people[i] = client_login(server, trial_text("p%d", i));
    for (unsigned round = 0; round < rounds; round++) {
        for (int i = 0; i < PEOPLE; i++) {
            struct bytes requests = {0};
            ask_for_visits(&requests, trial_text("p%d-%u", i, round), ROUND, chats + i % 2, (size_t)(i % 4 + 1));
            client_write(people[i], requests.at, requests.n);
        }
        for (int i = 0; i < PEOPLE; i++)
            read_visits(people[i], trial_text("p%d-%u", i, round), ROUND, chats + i % 2, (size_t)(i % 4 + 1));
    }
    for (int i = 0; i < PEOPLE; i++)
        client_expect_nothing(people[i]);
    client_close_all(server);
    for (int64_t until = time_limit(); server_descriptors(server) != descriptors;)
        look_again(until, trial_text("%u descriptors, as at the start", descriptors));
    finish(server);
}

static void rooms_start_and_stop(const struct trial *trial)
{
    start_and_stop(trial, "256", scaled(12, 2));
}

/* With one thread at a time the next one starts while those before it may still be ending. */
static void one_thread_starts_and_stops(const struct trial *trial)
{
    start_and_stop(trial, "1", scaled(30, 2));
}

/* People vanish with many visits asked for, so that some are gone while they wait for a thread; who stays waits, too. */
static void one_thread_for_the_vanished(const struct trial *trial)
{
    enum { PEOPLE = 8, CHATS = 5, VISITS = 60, OWN = 20 };
    static const char *const chats[CHATS] = {"one", "two", "three", "four", "five"};
    struct server *server =
        server_start(&(struct launch){.arch = trial->arch, .options = {"--room-linger", "0", "--room-threads", "1"}});
    struct client *keeper = client_login(server, "keeper");
    for (int i = 0; i < CHATS; i++)
        client_create(keeper, chats[i]);
    for (unsigned round = 0, rounds = scaled(40, 4); round < rounds; round++) {
        struct client *people[PEOPLE];
        for (int i = 0; i < PEOPLE; i++) {
            struct bytes requests = {0};
            people[i] = client_login(server, trial_text("p%d-%u", i, round));
            ask_for_visits(&requests, "p", VISITS, chats, (size_t)i % CHATS + 1);
            client_push(people[i], requests.at, requests.n);
        }
        struct bytes own = {0};
        ask_for_visits(&own, trial_text("k%u", round), OWN, chats, CHATS);
        client_write(keeper, own.at, own.n);
        for (int i = 0; i < PEOPLE; i++)
            client_reset(people[i]);
        read_visits(keeper, trial_text("k%u", round), OWN, chats, CHATS);
    }
    finish(server);
}

/* The same with people who vanish: as they enter, inside, and as they leave. */
static void rooms_of_the_vanished(const struct trial *trial)
{
    struct server *server = start_with(trial, "--room-linger", "0");
    struct client *keeper = client_login(server, "keeper");
    struct bytes in = {0}, in_and_out = {0};
    client_create(keeper, "hall");
    frame_say(&in, CONNECT_CHAT, "hall");
    bytes_add(&in_and_out, in.at, in.n);
    frame_say(&in_and_out, LEAVE_CHAT, "");
    for (unsigned i = 0, n = scaled(300, 30); i < n; i++) {
        struct client *guest = client_login(server, trial_text("guest-%u", i));
        const struct bytes *asked = i % 3 ? &in : &in_and_out;
        client_write(guest, asked->at, asked->n);
        if (i % 4 == 1)
            client_expect(guest, CONNECT_CHAT, SUCCESS, "hall");
        if (i % 2)
            client_reset(guest);
        else
            client_close(guest);
        if (i % 8 == 0) {
            client_enter(keeper, "hall");
            client_leave(keeper);
        }
    }
    client_enter(keeper, "hall");
    client_message(keeper, "keeper", "all is well");
    finish(server);
}

/* Whole visits, all requests of each at once, under names that must be free when they are asked for again. */
static void visits_without_end(const struct trial *trial)
{
    struct server *server = start_with(trial, "--room-linger", "0");
    struct bots *bots = bots_start(server, "--profile", "churn", "--clients", "40", "--rooms", "8", "--ahead",
                                   "--threshold", "errors<=0");
    bots_come(bots, server, scaled(5000, 500));
    bots_stop(bots);
    finish(server);
}

/* Rooms linger: people come back while they do, and after. */
static void rooms_that_linger(const struct trial *trial)
{
    struct server *server = start_with(trial, "--room-linger", "20");
    struct client *ann = client_login(server, "ann");
    client_create(ann, "hall");
    for (unsigned i = 0, n = scaled(40, 8); i < n; i++) {
        client_enter_from(ann, 0, "hall");
        for (unsigned before = 0; before < i; before++)
            client_expect_record(ann, RECEIVE_MESSAGE, "ann", trial_text("ann-%u", before));
        client_message(ann, "ann", trial_text("ann-%u", i));
        client_leave(ann);
        client_fill(ann, now_ms() + i % 4 * 10); /* for as long as the room lingers, or shorter, or longer */
    }
    finish(server);
}

const struct scenario stages_everywhere[] = {
    {"rooms_start_and_stop", rooms_start_and_stop},
    {"rooms_of_the_vanished", rooms_of_the_vanished},
    {0},
};

const struct scenario stages_scenarios[] = {
    {"visits_without_end", visits_without_end},
    {"one_room_thread", one_room_thread},
    {"two_room_threads", two_room_threads},
    {"one_thread_starts_and_stops", one_thread_starts_and_stops},
    {"one_thread_for_the_vanished", one_thread_for_the_vanished},
    {"rooms_that_linger", rooms_that_linger},
    {0},
};
