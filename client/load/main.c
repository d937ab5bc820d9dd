/* conveyor-load: puts a chat server under load and tells how it bore it. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/load/events.h"
#include "client/load/find_max.h"
#include "client/load/json.h"
#include "client/load/live.h"
#include "client/load/options.h"
#include "client/load/report.h"
#include "client/load/results.h"
#include "client/load/stop.h"

/* Opened to see whether it can be written; what it holds stays until there is something better. A pipe is opened once: its reader
 * goes when it is closed. */
static bool try_file(const char *path, struct stat *about)
{
    if (stat(path, about) == 0 && !S_ISREG(about->st_mode))
        return access(path, W_OK) == 0;
    FILE *file = fopen(path, "ae");
    bool fine = file && fstat(fileno(file), about) == 0;
    if (file)
        fclose(file);
    return fine;
}

static int complain_of(const char *path)
{
    return program_fail(EXIT_FAILED, "%s: %s", path, strerror(errno));
}

/* Whether the files can be written, and the folder be read, is known before the bots begin. */
static int try_files(const struct options *options)
{
    DIR *chats = options->chats ? opendir(options->chats) : NULL;
    if (options->chats && !chats)
        return complain_of(options->chats);
    if (chats)
        closedir(chats);
    const char *const paths[] = {options->json, options->hgrm, options->csv};
    struct stat about[sizeof paths / sizeof *paths] = {0};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        if (paths[i] && !try_file(paths[i], &about[i]))
            return complain_of(paths[i]);
        for (size_t j = 0; j < i && paths[i] && S_ISREG(about[i].st_mode); j++)
            if (about[i].st_dev == about[j].st_dev && about[i].st_ino == about[j].st_ino)
                return program_fail(EXIT_USAGE, "two results can't be written to one file, '%s'", paths[i]);
    }
    return EXIT_FINE;
}

/* All that is wanted of the results; what the program ends with. The JSON has that too, so it comes last. */
static int write_results(const struct results *results, struct live *live, FILE *to)
{
    const struct options *options = results->options;
    int code = results_exit(results);
    report_end(to, results);
    if (fflush(to) != 0 || ferror(to))
        code = program_fail(EXIT_FAILED, "the results could not be written: %s", strerror(errno));
    if (!live_close(live))
        code = complain_of(options->csv);
    if (options->hgrm && !report_hgrm(results, options->hgrm))
        code = complain_of(options->hgrm);
    if (events_broken())
        code = program_fail(EXIT_FAILED, "the log could not be written to its end: %s",
                            events_broken() == EAGAIN ? "nobody reads it" : strerror(events_broken()));
    if (options->json && !json_write(results, code, options->json))
        code = complain_of(options->json);
    return code;
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
    bool all_answered = load_close(load);
    if (!options->find_max) /* its last rate is the one that is too much */
        results->drained = results->drained && all_answered;
    live_end(live);
    fine = fine && results_end(results, load);
    if (fine)
        load_compare(load, options->chats);
    load_free(load);
    if (!fine)
        return program_fail(EXIT_FAILED, "%s", strerror(ENOMEM));
    return write_results(results, live, to);
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
        code = program_fail(EXIT_FAILED, "start: %s", strerror(errno));
    else if ((code = try_files(&options)) == EXIT_FINE)
        code = run(&options, &live, &results, options.config.events ? stderr : stdout);
    live_close(&live);
    results_close(&results);
    options_free(&options);
    return code;
}
