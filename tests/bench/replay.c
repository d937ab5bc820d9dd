/* What reading a chat's history costs, beside a bare send of the same bytes. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/bench/figure.h"
#include "tests/bench/floor.h"
#include "tests/bench/load.h"
#include "tests/bench/sections.h"

enum {
    RECORD = 100, /* in the file, its end included */
    RECORDS = 64 * 1024 * 1024 / RECORD,
    FRAME = SERVER_HEADER + RECORD - 1,
    DIGITS = 8,
    PASSES = 16 /* the history is read so often in a run, and once before */
};

struct result {
    struct figure rate; /* MB/s, of what comes over the connection */
    struct figure cpu;  /* milliseconds of server CPU for 64 MiB of file */
    struct share share; /* CPUs the client took */
};

static void make_record(char to[RECORD], uint32_t number)
{
    static const char lead[] = "author\t12:34:56 01/02/26\n";
    char digits[DIGITS + 1];
    snprintf(digits, sizeof digits, "%08u", number % 100000000U);
    memset(to, '.', RECORD - 1);
    memcpy(to, lead, LEAD_BYTES);
    memcpy(to + LEAD_BYTES, digits, DIGITS);
    to[RECORD - 1] = RECORD_END;
}

static void make_file(const char *folder)
{
    struct path path;
    char record[RECORD];
    int n = snprintf(path.text, sizeof path.text, "%s/room-0000.chat", folder);
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

static void take(const struct client *client, const struct frame *frame, uint32_t due)
{
    uint32_t number = 0;
    if (frame->request != RECEIVE_MESSAGE || frame->response != SUCCESS || frame->n != RECORD - 1)
        load_wrong(client, frame, "a record");
    for (int i = 0; i < DIGITS; i++)
        number = 10 * number + (uint32_t)(frame->text[LEAD_BYTES + i] - '0');
    if (number != due)
        load_wrong(client, frame, "the next record");
}

static void read_all(struct client *client)
{
    struct reader reader;
    struct frame frame;
    uint32_t got = 0;
    while (got < RECORDS) {
        load_wait(client, "a record");
        if (load_read(client, &reader) == 0)
            bench_fail("client %u: the server closed after %u of %u records", client->id, got, (uint32_t)RECORDS);
        while (load_frame(&reader, &frame))
            take(client, &frame, got++);
        load_keep(client, &reader);
    }
}

/* The server answers the join, and each further one by a leave before it. */
static int64_t pass(struct client *client, bool server)
{
    int64_t begin = bench_now();
    load_send(client, CONNECT_CHAT, "room-0000");
    if (server)
        load_expect(client, CONNECT_CHAT, SUCCESS);
    read_all(client);
    int64_t took = bench_now() - begin;
    if (server) {
        load_send(client, LEAVE_CHAT, "");
        load_expect(client, GET_CHATS, SUCCESS);
    }
    return took;
}

static void measure(const struct process *process, bool server, struct result *result)
{
    struct client client;
    int64_t took = 0;
    load_connect(&client, 0, process);
    if (server) {
        load_send(&client, SET_NAME, "reader");
        load_expect(&client, SET_NAME, SUCCESS);
        load_expect(&client, GET_CHATS, SUCCESS);
    }
    pass(&client, server);
    double cpu = process_cpu(process);
    struct effort own = process_own_effort();
    for (int i = 0; i < PASSES; i++)
        took += pass(&client, server);
    double seconds = (double)took / 1e9;
    figure_add(&result->rate, (double)PASSES * RECORDS * FRAME / seconds / 1e6);
    figure_add(&result->cpu, 1e3 * (process_cpu(process) - cpu) / PASSES);
    struct effort after_own = process_own_effort();
    share_add(&result->share, &own, &after_own, seconds);
    load_close(&client);
}

static void run(const struct target *target, const char *chats, const char *frames, struct result *result)
{
    struct process process;
    bool server = *target->arch;
    if (server)
        process_start_server(&process, target, chats, NULL);
    else
        floor_start_replay(&process, frames, (size_t)RECORDS * FRAME);
    measure(&process, server, result);
    process_stop(&process);
}

static void print(const struct plan *plan, const struct result *results)
{
    printf("\nreplay: a chat of %u records of %u bytes, in the page cache, read by one client %u times a run\n",
           (uint32_t)RECORDS, (uint32_t)RECORD, (uint32_t)PASSES);
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
