/* Death and stop of the server under load: what anybody has seen is stored, and goes on after a restart. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/harness/bots.h"
#include "tests/harness/census.h"
#include "tests/harness/crowd.h"
#include "tests/harness/rows.h"
#include "tests/system/scenarios.h"

enum { PEOPLE = 40, ROOMS = 4 };

/* A newcomer is served exactly what the file holds. */
static void check_served(struct server *server, const char *chat)
{
    struct chat_file file = chat_file_read(server_chat_path(server, chat));
    struct client *newcomer = client_login(server, "newcomer");
    client_enter(newcomer, chat);
    for (size_t i = 0; i < file.count; i++)
        client_expect_bytes(newcomer, RECEIVE_MESSAGE, SUCCESS, file.records[i].at, file.records[i].n);
    client_expect_nothing(newcomer);
    client_quit(newcomer);
}

static void check_all_served(struct server *server)
{
    for (unsigned i = 0; i < ROOMS; i++)
        check_served(server, trial_text("room-%u", i));
}

/* ---- Bots that outlive the server: they come back to where it was. ---- */

/* An address that no other process uses, so that its port can be taken again whenever the server is started. */
static const char *own_address(void)
{
    unsigned pid = (unsigned)getpid();
    return trial_text("127.%u.%u.%u:5000", 64 | (pid >> 16 & 63), pid >> 8 & 255, pid & 255);
}

static struct server *start_there(const struct trial *trial)
{
    return server_start(&(struct launch){.arch = trial->arch, .options = {"--drain", "30", "--listen", own_address()}});
}

static struct bots *bots_who_come_back(struct server *server)
{
    return bots_start(server, "--connect", own_address(), "--profile", "rooms", "--rooms", "4", "--members", "10",
                      "--closed");
}

/* They have found in the files all that they were ever sent; and a newcomer is served just that. */
static void check_and_finish(struct server *server, struct bots *bots)
{
    struct dirent **entries;
    bots_settle(bots, server, PEOPLE);
    bots_stop(bots);
    int n = scandir(server->chats, &entries, NULL, alphasort), chats = 0;
    check(n >= 0, "the folder of chats can't be read");
    for (int i = 0; i < n; i++) {
        char *end = strstr(entries[i]->d_name, ".chat");
        bool is_chat = end && end[5] == '\0';
        char *name = trial_text("%.*s", end ? (int)(end - entries[i]->d_name) : 0, entries[i]->d_name);
        free(entries[i]);
        if (is_chat)
            check_served(server, name);
        chats += is_chat;
    }
    free(entries);
    check(chats == ROOMS, "%d chats instead of %d", chats, ROOMS);
    finish(server);
}

static void kill_under_load(const struct trial *trial)
{
    struct server *server = start_there(trial);
    struct bots *bots = bots_who_come_back(server);
    for (unsigned round = 0, n = scaled(4, 2); round < n; round++) {
        bots_talk(bots, scaled(300000, 30000));
        server_kill(server);
        server_restart(server);
    }
    check_and_finish(server, bots);
}

static void term_under_load(const struct trial *trial)
{
    struct server *server = start_there(trial);
    struct bots *bots = bots_who_come_back(server);
    for (unsigned round = 0; round < 2; round++) {
        bots_talk(bots, scaled(300000, 30000));
        server_stop(server);
        server_restart(server);
    }
    check_and_finish(server, bots);
}

/* ---- A crowd whose every connection is looked at as the server ends ---- */

static struct crowd endless_crowd(struct server *server)
{
    struct crowd crowd = crowd_make(server, PEOPLE, ROOMS, 0, 100);
    crowd.endless = true;
    crowd_begin(&crowd);
    return crowd;
}

static void check_stopped(struct crowd *crowd)
{
    struct server *server = crowd->server;
    crowd_read_out(crowd, true);
    int code = server_wait(server);
    check(code == 0, "under load the server ended with %d instead of 0", code);
    server_check_end(server);
    crowd_check(crowd, false);
}

static void interrupt_under_load(const struct trial *trial)
{
    struct server *server = start_with(trial, "--drain", "30");
    struct crowd crowd = endless_crowd(server);
    crowd_run(&crowd, scaled(20000, 1000));
    census_take(server);
    crowd_run(&crowd, 1000);
    server_signal(server, SIGINT);
    check_stopped(&crowd);
    server_restart(server);
    check_all_served(server);
    crowd_resume(&crowd);
    crowd.may_break = false;
    crowd_run(&crowd, 1000);
    client_close_all(server);
    census(server);
    server_stop(server);
    crowd_check(&crowd, false);
}

/* Every client, at whatever desk, reads what is due to it and then a proper end. */
static void term_at_every_desk(const struct trial *trial)
{
    struct server *server = start_with(trial, "--drain", "30");
    struct client *nameless = client_open(server);
    struct client *lobby = client_login(server, "lobby"), *room = client_login(server, "room");
    struct client *half = client_open(server), *half_closed = client_login(server, "half-closed");
    client_create(room, "hall");
    client_expect_list(lobby, "hall\n");
    client_expect_list(half_closed, "hall\n");
    client_enter(room, "hall");
    client_message(room, "room", "seen");
    client_enter(half_closed, "hall");
    client_expect_record(half_closed, RECEIVE_MESSAGE, "room", "seen");
    client_write(half, "\0\0\0\0\7", 5);
    client_expect_nothing(nameless);
    census(server);
    server_signal(server, SIGTERM);
    client_half_close(half_closed);
    client_expect_end(lobby);
    client_expect_end(room);
    client_expect_end(nameless);
    client_expect_end(half);
    client_expect_end(half_closed);
    int code = server_wait(server);
    check(code == 0, "the server ended with %d instead of 0", code);
    server_check_end(server);
}

/* Who is late still gets all that was committed before the stop. */
static void term_with_a_late_reader(const struct trial *trial)
{
    struct server *server = start_with(trial, "--drain", "30");
    struct crowd crowd = crowd_make(server, 4, 1, 0, 4000);
    crowd.members[0].messages = scaled(1500, 100);
    crowd_begin(&crowd);
    crowd_run(&crowd, 4);
    crowd.members[1].deaf = true;
    crowd_finish(&crowd);
    server_signal(server, SIGTERM);
    crowd.members[1].deaf = false;
    check_stopped(&crowd);
    const struct member *late = &crowd.members[1];
    check(late->stays[0].stream.count == crowd.members[0].messages,
          "the late reader got %zu of %u records before the end", late->stays[0].stream.count,
          crowd.members[0].messages);
}

/* Clients keep their place over a restart: what they have plus what they get is the file, once. */
static void continue_after_restart(const struct trial *trial)
{
    struct server *server = start_plain(trial);
    struct crowd crowd = crowd_make(server, 20, 2, 0, 60);
    for (size_t i = 0; i < crowd.n; i++)
        crowd.members[i].messages = scaled(60, 10);
    crowd_begin(&crowd);
    crowd_finish(&crowd);
    for (int round = 0; round < 3; round++) {
        client_close_all(server);
        census(server);
        server_stop(server);
        server_restart(server);
        for (size_t i = 0; i < crowd.n; i++) {
            struct member *member = &crowd.members[i];
            member->messages += i % 3 ? 10 : 0;
            member->visits = member->visit + 2;
        }
        for (size_t i = 0; i < crowd.n; i++) {
            struct member *member = &crowd.members[i];
            member->expects = 0;
            for (size_t other = 0; other < crowd.n; other++)
                member->expects += crowd.members[other].room == member->room ? crowd.members[other].messages : 0;
        }
        crowd_resume(&crowd);
        crowd_finish(&crowd);
    }
    crowd_check(&crowd, false);
    crowd_check_all_stored(&crowd);
    finish(server);
}

const struct scenario death_everywhere[] = {
    {"kill_under_load", kill_under_load},
    {"term_under_load", term_under_load},
    {"interrupt_under_load", interrupt_under_load},
    {"continue_after_restart", continue_after_restart},
    {0},
};

const struct scenario death_scenarios[] = {
    {"term_at_every_desk", term_at_every_desk},
    {"term_with_a_late_reader", term_with_a_late_reader},
    {0},
};
