/*
 * live: a client's requests about live jobs, and their events: monitors, services, watches, and
 * looks at everything.
 */
#ifndef TORTURE_LIVE_H
#define TORTURE_LIVE_H

#include "job_spec.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { LIVE_WORKERS = 4096 }; /* ids of workers that a monitor can tell of */

struct client;

struct live {
    uint32_t watched;               /* monitors of jobs without a `down` yet */
    uint64_t registers[SERVICES];   /* the number of the last request to register; 0: none open */
    uint64_t unregisters[SERVICES]; /* likewise, to unregister */
    uint64_t select;                /* the number of an open cancel of many; 0: none */
    uint8_t select_module;
    bool owns[SERVICES];
    uint64_t may_fail;      /* a bit for each of the last requests, by number: it may be refused, */
    uint64_t late;          /* ... or answered behind later ones */
    uint8_t *worker_states; /* by id, while all workers are monitored */
};

/* Monitors the client's own job. */
void live_monitor(struct client *client, uint32_t uid, const char *job);

/* Monitors all workers. */
void live_monitor_workers(struct client *client);

void live_register(struct client *client, unsigned service);
void live_unregister(struct client *client, unsigned service);

/* A request about everything; `which` is any number. */
void live_ask(struct client *client, uint64_t which);

/* Cancels all jobs of the module. */
void live_select(struct client *client, enum module module);

/* All events of everything, from now on. */
void live_watch(struct client *client);

/* The request of this number is answered. */
void live_answered(struct client *client, uint64_t number, json_t *header);

/* The answer to a look may come behind those of later requests. */
static inline bool live_is_late(const struct live *live, uint64_t number)
{
    return live->late >> number % 64 & 1;
}

/* Takes an event of a monitor or a watch; false if the event is another. */
bool live_event(struct client *client, json_t *header);

/* The job of an event of a service; NO_JOB if no job was for that service. */
uint32_t live_delivered(const struct client *client, json_t *header);

/* The client sends no more requests, or is gone. */
void live_leave(struct client *client);

void live_free(struct live *live);

#endif
