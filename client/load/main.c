/* conveyor-load: puts a chat server under load and tells how it bore it. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "client/load/events.h"
#include "client/load/find_max.h"
#include "client/load/json.h"
#include "client/load/live.h"
#include "client/load/options.h"
#include "client/load/report.h"
#include "client/load/results.h"
#include "client/load/stop.h"

/* Whether the files can be written, and the folder be read, is known before the bots begin. */
static int try_files(const struct options *options)
{
    DIR *chats = options->chats ? opendir(options->chats) : NULL;
    if (options->chats && !chats)
        return program_fail(EXIT_FAILED, "%s: %s", options->chats, strerror(errno));
    if (chats)
        closedir(chats);
    const char *const paths[] = {options->json, options->hgrm};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        FILE *file = paths[i] ? fopen(paths[i], "we") : NULL;
        if (paths[i] && (!file || fclose(file) != 0))
            return program_fail(EXIT_FAILED, "%s: %s", paths[i], strerror(errno));
    }
    return EXIT_FINE;
}

static int write_files(const struct results *results)
{
    const struct options *options = results->options;
    if (options->json && !json_write(results, options->json))
        return program_fail(EXIT_FAILED, "%s: %s", options->json, strerror(errno));
    if (options->hgrm && !report_hgrm(results, options->hgrm))
        return program_fail(EXIT_FAILED, "%s: %s", options->hgrm, strerror(errno));
    return EXIT_FINE;
}

static bool drive(struct load *load, struct options *options, struct live *live, struct results *results, FILE *to)
{
    if (options->find_max)
        return find_max(load, options, live, results, to);
    live_begin(live, load);
    results->drained = load_run(load, options->phases, options->n_phases, live_watch, live);
    return results_take(results, load);
}

/* The bots' whole life. */
static int run(struct options *options, struct live *live, struct results *results, FILE *to)
{
    char complaint[LOAD_COMPLAINT];
    options->config.phases = options->n_phases;
    struct load *load = load_open(&options->config, live_watch, live, complaint);
    if (!load) {
        if (options->config.events)
            events_tester_caught(complaint);
        return program_fail(EXIT_FAILED, "%s", complaint);
    }
    report_begin(to, options);
    bool fine = drive(load, options, live, results, to);
    results->stopped = live->stop != 0;
    load_close(load);
    live_end(live);
    fine = fine && results_end(results, load);
    if (fine)
        load_compare(load, options->chats);
    load_free(load);
    if (!fine)
        return program_fail(EXIT_FAILED, "%s", strerror(ENOMEM));
    report_end(to, results);
    if (fflush(to) != 0 || ferror(to))
        return program_fail(EXIT_FAILED, "the results could not be written: %s", strerror(errno));
    int written = write_files(results);
    if (events_broken())
        return program_fail(EXIT_FAILED, "the log could not be written to its end: %s", strerror(events_broken()));
    return written ? written : results_exit(results);
}

int main(int argc, char **argv)
{
    static struct options options;
    static struct results results;
    struct live live;
    program_begin("conveyor-load");
    enum args_result read = options_read(&options, argc, argv);
    if (read != ARGS_RUN)
        return program_status(read);
    stop_listen();
    int code = EXIT_FAILED;
    if (!live_open(&live, &options) || !results_open(&results, &options))
        code = program_fail(EXIT_FAILED, "%s: %s", options.csv ? options.csv : "start", strerror(errno));
    else if (try_files(&options) == EXIT_FINE)
        code = run(&options, &live, &results, options.config.events ? stderr : stdout);
    if (!live_close(&live))
        code = program_fail(EXIT_FAILED, "%s: %s", options.csv, strerror(errno));
    results_close(&results);
    options_free(&options);
    return code;
}
