/* readiness: would the master run a job now? A pure function of its stats. */
#ifndef TASKMASTER_GATEWAY_API_READINESS_H
#define TASKMASTER_GATEWAY_API_READINESS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

enum { READINESS_FAULT_MAX = 128 }; /* bytes of the words about a fault, the NUL included */

/* The last answer. Nobody needs a token to ask, so strangers must not be able to keep the master
 * busy with it. */
struct readiness_known {
    uint64_t until_us; /* by then it is too old */
    bool is_ready;
    char fault[READINESS_FAULT_MAX];
};

/* False: `fault` says why not. */
bool readiness_of(const json_t *stats, char fault[READINESS_FAULT_MAX]);

#endif
