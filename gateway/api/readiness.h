/* readiness: would the master run a job now? A pure function of its stats. */
#ifndef TASKMASTER_GATEWAY_API_READINESS_H
#define TASKMASTER_GATEWAY_API_READINESS_H

#include <jansson.h>
#include <stdbool.h>

enum { READINESS_FAULT_MAX = 128 }; /* bytes of the words about a fault, the NUL included */

/* False: `fault` says why not. */
bool readiness_of(const json_t *stats, char fault[READINESS_FAULT_MAX]);

#endif
