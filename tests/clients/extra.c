/* A small process of the test's own that listens on a port. */
#define HARNESS
#include "tests/clients/extra.h"

#include <arpa/inet.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { EXTRAS_MOST = 32, QUEUE = 64 };

static pid_t extras[EXTRAS_MOST];
static unsigned n_extras;

static void end_all(void)
{
    while (n_extras > 0) {
        kill(extras[--n_extras], SIGKILL);
        waitpid(extras[n_extras], NULL, 0);
    }
}

int extra_start(void (*run)(int listener, const void *with), const void *with)
{
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t n = sizeof at;
    int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (listener < 0 || bind(listener, (struct sockaddr *)&at, n) < 0 || listen(listener, QUEUE) < 0 ||
        getsockname(listener, (struct sockaddr *)&at, &n) < 0 || n_extras == EXTRAS_MOST)
        trial_fail("no port to listen on: %s", strerror(errno));
    trial_undo(end_all);
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() == parent)
            run(listener, with);
        _exit(1);
    }
    close(listener);
    if (pid < 0)
        trial_fail("no process: %s", strerror(errno));
    extras[n_extras++] = pid;
    return ntohs(at.sin_port);
}
