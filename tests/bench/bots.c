/* The bots: one thread of the load generator in the bench's own process, and what they find out about a server. */
#include "tests/bench/bots.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#include "client/load/mark.h"
#include "client/load/violation.h"

enum {
    SEED = 1,
    PHASES = 2,
    MOST = 1000000,
    RESERVE = 256 /* open files that are no clients */
};

struct load_config bots_config(const struct profile *profile)
{
    struct load_config config = {
        .profile = profile, .threads = 1, .seed = SEED, .phases = PHASES, .size = TEXT_BYTES, .verify = true};
    if (profile == &profile_thesis) { /* what `conveyor-load N` has */
        config.size = MARK_BYTES;
        config.least_chats = 4;
        config.create_chance = 0.002;
        config.leave_chance = 0.05;
    }
    return config;
}

void bots_chat(uint32_t room, char name[64])
{
    struct load_config config = bots_config(NULL);
    load_chat_name(&config, room, name);
}

/* Chats are files: empty ones are enough to have chats that nobody has written in. */
void bots_make_chats(const char *folder, uint32_t n)
{
    for (uint32_t room = 0; room < n; room++) {
        struct path path;
        char name[64];
        bots_chat(room, name);
        int length = snprintf(path.text, sizeof path.text, "%s/%s.chat", folder, name);
        FILE *file = length > 0 && (size_t)length < sizeof path.text ? fopen(path.text, "we") : NULL;
        if (!file || fclose(file) != 0)
            bench_fail("%s: %s", path.text, strerror(errno));
    }
}

/* ---- What must not be ---- */

static void name_errors(const struct load *load, char text[LOAD_COMPLAINT])
{
    int n = 0;
    *text = '\0';
    for (enum error i = 0; i < ERRORS && n < LOAD_COMPLAINT; i++)
        if (load_error(load, i))
            n += snprintf(text + n, LOAD_COMPLAINT - (size_t)n, "%s %s: %llu", n ? "," : "", error_names[i],
                          (unsigned long long)load_error(load, i));
}

static void check(const struct bots *bots, bool fine, const char *what)
{
    char errors[LOAD_COMPLAINT];
    const char *name = bots->process->name;
    bench_check();
    if (violation_sum())
        bench_fail("%s: delivery is violated: %s", name, violation_first());
    if (*violation_first_of_protocol())
        bench_fail("%s: the protocol is violated: %s", name, violation_first_of_protocol());
    if (load_errors(bots->load)) {
        name_errors(bots->load, errors);
        bench_fail("%s: errors of the bots:%s", name, errors);
    }
    if (!fine)
        bench_fail("%s: %s", name, what);
}

static bool look(void *with)
{
    (void)with;
    bench_check();
    return false;
}

/* ---- Leading them ---- */

void bots_open(struct bots *bots, struct load_config *config, const struct process *process)
{
    char address[32], complaint[LOAD_COMPLAINT];
    snprintf(address, sizeof address, "127.0.0.1:%u", process->port);
    const char *wrong = net_parse(address, &config->connect[0]);
    if (wrong)
        bench_fail("%s: %s", address, wrong);
    config->n_connect = 1;
    *bots = (struct bots){.load = load_open(config, look, NULL, complaint), .process = process};
    if (!bots->load)
        bench_fail("%s: %s", process->name, complaint);
    check(bots, true, "");
}

void bots_run(struct bots *bots, const struct load_phase *phases, size_t n, load_watch *watch, void *with)
{
    bool fine = load_run(bots->load, phases, n, watch ? watch : look, with);
    check(bots, fine, "not all that was said has been delivered");
}

void bots_close(struct bots *bots)
{
    bool fine = load_close(bots->load);
    check(bots, fine, "somebody was left without a goodbye");
    load_free(bots->load);
    bots->load = NULL;
}

uint32_t bots_most(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_NOFILE, &limit) < 0)
        bench_fail("getrlimit: %s", strerror(errno));
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    getrlimit(RLIMIT_NOFILE, &limit);
    if (limit.rlim_cur <= RESERVE)
        bench_fail("only %llu open files are allowed", (unsigned long long)limit.rlim_cur);
    return limit.rlim_cur - RESERVE > MOST ? MOST : (uint32_t)(limit.rlim_cur - RESERVE);
}
