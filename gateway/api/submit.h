/* submit: a request for a job, on its way to the file that carries it out. */
#ifndef TASKMASTER_GATEWAY_API_SUBMIT_H
#define TASKMASTER_GATEWAY_API_SUBMIT_H

#include "base/json_writer.h"
#include "gateway/api/options.h"
#include "gateway/api/prefer.h"
#include "gateway/http/exchange.h"
#include "gateway/upstream/upstream.h"

#include <stdbool.h>

struct submit {
    struct http_exchange *exchange;
    struct upstream *upstream; /* the master; the queue if the job is kept */
    struct upstream_call ping; /* before the daemon's first hello */
    struct options options;
    struct prefer prefer;
    struct json_writer members; /* of the request to the daemon; owned */
    bool is_kept;
    bool wants_events; /* the answer is a stream of events */
};

/* From now on the exchange is this handler's. */
static inline void submit_hand_on(struct http_exchange *exchange,
                                  const struct http_handler *handler, void *arg)
{
    http_exchange_public(exchange)->handler = handler;
    http_exchange_public(exchange)->arg = arg;
}

/* Adds the user to the members: for the master, if it takes names from us, `for`; for the queue a
 * key. `key`: the user's own, or NULL. */
void submit_add_user(struct submit *submit, const char *key);

/* The header Location of a kept job. */
void submit_locate(struct http_exchange *exchange, const char *job);

#endif
