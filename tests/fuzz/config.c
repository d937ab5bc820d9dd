/* Fuzz target: a configuration file of any bytes is taken, or refused with one clear line. */
#include <errno.h>
#include <netdb.h>
#include <sys/mman.h>
#include <unistd.h>

#include "server/arch/arch.h"
#include "server/options.h"
#include "tests/fuzz/fuzz.h"

/* In the place of getaddrinfo: no fuzzer asks the world for names. */
int __real_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **found);
int __wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **found);
int __wrap_getaddrinfo(const char *host, const char *port, const struct addrinfo *hints, struct addrinfo **found)
{
    return strcmp(host, "localhost") == 0 ? __real_getaddrinfo("127.0.0.1", port, hints, found) : EAI_NONAME;
}

/* Reads the file beside these words of a command line, keeping what is said on stderr. */
static enum args_result read_options(struct options *options, const char *path, const char *word, const char *value,
                                     char **said)
{
    char config[80];
    size_t n;
    FILE *terminal = stderr;
    FILE *kept = open_memstream(said, &n);
    must(kept, "%s", strerror(errno));
    snprintf(config, sizeof config, "--config=%s", path);
    char *words[] = {"conveyord", config, (char *)word, (char *)value, NULL};
    stderr = kept;
    enum args_result result = options_read(options, word ? 4 : 2, words);
    stderr = terminal;
    fclose(kept);
    return result;
}

static void check_taken(const struct options *options, const char *said)
{
    const struct limits *limits = &options->limits;
    must(!*said, "taken, but: %s", said);
    must(options->arch && options->arch->name, "no architecture");
    must(options->n_listen >= 1 && options->n_listen <= LISTEN_MAX, "%zu addresses", options->n_listen);
    must(options->chats && *options->chats, "no folder");
    must(!options->log_file || *options->log_file, "a log file without a name");
    must(options->log_level >= LOG_ERROR && options->log_level <= LOG_DEBUG, "level %d", (int)options->log_level);
    must(limits->max_message >= 1 && limits->max_message <= 1000000, "%u bytes", limits->max_message);
    must(limits->max_clients <= CLIENTS_MOST && limits->max_per_ip <= CLIENTS_MOST, "clients");
    must(limits->max_chats >= 1 && limits->max_chats <= 1000000, "%u chats", limits->max_chats);
    must(limits->rate_limit <= 1000000, "%u a second", limits->rate_limit);
    must(limits->room_threads <= 10000, "%u threads", limits->room_threads);
    must(limits->room_linger >= 0 && limits->room_linger <= INT64_C(86400000000), "linger");
    must(limits->name_timeout >= 1000 && limits->name_timeout <= INT64_C(604800000000), "name-timeout");
    must(limits->drain >= 0 && limits->drain <= INT64_C(604800000000), "drain");
    must((limits->sync == SYNC_PERIOD) == (limits->sync_period > 0), "sync %s", options->sync);
    must(limits->sync != SYNC_PERIOD || limits->sync_period <= INT64_C(604800000000), "sync %s", options->sync);
}

/* One line that begins with the program's name, tells the file, and holds nothing a terminal would obey. */
static void check_refused(const char *said, const char *path)
{
    size_t n = strlen(said);
    must(n > 0 && said[n - 1] == '\n', "no line: %s", said);
    must(strncmp(said, "conveyord: ", 11) == 0, "%s", said);
    must(n > 12 + strlen(path) && strncmp(said + 11, path, strlen(path)) == 0, "no file: %s", said);
    for (size_t i = 0; i + 1 < n; i++)
        must((unsigned char)said[i] >= ' ' && said[i] != 127, "byte %zu is %d", i, said[i]);
}

static void check_same(const char *a, const char *b)
{
    must(!a == !b && (!a || strcmp(a, b) == 0), "'%s', then '%s'", a ? a : "", b ? b : "");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static int fd = -1;
    static char path[64];
    struct options options, again;
    char *said = NULL, *said_again = NULL;
    if (n > 8192)
        return 0;
    if (fd < 0) {
        fd = memfd_create("conveyord.conf", MFD_CLOEXEC);
        must(fd >= 0, "%s", strerror(errno));
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    }
    must(ftruncate(fd, 0) == 0 && pwrite(fd, bytes, n, 0) == (ssize_t)n, "%s", strerror(errno));

    enum args_result result = read_options(&options, path, NULL, NULL, &said);
    /* The same with something said on the command line, which wins. */
    enum args_result result_again = read_options(&again, path, "--max-chats", "77", &said_again);
    must(result == ARGS_RUN || result == ARGS_WRONG, "result %d", (int)result);
    must(result == result_again, "%d, then %d", (int)result, (int)result_again);
    check_same(said, said_again);
    if (result == ARGS_RUN) {
        check_taken(&options, said);
        must(again.limits.max_chats == 77, "the command line loses");
        check_same(options.chats, again.chats);
        check_same(options.log_file, again.log_file);
        options_free(&options);
        options_free(&again);
    } else {
        check_refused(said, path);
    }
    free(said);
    free(said_again);
    return 0;
}
