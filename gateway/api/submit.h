/* submit: a request for a job, on its way to the file that carries it out. */
#ifndef TASKMASTER_GATEWAY_API_SUBMIT_H
#define TASKMASTER_GATEWAY_API_SUBMIT_H

#include "base/json_writer.h"
#include "gateway/api/options.h"
#include "gateway/api/prefer.h"
#include "gateway/http/exchange.h"

#include <stdbool.h>

struct upstream;

struct submit {
    struct http_exchange *exchange;
    struct upstream *upstream; /* the master; the queue if the job is kept */
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

/* Adds `for`, the user's name, if there is one and the master takes it from us. */
void submit_name_user(struct submit *submit);

#endif
