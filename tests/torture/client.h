/*
 * client: one client of the daemon. It submits, cancels and misbehaves on command, and records its
 * actions and all events.
 */
#ifndef TORTURE_CLIENT_H
#define TORTURE_CLIENT_H

#include "connection.h"
#include "history.h"
#include "live.h"

#include <sys/queue.h>

struct client;

/* The common part of all clients. */
struct client_env {
    struct loop *loop;
    struct history *history;
    struct sockaddr_in addr; /* of the daemon */
    char boot[32];           /* of the running daemon */
    bool up;                 /* the daemon listens, and is not about to end */
    uint32_t open;           /* connections of clients */
    uint32_t crowd;          /* the most of them at crowd_us */
    uint64_t crowd_us;       /* within the last second */
    void *arg;
    /* A job of its own has ended. */
    void (*told)(void *arg, struct client *client, enum event_type how);
    void (*ended)(void *arg, struct client *client); /* its connection has */
};

struct client {
    TAILQ_ENTRY(client) link; /* its owner's */
    struct client_env *env;
    struct connection connection;
    uint32_t number;          /* of the connection, unique in the round */
    uint32_t open_jobs;       /* submitted whole, without a terminal event */
    uint64_t asked, answered; /* requests that have answers of their own */
    uint64_t last_answer;     /* the number of the latest answered in order */
    bool greeted, refused;
    bool mute;        /* the bytes written last are no whole request: no further one may follow */
    bool may_end;     /* the server may close at any time */
    bool fatal_asked; /* the harness wants a fatal error */
    bool slow;        /* it reads slowly: others may pass its jobs */
    bool light;       /* it has little output: no report on progress is dropped */
    bool stalls;      /* it reads nothing for long: a job with parts may end for that */
    bool leave_when_idle; /* half-closes once nothing is open any more */
    enum conn_end end;
    struct live live;
    /* The owner's: */
    struct rng rng;
    uint32_t window, quota;
    bool regular;
};

/* Connects and says hello, unless `silent`. NULL if it cannot connect. */
struct client *client_new(struct client_env *env, bool silent);
void client_free(struct client *client); /* after its end, and after the turn */

/* The uid of the job. */
uint32_t client_submit(struct client *client, const struct job_spec *spec);

/* Another job under the id of an earlier one. */
uint32_t client_submit_twin(struct client *client, const struct job_spec *spec, uint32_t twin);

/* Writes only the first `permille` thousandths of the submit, at least one byte and never all. With
 * `in_payload` the header is whole. */
uint32_t client_submit_part(struct client *client, const struct job_spec *spec, bool in_payload,
                            unsigned permille);

void client_cancel(struct client *client, uint32_t uid, bool kill);
void client_ping(struct client *client);

/* Writes {"op":OP,"id":...} with further fields: "" or `,"a":1`. Returns the request's number; 0 if
 * the client may write no request any more. */
uint64_t client_ask(struct client *client, const char *op, const char *fields);

/* Nothing is open any more: leaves if that is wanted. */
void client_look(struct client *client);

/* Writes bytes that are no request. They end the connection once the server has them all. */
void client_write_garbage(struct client *client, const void *data, size_t len);

/* Ends the requests: the server must close after the last event. */
void client_half_close(struct client *client);

/* Closes the connection, and so ends all its open jobs. */
void client_drop(struct client *client, bool reset);

#endif
