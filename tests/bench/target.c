/* Who is measured: the floor, or an architecture of the server, perhaps with so many threads. */
#include "tests/bench/target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { THREADS_MOST = 10000 };

/* This is the place to add an architecture to. */
const char *const plan_usual[] = {"conveyor", "async", "epoll", NULL};
const char *const plan_conjecture[] = {"conveyor", "async", "epoll", "blocking", NULL};

static const char baseline[] = "blocking";
static const char *const rival_names[RIVALS_MOST] = {"async", "epoll"};

static void add(struct plan *plan, const char *arch, unsigned threads)
{
    if (plan->n == TARGETS_MOST)
        return;
    struct target *target = &plan->targets[plan->n++];
    *target = (struct target){.threads = threads};
    snprintf(target->arch, sizeof target->arch, "%s", arch);
    if (!*arch)
        snprintf(target->label, sizeof target->label, "floor");
    else if (threads)
        snprintf(target->label, sizeof target->label, "%.20s:%u", arch, threads);
    else
        snprintf(target->label, sizeof target->label, "%s", arch);
}

void plan_fill(struct plan *plan, const char *const *names)
{
    for (; *names; names++)
        add(plan, *names, 0);
}

bool plan_add(struct plan *plan, const char *word)
{
    char arch[32];
    size_t n = strcspn(word, ":");
    char *end = NULL;
    unsigned long threads = 0;
    if (n == 0 || n >= sizeof arch || plan->n == TARGETS_MOST)
        return false;
    memcpy(arch, word, n);
    arch[n] = '\0';
    if (word[n] == ':') {
        threads = strtoul(word + n + 1, &end, 10);
        if (*end || threads == 0 || threads > THREADS_MOST)
            return false;
    }
    add(plan, arch, (unsigned)threads);
    return true;
}

struct plan plan_with_floor(const struct plan *plan)
{
    struct plan all = {0};
    add(&all, "", 0);
    for (size_t i = 0; i < plan->n; i++)
        add(&all, plan->targets[i].arch, plan->targets[i].threads);
    return all;
}

struct plan plan_spread(const struct plan *plan)
{
    unsigned cpus = (unsigned)sysconf(_SC_NPROCESSORS_ONLN);
    struct plan all = {0};
    add(&all, "", 0);
    for (size_t i = 0; i < plan->n; i++) {
        const struct target *target = &plan->targets[i];
        if (target->threads || strcmp(target->arch, "conveyor") != 0) {
            add(&all, target->arch, target->threads);
            continue;
        }
        add(&all, target->arch, 0);
        add(&all, target->arch, 1);
        if (cpus > 1 && cpus != 256)
            add(&all, target->arch, cpus);
        add(&all, target->arch, 256);
    }
    return all;
}

const char *target_threads_option(const struct target *target)
{
    return strcmp(target->arch, "conveyor") == 0 ? "--room-threads" : "--workers";
}

size_t plan_find(const struct plan *plan, const char *arch)
{
    size_t i = 0;
    while (i < plan->n && strcmp(plan->targets[i].arch, arch) != 0)
        i++;
    return i;
}

bool target_is_baseline(const struct target *target)
{
    return strcmp(target->arch, baseline) == 0;
}

size_t plan_baseline(const struct plan *plan)
{
    return plan_find(plan, baseline);
}

struct rivals plan_rivals(const struct plan *plan)
{
    struct rivals rivals = {0};
    for (size_t i = 0; i < RIVALS_MOST; i++) {
        size_t at = plan_find(plan, rival_names[i]);
        if (at < plan->n)
            rivals.at[rivals.n++] = at;
    }
    return rivals;
}

size_t plan_turn(const struct plan *plan, int round, size_t i)
{
    size_t step = round % 2 ? plan->n - 1 : 1;
    return (i * step + (size_t)round) % plan->n;
}
