/*
 * forward: a request that is one request to a daemon, and whose response is its answer. Lists,
 * control and health are such requests; those about jobs are not.
 */
#ifndef TASKMASTER_GATEWAY_API_FORWARD_H
#define TASKMASTER_GATEWAY_API_FORWARD_H

#include "gateway/upstream/inquiry.h"

struct http_exchange;

/* What becomes of the answer. An error of the daemon never gets here: it is told as a problem. */
typedef void forward_respond(struct http_exchange *exchange, const struct upstream_event *event);

/* Asks the daemon. NULL for `upstream`: there is no queue, and the exchange is told so. */
void forward_begin(struct http_exchange *exchange, struct upstream *upstream,
                   const struct inquiry_question *question, forward_respond *respond);

/* `gone` of such an exchange. */
void forward_gone(struct http_exchange *exchange);

#endif
