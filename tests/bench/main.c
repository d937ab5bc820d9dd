/* What the server costs: every figure is measured here and now, and printed with its conditions. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/bots.h"
#include "tests/bench/figure.h"
#include "tests/bench/sections.h"

static const struct section {
    const char *name;
    void (*run)(const struct plan *plan);
    const char *about;
    int rounds;   /* unless --rounds says another number; 0: ROUNDS */
    bool unasked; /* it is run when no section is named */
} sections[] = {
    {"deliver", section_deliver, "at saturation: server CPU a delivered record, and deliveries a second", 0, true},
    {"steady", section_steady, "at a fixed rate: server CPU a delivered record, p50 and p99 of delivery", 0, true},
    {"growth", section_growth, "server CPU a delivered record from 1 to 1,000 rooms, and from 10 to 5,000 members", 0,
     true},
    {"memory", section_memory, "memory of an idle named client, in the lobby and in rooms, and of a room in use", 0,
     true},
    {"start", section_start, "time to \"Server started\" with 10,000 chat files", 0, true},
    {"passages", section_passages, "connect, name, join, leave, disconnect: cycles a second and CPU each", 0, true},
    {"replay", section_replay, "a chat's history read by one client, beside a bare send of the same bytes", 0, true},
    {"quiet", section_quiet, "allocations and system calls while 100,000 messages pass", 0, true},
    {"record", section_record, "what it costs to add a time to a histogram", 0, true},
    {"generator", section_generator, "that one thread of bots is not what limits the figures, and where it would", 0,
     true},
    {"verdict", section_verdict, "the architectures against each other; only when it is named, twenty minutes", 5,
     false},
};
enum { SECTIONS = sizeof sections / sizeof *sections };

static int rounds_asked; /* 0: each section has its own number */

static void print_help(void)
{
    puts("Usage: bench [--arch NAME[:THREADS]]... [--only SECTION]... [--rounds N]\n"
         "Measures the server that CONVEYORD names (./build/conveyord). Sections:");
    for (size_t i = 0; i < SECTIONS; i++)
        printf("  %-10s %s\n", sections[i].name, sections[i].about);
}

static int usage(const char *what, const char *name)
{
    fprintf(stderr, "bench: %s%s; see --help\n", what, name);
    return 2;
}

static void print_cpu(void)
{
    char line[256];
    FILE *file = fopen("/proc/cpuinfo", "re");
    while (file && fgets(line, sizeof line, file)) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) == 0 && colon) {
            line[strcspn(line, "\n")] = '\0';
            printf("%s, ", colon + 2);
            break;
        }
    }
    if (file)
        fclose(file);
    printf("%ld CPUs", sysconf(_SC_NPROCESSORS_ONLN));
}

static void print_conditions(void)
{
    struct utsname name;
    double loads[1] = {0};
    char date[64];
    struct tm local;
    time_t now = time(NULL);
    uname(&name);
    localtime_r(&now, &local);
    getloadavg(loads, 1);
    strftime(date, sizeof date, "%F %T %Z", &local);
    const char *program = getenv("CONVEYORD");
    printf("%s, %s %s, ", date, name.sysname, name.release);
    print_cpu();
    printf(", load before: %.2f\n", loads[0]);
    printf(
        "server: %s, its own defaults and --log-file; clients: one thread of bots on the same machine, over 127.0.0.1\n",
        program && *program ? program : "./build/conveyord");
    puts("figures: median (least - most) of the rounds, targets interleaved; a ratio is taken within each round");
}

/* The number of the section, SECTIONS when there is none of that name. */
static size_t find_section(const char *name)
{
    size_t i = 0;
    while (i < SECTIONS && strcmp(name, sections[i].name) != 0)
        i++;
    return i;
}

/* CPU seconds of the whole machine, without the time in which it had nothing to do. */
static double machine_cpu(void)
{
    enum { FIELDS = 8, IDLE = 3, IOWAIT = 4 };
    char line[512] = "";
    double ticks = 0;
    FILE *file = fopen("/proc/stat", "re");
    const char *got = file ? fgets(line, sizeof line, file) : NULL;
    char *at = line + strlen(got ? "cpu" : "");
    for (int i = 0; got && i < FIELDS; i++) {
        double more = strtod(at, &at);
        ticks += i == IDLE || i == IOWAIT ? 0 : more;
    }
    if (file)
        fclose(file);
    return ticks / (double)sysconf(_SC_CLK_TCK);
}

static double rusage_cpu(int who)
{
    struct rusage usage;
    getrusage(who, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
           (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

/* What the machine did besides: the more, the less the figures are worth. Every child of a section has ended with it. */
static void run_section(const struct section *section, const struct plan *plan)
{
    struct plan own = *plan;
    if (own.n == 0)
        plan_fill(&own, section->unasked ? plan_usual : plan_conjecture);
    figure_rounds = rounds_asked ? rounds_asked : section->rounds ? section->rounds : ROUNDS;
    int64_t begin = bench_now();
    double others = machine_cpu() - rusage_cpu(RUSAGE_SELF) - rusage_cpu(RUSAGE_CHILDREN);
    section->run(&own);
    double seconds = (double)(bench_now() - begin) / 1e9;
    others = machine_cpu() - rusage_cpu(RUSAGE_SELF) - rusage_cpu(RUSAGE_CHILDREN) - others;
    printf("    (%d rounds, %.0f s, in which others used %.2f CPUs)\n", figure_rounds, seconds, others / seconds);
    fflush(stdout);
}

static void run(const struct plan *plan, const bool *only, bool all)
{
    bench_begin();
    bots_most();
    print_conditions();
    for (size_t i = 0; i < SECTIONS; i++) {
        if (all ? sections[i].unasked : only[i])
            run_section(&sections[i], plan);
    }
}

static bool set_rounds(const char *word)
{
    char *end;
    long n = strtol(word, &end, 10);
    if (*end || n < 1 || n > ROUNDS_MOST)
        return false;
    rounds_asked = (int)n;
    return true;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"arch", required_argument, NULL, 'a'},
        {"only", required_argument, NULL, 'o'},
        {"rounds", required_argument, NULL, 'r'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    struct plan plan = {0};
    bool only[SECTIONS + 1] = {0}, all = true;
    int option;
    opterr = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'h') {
            print_help();
            return 0;
        }
        if (option == 'o' && find_section(optarg) < SECTIONS) {
            only[find_section(optarg)] = true;
            all = false;
        } else if (!(option == 'a' && plan_add(&plan, optarg)) && !(option == 'r' && set_rounds(optarg))) {
            return usage("wrong option or value: ", argv[optind - 1]);
        }
    }
    if (optind < argc)
        return usage("takes no arguments: ", argv[optind]);
    run(&plan, only, all);
    return 0;
}
