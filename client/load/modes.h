/* What a worker does between one order of the driver's and the next. For the worker's thread. */
#ifndef LOAD_MODES_H
#define LOAD_MODES_H

#include "client/load/worker.h"

/* A mode begins. */
void modes_enter(struct worker *worker, enum mode mode);
/* Looks, now and then, whether it is over, and tells the driver. */
void modes_check(struct worker *worker);
void modes_finish(struct worker *worker);
/* The thread's CPU time counts from now on. */
void modes_begin_effort(struct worker *worker);

#endif
