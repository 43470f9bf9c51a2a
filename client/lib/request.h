/* request: headers of requests. What would break the framing, and with it end the connection, is
 * refused here; what is merely wrong is left to the server, which says it better. */
#ifndef TASKMASTER_CLIENT_LIB_REQUEST_H
#define TASKMASTER_CLIENT_LIB_REQUEST_H

#include "failure.h"

struct tmc_request {
    char line[HEADER_MAX]; /* the LF included; not NUL-terminated */
    size_t len;
};

/* Each: OK, INVALID or MEMORY. */
tm_client_status tmc_request_hello(struct tmc_request *request, const tm_client_options *options,
                                   struct tmc_failure *failure);

tm_client_status tmc_request_submit(struct tmc_request *request, uint64_t id, const char *module,
                                    size_t size, const tm_client_submit_options *options,
                                    struct tmc_failure *failure);

/* What a request is about; NULL and 0 are left out. */
struct tmc_subject {
    const char *module;
    const char *job;
    uint64_t target;
};

tm_client_status tmc_request_plain(struct tmc_request *request, const char *op, uint64_t id,
                                   const struct tmc_subject *subject, struct tmc_failure *failure);

#endif
