/* request: headers of requests. Refuses faults against the framing: they would end the connection.
 * Leaves all others to the server, with its better explanations. Calls failure alone. */
#ifndef TASKMASTER_CLIENT_LIB_REQUEST_H
#define TASKMASTER_CLIENT_LIB_REQUEST_H

#include "failure.h"

struct tmc_request {
    char line[HEADER_MAX]; /* with the LF; not NUL-terminated */
    size_t len;
};

/* One field of a request: a text, or else a number. NULL is left out, and 0 unless it is wanted. */
struct tmc_request_field {
    const char *key; /* NULL: the end of a list */
    const char *text;
    uint64_t number;
    bool wants_zero;
};

/* A later release gives a meaning to reserved members: this one refuses them rather than ignore
 * them. `size` is in bytes. Returns OK or INVALID. */
tm_client_status tmc_request_check_reserved(const void *reserved, size_t size,
                                            struct tmc_failure *failure);

/* The following return OK, INVALID or MEMORY. */
tm_client_status tmc_request_hello(struct tmc_request *request, const tm_client_options *options,
                                   struct tmc_failure *failure);

tm_client_status tmc_request_submit(struct tmc_request *request, uint64_t id, const char *module,
                                    size_t size, const tm_client_submit_options *options,
                                    struct tmc_failure *failure);

/* An operation with fields known to the library. `fields` may be NULL. */
tm_client_status tmc_request_plain(struct tmc_request *request, const char *op, uint64_t id,
                                   const struct tmc_request_field *fields,
                                   struct tmc_failure *failure);

/* Any operation, with a payload of `size` bytes. `fields` is the JSON text of an object; NULL:
 * none.
 * `*detached`: if this is a submit, its job is nobody's (fields `detach`, `service`). */
tm_client_status tmc_request_any(struct tmc_request *request, const char *op, uint64_t id,
                                 const char *fields, size_t size, bool *detached,
                                 struct tmc_failure *failure);

#endif
