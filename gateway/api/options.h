/*
 * options: the fields of a submit, as parameters of a query ("timeout_ms=100") or as headers
 * ("Taskmaster-Timeout-Ms: 100").
 *
 * The daemons know the ranges, and name a wrong field. So here a number is only known to be digits.
 */
#ifndef TASKMASTER_GATEWAY_API_OPTIONS_H
#define TASKMASTER_GATEWAY_API_OPTIONS_H

#include "common/limits.h"
#include "gateway/api/api.h"

#include <stdbool.h>

struct http_exchange;
struct json_writer;

/* The names, for the route. */
extern const struct api_parameter options_parameters[];

struct options {
    char module[MODULE_NAME_MAX + 1];
    bool for_service; /* the job's end goes to a service */
};

/* Writes the members of a submit, each with its comma before it. `kept`: for the queue, which has
 * more options than the master, and one less. False: the exchange was told 400, with the name. */
bool options_read(struct http_exchange *exchange, bool kept, struct options *options,
                  struct json_writer *json);

#endif
