/* Fuzz target: any bytes as the exporter's input. However they are cut, the counts are the same, every line is counted once, and
 * the metrics can be written. */
#include <errno.h>
#include <unistd.h>

#include "client/export/input.h"
#include "client/export/metrics.h"
#include "tests/fuzz/fuzz.h"

enum { HEAD = 1, INPUT_MOST = 1 << 15 /* a pipe takes all of it */ };

static void count(struct events *events, const char *at, size_t n, size_t piece)
{
    static struct input input;
    int ends[2];
    input = (struct input){0};
    must(pipe(ends) == 0, "%s", strerror(errno));
    for (size_t fed = 0; fed < n; fed += piece) {
        size_t some = n - fed < piece ? n - fed : piece;
        must(write(ends[1], at + fed, some) == (ssize_t)some, "%s", strerror(errno));
        must(input_read(&input, ends[0], events) > 0, "%s", strerror(errno));
    }
    close(ends[1]);
    while (input_read(&input, ends[0], events) > 0)
        ;
    close(ends[0]);
}

static uint64_t slow_lines(const char *at, size_t n)
{
    uint64_t lines = n > 0 && at[n - 1] != '\n';
    for (size_t i = 0; i < n; i++)
        lines += at[i] == '\n';
    return lines;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static struct events whole, pieces;
    size_t length;
    if (n < HEAD || n > INPUT_MOST)
        return 0;
    const char *at = (const char *)bytes + HEAD;
    memset(&whole, 0, sizeof whole);
    memset(&pieces, 0, sizeof pieces);
    count(&whole, at, n - HEAD, INPUT_MOST);
    count(&pieces, at, n - HEAD, (size_t)bytes[0] + 1);
    must(whole.good + whole.wrong == slow_lines(at, n - HEAD), "%llu lines",
         (unsigned long long)(whole.good + whole.wrong));
    char *text = metrics_text(&whole, &length), *other = metrics_text(&pieces, &length);
    must(text && other && strlen(other) == length, "metrics of %zu bytes", length);
    must(strcmp(text, other) == 0, "in one piece:\n%s\nin pieces of %d:\n%s", text, bytes[0] + 1, other);
    free(text);
    free(other);
    return 0;
}
