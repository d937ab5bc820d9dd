/* A station: a desk and the strand that serialises it. Here a client arrives, is served, waits, and is sent on, whichever worker
 * it is that runs the strand. */
#ifndef ASYNC_STATION_H
#define ASYNC_STATION_H

#include "server/arch/async/alarm.h"
#include "server/arch/async/claim.h"
#include "server/arch/census.h"
#include "server/arch/crew.h"

struct async;
struct station;

struct station_ops {
    void (*take)(struct station *, struct session *); /* a client has arrived */
    void (*close)(struct station *);                  /* the server stops */
    /* Somebody waits at a listener. NULL: the station has none. */
    void (*connecting)(struct station *, struct notice *);
    /* After the desk's turn, before those in `gone` are sent on. NULL: nothing to do. */
    void (*after)(struct station *);
};

struct station {
    struct job job; /* first: the pool gives a pointer to it */
    const struct station_ops *ops;
    struct async *async;
    struct worker *worker; /* who runs it now */
    enum census_desk row;
    struct crew crew;
    struct list gone; /* who goes on at the end of this go, by `changed` */
    struct alarm alarm;
    struct notice rang, close;
    int64_t until; /* what `after` wants: a go no later than this */
};

/* A station without a desk yet; nobody runs it. */
void station_open(struct station *station, struct async *async, const struct station_ops *ops, enum census_desk row);
/* Tells it that the server stops. From a worker. */
void station_tell_close(struct worker *worker, struct station *station);

#endif
