/*
 * queue_client: a client of taskqueued: it submits, waits for its own and for others' jobs, cancels
 * and goes, in every way that a client may go. A place is used by one client after another.
 */
#ifndef TORTURE_QUEUE_CLIENT_H
#define TORTURE_QUEUE_CLIENT_H

#include "connection.h"
#include "ledger.h"
#include "queued.h"

enum { QUEUE_OUT_MAX = 24 /* requests of a client without their last answer */ };

/* Uids in a line. */
struct uid_line {
    uint32_t *uids;
    size_t from, count, room;
};

void uid_line_add(struct uid_line *line, uint32_t uid);
bool uid_line_take(struct uid_line *line, uint32_t *uid);

/* What all clients share. */
struct queue_work {
    struct loop *loop;
    struct ledger *ledger;
    struct rng rng;
    struct uid_line waits;   /* accepted jobs whose end somebody shall ask for */
    struct uid_line again;   /* jobs with keys, to be submitted again */
    struct uid_line cancels; /* to be cancelled */
    size_t limit;            /* of jobs, by now */
    bool ends;               /* taskqueued is going away */
    bool settling;           /* every job is asked for once more */
};

/* A submit or a wait. */
struct queue_request {
    uint64_t id;
    uint32_t uid;
    bool used, is_wait;
};

struct queue_client {
    struct queue_work *work;
    struct connection connection;
    struct queue_request requests[QUEUE_OUT_MAX];
    size_t open;
    uint64_t last_id;
    unsigned left; /* requests until it goes */
    bool greeted, shut;
};

/* Takes over the connection. */
void queue_client_open(struct queue_client *client, struct queue_work *work, int fd);

/* Sends what there is to do. */
void queue_client_fill(struct queue_client *client);

/* Goes at once. What was not answered is done by others. */
void queue_client_drop(struct queue_client *client);

#endif
