/* Tells a service manager such as systemd how the server is: the protocol of sd_notify. */
#ifndef SERVER_NOTIFY_H
#define SERVER_NOTIFY_H

#include <stdbool.h>

/* Sends "READY=1", "STOPPING=1" or the like to the socket that NOTIFY_SOCKET names. True when it went; false,
 * and nothing else, when the variable is not set, names no socket, or nobody takes it within a second. */
bool notify_send(const char *state);

#endif
