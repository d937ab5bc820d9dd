/* Many clients in many rooms, coming and going while others write. */
#include "tests/harness/bots.h"
#include "tests/harness/census.h"
#include "tests/harness/crowd.h"
#include "tests/harness/rows.h"
#include "tests/system/scenarios.h"

static void check_and_finish(struct crowd *crowd)
{
    crowd_finish(crowd);
    crowd_check(crowd, false);
    crowd_check_all_stored(crowd);
    finish(crowd->server);
}

static void many_in_rooms(const struct trial *trial)
{
    struct server *server = start_plain(trial);
    struct bots *bots = bots_start(server, "--profile", "rooms", "--rooms", "20", "--members", "10", "--closed",
                                   "--threshold", "errors<=0");
    bots_talk(bots, scaled(1000000, 100000));
    bots_stop(bots);
    finish(server);
}

/* All in one room; a few of them write long texts, so that turns differ in size. */
static void many_in_one_room(const struct trial *trial)
{
    struct crowd crowd = crowd_make(start_plain(trial), 100, 1, scaled(20, 2), 40);
    for (size_t i = 0; i < crowd.n; i += 17)
        crowd.members[i].size = 5000;
    crowd_begin(&crowd);
    check_and_finish(&crowd);
}

/* Most only read; late ones come when much was said already. */
static void late_readers(const struct trial *trial)
{
    unsigned messages = scaled(2000, 100);
    struct crowd crowd = crowd_make(start_plain(trial), 40, 2, 0, 60);
    crowd.members[0].messages = crowd.members[1].messages = messages;
    for (size_t i = 20; i < crowd.n; i++) {
        crowd.members[i].visits = (unsigned)i % 5 + 2;
        crowd.members[i].continues = i % 2;
    }
    crowd_begin(&crowd);
    check_and_finish(&crowd);
}

/* Everybody wanders from chat to chat: enters one of them, writes, leaves, and all who are outside see new ones come. */
static void leaving_and_entering(const struct trial *trial)
{
    struct server *server = start_plain(trial);
    struct bots *bots = bots_start(server, "--profile", "thesis", "--clients", "60", "--least-chats", "6",
                                   "--leave-chance", "0.1", "--threshold", "errors<=0");
    bots_talk(bots, scaled(500000, 50000));
    bots_stop(bots);
    finish(server);
}

/* Every message is safe on the disk before it is shown. */
static void many_with_sync_always(const struct trial *trial)
{
    struct crowd crowd = crowd_make(start_with(trial, "--sync", "always"), 30, 3, scaled(20, 2), 40);
    crowd_begin(&crowd);
    check_and_finish(&crowd);
}

/* What every member who is still there has to read is what the files hold. */
static void expect_the_files(struct crowd *crowd)
{
    for (size_t i = 0; i < crowd->n; i++) {
        struct member *member = &crowd->members[i];
        member->expects = (unsigned)chat_file_read(server_chat_path(crowd->server, member->chat)).count;
    }
}

/* Some vanish with requests under way. The others lose nothing; of the vanished the file has the first so many. */
static void some_vanish(const struct trial *trial)
{
    struct crowd crowd = crowd_make(start_with(trial, "--room-linger", "0"), 80, 4, scaled(60, 6), 100);
    crowd_begin(&crowd);
    for (size_t i = 0; i < crowd.n; i++)
        crowd.members[i].expects = 0;
    for (size_t i = 0; i < crowd.n; i += 3) {
        crowd_run(&crowd, scaled(300, 50));
        if (i % 2)
            client_reset(crowd.members[i].client);
        else
            client_close(crowd.members[i].client);
        crowd.members[i].deaf = true;
    }
    crowd_finish(&crowd);
    census(crowd.server);
    expect_the_files(&crowd);
    crowd_finish(&crowd);
    crowd_check(&crowd, false);
    for (size_t i = 0; i < crowd.n; i++) {
        const struct member *member = &crowd.members[i];
        struct chat_file file = chat_file_read(server_chat_path(crowd.server, member->chat));
        unsigned stored = count_author(&file, member->name);
        check(member->heard <= stored && stored <= member->said, "%s has said %u and heard %u, the file has %u",
              member->name, member->said, member->heard, stored);
    }
    finish(crowd.server);
}

const struct scenario many_everywhere[] = {
    {"many_in_rooms", many_in_rooms}, {"many_in_one_room", many_in_one_room},           {"late_readers", late_readers},
    {"some_vanish", some_vanish},     {"many_with_sync_always", many_with_sync_always}, {0},
};

const struct scenario many_scenarios[] = {
    {"leaving_and_entering", leaving_and_entering},
    {0},
};
