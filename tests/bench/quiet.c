/* The path of a message must be quiet: allocations, log bytes and system calls while 100,000 messages pass. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/clock.h"
#include "tests/bench/allocations.h"
#include "tests/bench/bots.h"
#include "tests/bench/sections.h"
#include "tests/bench/trace.h"

enum {
    WARM_UP_MESSAGES = 1000, /* all within a millisecond: what grows with a backlog grows then */
    BURST = 1000000,
    MESSAGES = 100000,
    RATE = 20000, /* a second */
    MEMBERS = 10
};

static void open_room(struct bots *bots, const struct process *server)
{
    struct load_config config = bots_config(&profile_rooms);
    config.rooms = 1;
    config.members = config.senders = MEMBERS;
    bots_open(bots, &config, server);
}

/* Passes so many messages, so many a second; all have been delivered when this returns. */
static void pass(struct bots *bots, uint64_t messages, int64_t rate)
{
    struct load_phase phase = {.length = (int64_t)messages * SECOND / rate, .value = (double)rate, .measured = true};
    bots_run(bots, &phase, 1, NULL, NULL);
    if (load_count(bots->load, COUNT_SENT) != messages)
        bench_fail("%s: %" PRIu64 " messages were sent instead of %" PRIu64, bots->process->name,
                   load_count(bots->load, COUNT_SENT), messages);
}

static bool shim(struct path *path)
{
    static const char name[] = "allocations.so";
    ssize_t n = readlink("/proc/self/exe", path->text, sizeof path->text - sizeof name);
    if (n <= 0)
        return false;
    path->text[n] = '\0';
    char *slash = strrchr(path->text, '/');
    memcpy(slash + 1, name, sizeof name);
    return access(path->text, R_OK) == 0;
}

static struct allocations *map_counts(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (fd < 0 || ftruncate(fd, sizeof(struct allocations)) < 0)
        bench_fail("%s: %s", path, strerror(errno));
    void *mapped = mmap(NULL, sizeof(struct allocations), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (mapped == MAP_FAILED)
        bench_fail("%s: %s", path, strerror(errno));
    return mapped;
}

static void print_since(const struct allocations *now, const struct allocations *before, const char *what)
{
    printf("      %-32s %" PRIu64 " malloc, %" PRIu64 " calloc, %" PRIu64 " realloc, %" PRIu64 " aligned, %" PRIu64
           " free\n",
           what, now->mallocs - before->mallocs, now->callocs - before->callocs, now->reallocs - before->reallocs,
           now->aligned - before->aligned, now->frees - before->frees);
}

static struct allocations take_counts(const struct allocations *counts)
{
    return (struct allocations){.mallocs = counts->mallocs,
                                .callocs = counts->callocs,
                                .reallocs = counts->reallocs,
                                .aligned = counts->aligned,
                                .frees = counts->frees};
}

static int64_t log_bytes(const struct process *server)
{
    struct stat stat_;
    return stat(server->log.text, &stat_) < 0 ? 0 : stat_.st_size;
}

static void count_allocations(const struct target *target)
{
    struct process server;
    struct bots bots;
    struct path library, chats = scratch_folder(), file = scratch_path("allocations-%s", target->label);
    if (!shim(&library)) {
        printf("      SKIP: there is no %s\n", library.text);
        return;
    }
    struct allocations *counts = map_counts(file.text);
    setenv("ALLOCATIONS", file.text, 1);
    process_start_server(&server, target, chats.text, library.text);
    open_room(&bots, &server);
    struct allocations first = take_counts(counts);
    if (first.mallocs + first.callocs == 0)
        bench_fail("%s counts nothing in the server", library.text);
    pass(&bots, WARM_UP_MESSAGES, BURST);
    struct allocations warm = take_counts(counts);
    int64_t logged = log_bytes(&server);
    pass(&bots, MESSAGES, RATE);
    struct allocations last = take_counts(counts);
    logged = log_bytes(&server) - logged;
    bots_close(&bots);
    process_stop(&server);
    munmap(counts, sizeof *counts);
    scratch_remove(chats.text);
    printf("      %-32s %" PRId64 " bytes\n", "log, in the 100,000", logged);
    print_since(&warm, &first, "allocations, in the first 1,000");
    print_since(&last, &warm, "allocations, in the 100,000");
}

static void count_calls(const struct target *target)
{
    struct process server, strace;
    struct bots bots;
    struct path chats = scratch_folder(), table = scratch_path("strace-%s", target->label);
    process_start_server(&server, target, chats.text, NULL);
    open_room(&bots, &server);
    pass(&bots, WARM_UP_MESSAGES, BURST);
    if (trace_begin(&strace, &server, table.text)) {
        pass(&bots, MESSAGES, RATE);
        trace_end(&strace);
        trace_print(table.text, MESSAGES);
    }
    bots_close(&bots);
    process_stop(&server);
    scratch_remove(chats.text);
}

void section_quiet(const struct plan *plan)
{
    printf("\nquiet: %d messages, %d a second, a room of %d, all send; once\n", MESSAGES, RATE, MEMBERS);
    for (size_t a = 0; a < plan->n; a++) {
        printf("    %s\n", plan->targets[a].label);
        count_allocations(&plan->targets[a]);
        fflush(stdout);
        count_calls(&plan->targets[a]);
    }
}
