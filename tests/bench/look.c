/* A first look at what the server costs: every figure is measured here and now, and printed with its conditions. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "tests/bench/load.h"
#include "tests/bench/sections.h"

static const struct section {
    const char *name;
    void (*run)(const struct look *look);
    const char *about;
} sections[] = {
    {"deliver", section_deliver, "server CPU a delivered record and deliveries a second, beside a floor"},
    {"memory", section_memory, "memory an idle named client costs, in the lobby and in rooms"},
    {"start", section_start, "time to \"Server started\" with 10,000 chat files"},
    {"passages", section_passages, "connect, name, join, leave, disconnect: cycles a second and CPU each"},
    {"replay", section_replay, "a chat's history read by one client, beside a bare send of the same bytes"},
    {"quiet", section_quiet, "allocations and system calls while 100,000 messages pass"},
};
enum { SECTIONS = sizeof sections / sizeof *sections };

static void print_help(void)
{
    puts("Usage: look [--arch NAME]... [--only SECTION]...\n"
         "Measures the server that CONVEYORD names (./build/conveyord). Sections:");
    for (size_t i = 0; i < SECTIONS; i++)
        printf("  %-10s %s\n", sections[i].name, sections[i].about);
}

static int usage(const char *what, const char *name)
{
    fprintf(stderr, "look: %s%s; see --help\n", what, name);
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
    printf("server: %s, its own defaults and --log-file; clients: one thread on the same machine, over 127.0.0.1\n",
           program && *program ? program : "./build/conveyord");
    printf("figures: median (least - most) of %d runs, targets interleaved\n", REPEATS);
}

/* The number of the section, SECTIONS when there is none of that name. */
static size_t find_section(const char *name)
{
    size_t i = 0;
    while (i < SECTIONS && strcmp(name, sections[i].name) != 0)
        i++;
    return i;
}

static void run(const struct look *look, const bool *only, bool all)
{
    bench_begin();
    load_clients_most();
    print_conditions();
    for (size_t i = 0; i < SECTIONS; i++) {
        if (!all && !only[i])
            continue;
        sections[i].run(look);
        fflush(stdout);
    }
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        {"arch", required_argument, NULL, 'a'},
        {"only", required_argument, NULL, 'o'},
        {"help", no_argument, NULL, 'h'},
        {0},
    };
    struct look look = {0};
    bool only[SECTIONS + 1] = {0}, all = true;
    int option;
    opterr = 0;
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'h') {
            print_help();
            return 0;
        }
        if (option == 'a' && look.n < sizeof look.arches / sizeof *look.arches) {
            look.arches[look.n++] = optarg;
        } else if (option == 'o' && find_section(optarg) < SECTIONS) {
            only[find_section(optarg)] = true;
            all = false;
        } else {
            return usage("wrong option or value: ", argv[optind - 1]);
        }
    }
    if (optind < argc)
        return usage("takes no arguments: ", argv[optind]);
    if (look.n == 0)
        look = (struct look){.arches = {"conveyor", "epoll"}, .n = 2};
    run(&look, only, all);
    return 0;
}
