/* Running scenarios: choosing them by the command line, each once for every architecture or once at all. */
#include "tests/harness/suite.h"

#include <fnmatch.h>
#include <getopt.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TESTS_MOST = 1024 };

/* One test: a scenario and the architecture it runs against. */
static struct run {
    char name[96];
    struct trial trial;
    const struct scenario *scenario;
} runs[TESTS_MOST];
static struct CMUnitTest tests[TESTS_MOST];
static size_t n_tests;

static int begin(void **state)
{
    trial_begin(((struct run *)*state)->name);
    return 0;
}

static void perform(void **state)
{
    const struct run *run = *state;
    run->scenario->run(&run->trial);
}

static int end(void **state)
{
    (void)state;
    trial_end();
    return 0;
}

static void add(const struct scenario *scenario, const char *arch, bool once)
{
    struct run *run = &runs[n_tests];
    if (n_tests == TESTS_MOST)
        abort();
    snprintf(run->name, sizeof run->name, "%s%s%s", once ? "" : arch, once ? "" : "/", scenario->name);
    run->trial.arch = arch;
    run->scenario = scenario;
    tests[n_tests++] = (struct CMUnitTest){run->name, perform, begin, end, run};
}

/* A setting that is there but empty is as good as none. */
static const char *setting(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static void choose_theme(const struct scenario *scenario, const char *arch, const char *pattern, bool once)
{
    for (; scenario->name; scenario++) {
        if (!pattern || fnmatch(pattern, scenario->name, 0) == 0)
            add(scenario, arch, once);
    }
}

static void choose(const struct suite_part *part, const char *arch, const char *pattern, bool once)
{
    for (size_t a = 0; part->archs[a] && (!once || !n_tests); a++) {
        if (arch && strcmp(arch, part->archs[a]) != 0)
            continue;
        for (size_t t = 0; part->themes[t]; t++)
            choose_theme(part->themes[t], part->archs[a], pattern, once);
    }
}

/* Leaves every n-th of those chosen, from the k-th on: long scenarios that stand together are shared out. */
static void keep_part(size_t k, size_t n)
{
    size_t kept = 0;
    for (size_t i = k - 1; i < n_tests; i += n)
        tests[kept++] = tests[i];
    n_tests = kept;
}

static int usage(const char *suite)
{
    fprintf(
        stderr,
        "usage: %s [--arch NAME] [--scenario NAME] [--part K/N] [--list]\n"
        "A scenario's NAME may be a pattern like 'name_*'; a part is every N-th of what is chosen, from the K-th on.\n",
        suite);
    return 2;
}

static int run_chosen(const char *suite, const struct suite_part *parts, bool once, int argc, char **argv)
{
    static const struct option known[] = {{"arch", required_argument, NULL, 'a'},
                                          {"scenario", required_argument, NULL, 's'},
                                          {"part", required_argument, NULL, 'p'},
                                          {"list", no_argument, NULL, 'l'},
                                          {0}};
    const char *arch = setting("ARCH");
    const char *pattern = setting("T");
    bool list = false;
    const char *part = setting("PART");
    size_t k = 1, n = 1;
    for (int option; (option = getopt_long(argc, argv, "a:s:l", known, NULL)) != -1;) {
        if (option == 'a')
            arch = optarg;
        else if (option == 's')
            pattern = optarg;
        else if (option == 'p')
            part = optarg;
        else if (option == 'l')
            list = true;
        else
            return usage(suite);
    }
    if (optind < argc || (part && (sscanf(part, "%zu/%zu", &k, &n) != 2 || k < 1 || k > n)))
        return usage(suite);
    for (const struct suite_part *at = parts; at->archs; at++)
        choose(at, arch, pattern, once);
    keep_part(k, n);
    if (!n_tests) {
        fprintf(stderr, "%s: no scenario '%s' against architecture '%s'\n", suite, pattern ? pattern : "*",
                arch ? arch : "*");
        return 2;
    }
    for (size_t i = 0; list && i < n_tests; i++)
        puts(tests[i].name);
    if (list)
        return 0;
    signal(SIGPIPE, SIG_IGN);
    return _cmocka_run_group_tests(suite, tests, n_tests, NULL, NULL) ? 1 : 0;
}

int suite_run_parts(const char *suite, const struct suite_part *parts, int argc, char **argv)
{
    return run_chosen(suite, parts, false, argc, argv);
}

int suite_run(const char *suite, const struct scenario *const themes[], int argc, char **argv)
{
    return run_chosen(suite, (const struct suite_part[]){{trial_archs, themes}, {0}}, false, argc, argv);
}

int suite_run_once(const char *suite, const struct scenario *const themes[], int argc, char **argv)
{
    return run_chosen(suite, (const struct suite_part[]){{trial_archs, themes}, {0}}, true, argc, argv);
}
