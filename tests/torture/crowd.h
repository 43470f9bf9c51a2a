/*
 * crowd: all clients of the daemon at a time. Regular ones keep the daemon busy with the plan's
 * jobs, and connect again after an end. Guests are made for one fault each.
 */
#ifndef TORTURE_CROWD_H
#define TORTURE_CROWD_H

#include "client.h"

struct crowd {
    struct client_env env;
    const struct plan *plan;
    TAILQ_HEAD(, client) clients, dead;
    uint64_t next_stream; /* of the next regular client */
    size_t regular, guests;
    bool working; /* regular clients submit, and come back */
    bool paused;  /* regular clients submit nothing for a moment */
    struct loop_timer retry, hungry;
};

void crowd_init(struct crowd *crowd, struct loop *loop, struct history *history,
                const struct plan *plan);
void crowd_free(struct crowd *crowd);

/* The daemon listens at `addr`: regular clients connect. */
void crowd_open(struct crowd *crowd, const struct sockaddr_in *addr, const char *boot);

/* The daemon is ending: from now on, this explains every end of a connection. */
void crowd_epoch_over(struct crowd *crowd);

/* No more jobs: each client leaves after its last event. */
void crowd_finish(struct crowd *crowd);

/* Drops all remaining clients. */
void crowd_drop_all(struct crowd *crowd);

/* With `pause`, regular clients submit nothing until a call without. */
void crowd_pause(struct crowd *crowd, bool pause);

/* Drops clients that do not read: they would never see the daemon's end. */
void crowd_drop_deaf(struct crowd *crowd);

/* A client for a fault; NULL if it cannot connect just now. */
struct client *crowd_guest(struct crowd *crowd, bool silent);

struct client *crowd_find(struct crowd *crowd, uint32_t number);

/* A regular client, with open jobs if possible; NULL if there is no client. */
struct client *crowd_victim(struct crowd *crowd, struct rng *rng);

/* Frees ended clients. Call between turns of the loop. */
void crowd_sweep(struct crowd *crowd);

#endif
