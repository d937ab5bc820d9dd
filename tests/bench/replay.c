/* What reading a chat's history costs, beside a bare send of the same bytes. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/clock.h"
#include "tests/bench/bots.h"
#include "tests/bench/figure.h"
#include "tests/bench/floor.h"
#include "tests/bench/sections.h"

enum {
    RECORD = 100, /* in the file, its end included */
    RECORDS = 64 * 1024 * 1024 / RECORD,
    FRAME = SERVER_HEADER + RECORD - 1,
    DIGITS = 8
};

#define FIRST (20 * MILLISECOND)
#define MEASURED (1500 * MILLISECOND)

struct result {
    struct figure rate; /* MB/s, of what comes over the connection */
    struct figure cpu;  /* milliseconds of server CPU for 64 MiB of file */
    struct share share; /* CPUs the bot took */
};

static void make_record(char to[RECORD], uint32_t number)
{
    static const char lead[] = "author\t12:34:56 01/02/26\n";
    char digits[DIGITS + 1];
    snprintf(digits, sizeof digits, "%08u", number % 100000000U);
    memset(to, '.', RECORD - 1);
    memcpy(to, lead, sizeof lead - 1);
    memcpy(to + sizeof lead - 1, digits, DIGITS);
    to[RECORD - 1] = RECORD_END;
}

static void make_file(const char *folder)
{
    struct path path;
    char record[RECORD], name[64];
    bots_chat(0, name);
    int n = snprintf(path.text, sizeof path.text, "%s/%s.chat", folder, name);
    FILE *file = n > 0 && (size_t)n < sizeof path.text ? fopen(path.text, "we") : NULL;
    for (uint32_t i = 0; file && i < RECORDS; i++) {
        make_record(record, i);
        fwrite(record, RECORD, 1, file);
    }
    if (!file || fclose(file) != 0)
        bench_fail("%s: %s", path.text, strerror(errno));
}

/* All that a server sends of the file. */
static char *make_frames(void)
{
    char *frames = bench_alloc((size_t)RECORDS * FRAME);
    char record[RECORD];
    for (uint32_t i = 0; i < RECORDS; i++) {
        char *frame = frames + (size_t)i * FRAME;
        make_record(record, i);
        protocol_server_header(frame, RECEIVE_MESSAGE, SUCCESS, RECORD - 1);
        memcpy(frame + SERVER_HEADER, record, RECORD - 1);
    }
    return frames;
}

/* Until time is over, and then the reading that is under way. The first one begins in a phase of its own: the bot writes down
 * what it is sent then, and compares from then on. */
static void measure(const struct process *process, struct result *result)
{
    struct load_phase phases[] = {{.length = FIRST, .value = 1}, {.length = MEASURED, .value = 1, .measured = true}};
    struct load_config config = bots_config(&profile_replay);
    struct tally tally, all;
    struct bots bots;
    config.clients = config.rooms = 1;
    config.closed = true;
    if (!tally_open(&tally) || !tally_open(&all))
        bench_fail("no memory");
    bots_open(&bots, &config, process);
    double cpu = process_cpu(process);
    bots_run(&bots, phases, 2, NULL, NULL);
    cpu = process_cpu(process) - cpu;
    load_tally(bots.load, 1, &tally);
    for (int phase = LOAD_BEFORE; phase <= load_after(bots.load); phase++)
        load_tally(bots.load, phase, &all);
    struct load_effort effort = load_effort(bots.load);
    const struct hist *took = &tally.times[KIND_REPLAY];
    if (hist_count(took) == 0 || tally_count(&all, COUNT_REPLAYED) != hist_count(&all.times[KIND_REPLAY]) * RECORDS)
        bench_fail("%s: %" PRIu64 " records came in %" PRIu64 " readings of %u", process->name,
                   tally_count(&all, COUNT_REPLAYED), hist_count(&all.times[KIND_REPLAY]), (uint32_t)RECORDS);
    figure_add(&result->rate, (double)RECORDS * FRAME / hist_mean(took));
    figure_add(&result->cpu, 1e3 * cpu / (double)hist_count(&all.times[KIND_REPLAY]));
    share_add(&result->share, &effort);
    bots_close(&bots);
    tally_close(&tally);
    tally_close(&all);
}

static void run(const struct target *target, const char *chats, const char *frames, struct result *result)
{
    struct process process;
    if (*target->arch)
        process_start_server(&process, target, chats, NULL);
    else
        floor_start_replay(&process, frames, (size_t)RECORDS * FRAME);
    measure(&process, result);
    process_stop(&process);
}

static void print(const struct plan *plan, const struct result *results)
{
    printf(
        "\nreplay: a chat of %u records of %u bytes, in the page cache, read by one bot for %.2f s again and again\n",
        (uint32_t)RECORDS, (uint32_t)RECORD, (double)MEASURED / SECOND);
    printf("    %-13s", "");
    figure_print_head("MB/s over the connection");
    figure_print_ratio_head("/ floor");
    figure_print_head("server CPU, ms a reading");
    figure_print_ratio_head("/ floor");
    share_print_head();
    putchar('\n');
    for (size_t t = 0; t < plan->n; t++) {
        printf("    %-13s", plan->targets[t].label);
        figure_print(&results[t].rate, 0);
        figure_print_ratio(&results[t].rate, t ? &results[0].rate : NULL);
        figure_print(&results[t].cpu, 1);
        figure_print_ratio(&results[t].cpu, t ? &results[0].cpu : NULL);
        share_print(&results[t].share);
        putchar('\n');
    }
}

void section_replay(const struct plan *plan)
{
    static struct result results[TARGETS_MOST];
    struct plan all = plan_with_floor(plan);
    struct path chats = scratch_folder();
    make_file(chats.text);
    char *frames = make_frames();
    for (int r = 0; r < figure_rounds; r++)
        for (size_t i = 0; i < all.n; i++) {
            size_t t = plan_turn(&all, r, i);
            run(&all.targets[t], chats.text, frames, &results[t]);
        }
    free(frames);
    scratch_remove(chats.text);
    print(&all, results);
}
