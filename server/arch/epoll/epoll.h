/* The single epoll loop: one thread runs every desk. */
#ifndef EPOLL_EPOLL_H
#define EPOLL_EPOLL_H

#include "server/arch/arch.h"

extern const struct arch arch_epoll;

#endif
