/* The signals that ask a run to end. */
#include "client/load/stop.h"

#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static _Atomic int heard; /* set by a handler in any thread, asked by all */

static void hear(int number)
{
    if (heard)
        _exit(128 + number);
    heard = number;
}

void stop_listen(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct sigaction before;
        sigaction(signals[i], &(struct sigaction){.sa_handler = hear}, &before);
        if (signals[i] == SIGHUP && before.sa_handler == SIG_IGN) /* nohup */
            signal(SIGHUP, SIG_IGN);
    }
    signal(SIGPIPE, SIG_IGN);
}

int stop_heard(void)
{
    return heard;
}
