/*
 * crowd: all clients of the daemon at a time. Regular ones keep the daemon busy with the jobs of
 * the plan and come back when their connection has ended; guests are made for one fault each.
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
    bool paused;  /* they submit nothing for a moment */
    struct loop_timer retry, hungry;
};

void crowd_init(struct crowd *crowd, struct loop *loop, struct history *history,
                const struct plan *plan);
void crowd_free(struct crowd *crowd);

/* The daemon listens there; regular clients come. */
void crowd_open(struct crowd *crowd, const struct sockaddr_in *addr, const char *boot);

/* The daemon is going away: what ends from now on ends because of that. */
void crowd_epoch_over(struct crowd *crowd);

/* No more jobs: everyone leaves when all is told. */
void crowd_finish(struct crowd *crowd);

/* Everyone who is still there is dropped. */
void crowd_drop_all(struct crowd *crowd);

/* Regular clients pause, and go on. */
void crowd_pause(struct crowd *crowd, bool pause);

/* Those that do not read and would never see its end. */
void crowd_drop_deaf(struct crowd *crowd);

/* A client for a fault; NULL if the daemon cannot be connected to just now. */
struct client *crowd_guest(struct crowd *crowd, bool silent);

struct client *crowd_find(struct crowd *crowd, uint32_t number);

/* A regular client that has jobs open, if there is one; NULL if there is none at all. */
struct client *crowd_victim(struct crowd *crowd, struct rng *rng);

/* Frees who is gone; to be called between turns of the loop. */
void crowd_sweep(struct crowd *crowd);

#endif
