/* A small process of the test's own that listens on a port: a part that neither server nor program can play. */
#ifndef CLIENTS_EXTRA_H
#define CLIENTS_EXTRA_H

#include "tests/harness/trial.h"

/* Runs this in a process that ends with the trial, or with the test; gives the port. The child must not fail the trial. */
int extra_start(void (*run)(int listener, const void *with), const void *with);

#endif
