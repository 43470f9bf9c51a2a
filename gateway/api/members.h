/* members: parameters of a request as members of a daemon's request. */
#ifndef TASKMASTER_GATEWAY_API_MEMBERS_H
#define TASKMASTER_GATEWAY_API_MEMBERS_H

#include "base/json_writer.h"

struct http_exchange;

/* Opens the text for upstream_call(): each member has its comma before it. */
void members_open(struct json_writer *json);

/* Adds those parameters of the query that the exchange's route has. Their values were checked. */
void members_add_query(struct json_writer *json, struct http_exchange *exchange);

#endif
