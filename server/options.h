/* What the command line and the configuration file say. */
#ifndef SERVER_OPTIONS_H
#define SERVER_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/args.h"
#include "common/log.h"
#include "common/net.h"
#include "server/limits.h"

enum { LISTEN_MAX = 16 };

struct options {
    const struct arch *arch;
    struct net_address listen[LISTEN_MAX];
    size_t n_listen;
    int listen_source; /* where they were said: addresses said in one place add up */
    char *chats;       /* the folder of chats */
    char *log_file;    /* NULL: standard output */
    enum log_level log_level;
    char sync[24]; /* as it was said: "os", "always" or the seconds */
    bool check_config;
    struct limits limits; /* max_clients 0: what the limit on descriptors allows */
};

/* Fills *options from the defaults, then --config, then the command line. One thread, at start. */
enum args_result options_read(struct options *options, int argc, char **argv);
void options_free(struct options *options);

#endif
