/* await: a request that waits for the end of a job of the master. The master keeps no outcome, so
 * the answer tells how the job has ended, and not its result. */
#ifndef TASKMASTER_GATEWAY_API_AWAIT_H
#define TASKMASTER_GATEWAY_API_AWAIT_H

#include <stdint.h>

struct http_exchange;
struct upstream;

/* `job` is known to exist. After `wait_ms` the exchange is given to `too_long`. */
void await_start(struct http_exchange *exchange, struct upstream *master, const char *job,
                 uint64_t wait_ms, void (*too_long)(struct http_exchange *exchange));

#endif
