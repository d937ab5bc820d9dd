/* The load generator under test. */
#define HARNESS
#include "tests/clients/loader.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "common/protocol.h"

enum { PATIENCE_MS = 60000, MARK = 32, RESULTS_MOST = 64 };

static cJSON *results[RESULTS_MOST];
static unsigned n_results;

static void free_results(void)
{
    while (n_results > 0)
        cJSON_Delete(results[--n_results]);
}

/* ---- Running ---- */

struct call loader_call(int port, const char *words)
{
    struct call call = {.words = {LOADER}};
    size_t n = 1;
    if (port) {
        call.words[n++] = "--connect";
        call.words[n++] = trial_text("127.0.0.1:%d", port);
    }
    for (char *word = strtok(trial_text("%s", words), " "); word; word = strtok(NULL, " ")) {
        if (n == CALL_WORDS - 4)
            trial_fail("too many words: %s", words);
        call.words[n++] = word;
    }
    return call;
}

struct loader loader_start(int port, const char *words)
{
    static unsigned made;
    struct loader loader = {.json_path = trial_path("result-%u.json", made++)};
    struct call call = loader_call(port, trial_text("%s --json %s", words, loader.json_path));
    loader.program = program_start(&call);
    program_end_input(loader.program);
    return loader;
}

static cJSON *read_json(const char *path)
{
    struct bytes text = file_exists(path) ? file_read(path) : (struct bytes){0};
    if (text.n == 0)
        return NULL;
    cJSON *json = cJSON_Parse(text.at);
    if (!json || n_results == RESULTS_MOST)
        trial_fail("%s: %s", json ? "too many results" : "no JSON", shown(text.at, text.n));
    trial_undo(free_results);
    results[n_results++] = json;
    return json;
}

struct result loader_end(struct loader *loader)
{
    struct program *program = loader->program;
    struct result result = {.outcome = {.pid = program->pid}};
    result.outcome.code = program_wait_until(program, now_ms() + stretched(PATIENCE_MS));
    result.outcome.out = file_read(program->out);
    result.outcome.err = file_read(program->err);
    result.json = read_json(loader->json_path);
    if (result.json && result_number(&result, "exit") != result.outcome.code)
        trial_fail("it ended with %d and wrote %g", result.outcome.code, result_number(&result, "exit"));
    return result;
}

struct result loader_run(int port, const char *words)
{
    struct loader loader = loader_start(port, words);
    return loader_end(&loader);
}

size_t loader_wait(const struct loader *loader, size_t from, const char *text)
{
    int64_t until = time_limit();
    for (;; look_again(until, trial_text("'%s' on stderr", text))) {
        struct bytes err = file_read(loader->program->err);
        if (err.n > from && strstr(err.at + from, text))
            return err.n;
        siginfo_t info = {0};
        if (waitid(P_PID, (id_t)loader->program->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid)
            trial_fail("it ended and said '%s'", shown(err.at, err.n));
    }
}

void loader_refuses(const struct call *call, int code, const char *text)
{
    struct program *program = program_start(call);
    program_end_input(program);
    int got = program_wait_until(program, now_ms() + stretched(PATIENCE_MS));
    struct bytes err = file_read(program->err), out = file_read(program->out);
    if (got != code)
        trial_fail("'%s': exit %d instead of %d: %s", text, got, code, shown(err.at, err.n));
    if (strncmp(err.at, LOADER ": ", strlen(LOADER ": ")) != 0 || strchr(err.at, '\n') != err.at + err.n - 1 ||
        !strstr(err.at, text))
        trial_fail("'%s' is not in the one line on stderr: %s", text, shown(err.at, err.n));
    if (out.n)
        trial_fail("'%s': something is on stdout: %s", text, shown(out.at, out.n));
}

/* ---- Results ---- */

static const cJSON *find(const struct result *result, const char *path)
{
    const cJSON *at = result->json;
    for (char *word = strtok(trial_text("%s", path), "/"); word && at; word = strtok(NULL, "/"))
        at = cJSON_IsArray(at) ? cJSON_GetArrayItem(at, atoi(word)) : cJSON_GetObjectItemCaseSensitive(at, word);
    return at;
}

bool result_has(const struct result *result, const char *path)
{
    return find(result, path);
}

double result_number(const struct result *result, const char *path)
{
    const cJSON *at = find(result, path);
    if (!cJSON_IsNumber(at))
        trial_fail("there is no number %s; it ended with %d: %s", path, result->outcome.code,
                   shown(result->outcome.err.at, result->outcome.err.n));
    return at->valuedouble;
}

bool result_is(const struct result *result, const char *path)
{
    const cJSON *at = find(result, path);
    if (!cJSON_IsBool(at))
        trial_fail("%s is neither true nor false", path);
    return cJSON_IsTrue(at);
}

const char *result_text(const struct result *result, const char *path)
{
    const cJSON *at = find(result, path);
    if (!cJSON_IsString(at))
        trial_fail("there is no text %s", path);
    return at->valuestring;
}

/* Whoever reads of rates must hear whether the bots may be their limit, and not without reason. */
static void check_limit(const struct result *result)
{
    static const char text[] = "may be the limits of the bots";
    bool told = strstr(result->outcome.out.at, text) || strstr(result->outcome.err.at, text);
    bool full = result_is(result, "generator/valid") && result_number(result, "generator/busiest_thread") > 0.95;
    if (told != full)
        trial_fail("it %s that its thread was busy for %g of the time", told ? "says" : "does not say",
                   result_number(result, "generator/busiest_thread"));
}

void result_delivered(const struct result *result)
{
    check_limit(result);
    if (result_number(result, "delivery/violations") != 0)
        trial_fail("delivery is violated: %s", result_text(result, "delivery/first"));
    if (!result_is(result, "delivery/verified") || !result_is(result, "delivery/drained"))
        trial_fail("not everything was delivered, or looked at");
    int code = result_is(result, "generator/valid") ? 0 : 4;
    if (result->outcome.code != code)
        trial_fail("it ended with %d instead of %d", result->outcome.code, code);
}

void result_fine(const struct result *result)
{
    result_delivered(result);
    const cJSON *error;
    cJSON_ArrayForEach(error, find(result, "errors"))
    {
        if (error->valuedouble != 0)
            trial_fail("%g errors of the kind %s", error->valuedouble, error->string);
    }
}

void result_violates(const struct result *result, const char *kind)
{
    static const char *const kinds[] = {"loss", "double", "order", "other", "file"};
    double sum = 0;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        sum += result_number(result, trial_text("delivery/%s", kinds[i]));
    if (sum < 1 || (kind && result_number(result, trial_text("delivery/%s", kind)) < 1))
        trial_fail("there is no violation of the kind %s, but: %s", kind ? kind : "any",
                   sum > 0 ? result_text(result, "delivery/first") : "none");
    if (sum != result_number(result, "delivery/violations"))
        trial_fail("%g violations of all kinds, %g together", sum, result_number(result, "delivery/violations"));
    if (result->outcome.code != 3)
        trial_fail("it ended with %d", result->outcome.code);
    if ((kind && !strstr(result->outcome.err.at, trial_text(LOADER ": %s: ", kind))) ||
        !strstr(result->outcome.err.at, result_text(result, "delivery/first")))
        trial_fail("stderr has no evidence: %s", shown(result->outcome.err.at, result->outcome.err.n));
}

unsigned gentle(unsigned n)
{
    enum { SANITIZED = 4 };
    return server_memory_is_its_own() || n < 2 * SANITIZED ? n : n / SANITIZED;
}

/* ---- Files ---- */

static int compare_marks(const void *a, const void *b)
{
    return memcmp(a, b, MARK);
}

static void add_marks(struct bytes *marks, const char *path)
{
    struct bytes file = file_read(path);
    for (char *at = file.at, *end; at < file.at + file.n; at = end + 1) {
        end = memchr(at, RECORD_END, (size_t)(file.at + file.n - at));
        char *text = end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
        if (!text || end - text - 1 < MARK)
            trial_fail("%s holds no record with a mark: %s", path, shown(at, 60));
        bytes_add(marks, text + 1, MARK);
    }
}

unsigned loader_stored(const char *folder)
{
    struct bytes marks = {0};
    DIR *dir = opendir(folder);
    if (!dir)
        trial_fail("%s: %s", folder, strerror(errno));
    for (struct dirent *entry; (entry = readdir(dir));) {
        const char *dot = strrchr(entry->d_name, '.');
        if (dot && strcmp(dot, ".chat") == 0)
            add_marks(&marks, trial_text("%s/%s", folder, entry->d_name));
    }
    closedir(dir);
    size_t n = marks.n / MARK;
    if (n)
        qsort(marks.at, n, MARK, compare_marks);
    for (size_t i = 1; i < n; i++)
        if (memcmp(marks.at + i * MARK, marks.at + (i - 1) * MARK, MARK) == 0)
            trial_fail("two records say %.32s", marks.at + i * MARK);
    return (unsigned)n;
}
