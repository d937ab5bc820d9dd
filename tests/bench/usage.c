/* What a process has used until now: user and system time, context switches, and the CPU of its threads by their names. */
#include "tests/bench/usage.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MOST = 1024 };

/* The fields of `stat`, counted from the one behind the name. */
enum { USER_FIELD = 11, SYSTEM_FIELD = 12 };

static void read_times(const struct process *process, struct usage *usage)
{
    char path[64], line[LINE_MOST];
    double ticks = (double)sysconf(_SC_CLK_TCK);
    snprintf(path, sizeof path, "/proc/%d/stat", (int)process->pid);
    FILE *file = fopen(path, "re");
    char *at = file && fgets(line, sizeof line, file) ? strrchr(line, ')') : NULL;
    if (!at)
        bench_fail("%s: %s", path, strerror(errno));
    fclose(file);
    for (int field = 0; field <= SYSTEM_FIELD; field++) {
        at = strchr(at + 1, ' ');
        if (!at)
            bench_fail("%s has too few fields", path);
        if (field == USER_FIELD)
            usage->user = strtod(at, NULL) / ticks;
        if (field == SYSTEM_FIELD)
            usage->system = strtod(at, NULL) / ticks;
    }
}

/* The first line of a thread's file; false when the thread has gone. */
static bool read_line(const struct process *process, const char *thread, const char *name, char line[LINE_MOST])
{
    char path[320];
    snprintf(path, sizeof path, "/proc/%d/task/%s/%s", (int)process->pid, thread, name);
    FILE *file = fopen(path, "re");
    bool read = file && fgets(line, LINE_MOST, file);
    if (file)
        fclose(file);
    line[read ? strcspn(line, "\n") : 0] = '\0';
    return read;
}

static void read_switches(const struct process *process, const char *thread, struct usage *usage)
{
    static const char asked[] = "voluntary_ctxt_switches:", suffered[] = "nonvoluntary_ctxt_switches:";
    char path[320], line[LINE_MOST];
    snprintf(path, sizeof path, "/proc/%d/task/%s/status", (int)process->pid, thread);
    FILE *file = fopen(path, "re");
    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, asked, sizeof asked - 1) == 0)
            usage->switches += strtod(line + sizeof asked - 1, NULL);
        if (strncmp(line, suffered, sizeof suffered - 1) != 0)
            continue;
        double n = strtod(line + sizeof suffered - 1, NULL);
        usage->switches += n;
        usage->preempted += n;
    }
    if (file)
        fclose(file);
}

/* NULL: there are more names than a table can have. */
static struct usage_thread *find(const struct usage *usage, const char *name)
{
    for (size_t i = 0; i < usage->n; i++)
        if (strcmp(usage->threads[i].name, name) == 0)
            return (struct usage_thread *)&usage->threads[i];
    return NULL;
}

static void add_thread(struct usage *usage, const char *name, double cpu)
{
    struct usage_thread *thread = find(usage, name);
    if (!thread && usage->n == USAGE_NAMES)
        return;
    if (!thread) {
        thread = &usage->threads[usage->n++];
        *thread = (struct usage_thread){0};
        snprintf(thread->name, sizeof thread->name, "%.15s", name);
    }
    thread->cpu += cpu;
}

struct usage usage_read(const struct process *process)
{
    struct usage usage = {0};
    char path[64], name[LINE_MOST], times[LINE_MOST];
    const struct dirent *entry;
    read_times(process, &usage);
    snprintf(path, sizeof path, "/proc/%d/task", (int)process->pid);
    DIR *folder = opendir(path);
    if (!folder)
        bench_fail("%s: %s", path, strerror(errno));
    while ((entry = readdir(folder))) {
        if (entry->d_name[0] == '.' || !read_line(process, entry->d_name, "comm", name) ||
            !read_line(process, entry->d_name, "schedstat", times))
            continue;
        add_thread(&usage, name, strtod(times, NULL) / 1e9);
        read_switches(process, entry->d_name, &usage);
    }
    closedir(folder);
    return usage;
}

struct usage usage_since(const struct usage *now, const struct usage *before)
{
    struct usage usage = *now;
    usage.user -= before->user;
    usage.system -= before->system;
    usage.switches -= before->switches;
    usage.preempted -= before->preempted;
    for (size_t i = 0; i < usage.n; i++) {
        const struct usage_thread *was = find(before, usage.threads[i].name);
        usage.threads[i].cpu -= was ? was->cpu : 0;
    }
    return usage;
}
