/* What the server counted itself, desk by desk, as it says at its end. */
#include "tests/bench/stages.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LINE_MOST = 4096 };

static double number(const char *line, const char *key)
{
    char quoted[32];
    int n = snprintf(quoted, sizeof quoted, "\"%s\":", key);
    const char *at = strstr(line, quoted);
    if (!at)
        bench_fail("a record \"Stage\" without %s: %.300s", key, line);
    return strtod(at + n, NULL);
}

static void read_stage(const char *line, struct stage_counts *stage)
{
    static const char key[] = "\"name\":\"";
    const char *name = strstr(line, key);
    name = name ? name + sizeof key - 1 : "?";
    *stage = (struct stage_counts){.arrivals = number(line, "arrivals"),
                                   .requests = number(line, "requests"),
                                   .turns = number(line, "turns"),
                                   .batch_mean = number(line, "batch_mean"),
                                   .belt_us = number(line, "belt_us"),
                                   .busy_us = number(line, "busy_us")};
    snprintf(stage->name, sizeof stage->name, "%.*s", (int)strcspn(name, "\""), name);
}

size_t stages_read(const struct process *ended, struct stage_counts stages[STAGES_MOST])
{
    char line[LINE_MOST];
    size_t n = 0;
    FILE *file = fopen(ended->log.text, "re");
    if (!file)
        bench_fail("%s: %s", ended->log.text, strerror(errno));
    while (n < STAGES_MOST && fgets(line, sizeof line, file))
        if (strstr(line, "\"message\":\"Stage\""))
            read_stage(line, &stages[n++]);
    fclose(file);
    return n;
}
