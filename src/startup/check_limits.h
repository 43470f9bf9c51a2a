/* check_limits: whether the system grants workers the limits of their pools. */
#ifndef TASKMASTER_STARTUP_CHECK_LIMITS_H
#define TASKMASTER_STARTUP_CHECK_LIMITS_H

#include "daemon/check.h"
#include "jobs/settings.h"

/* Warns of each limit that the system refuses to the identity: workers do without it. */
void startup_check_limits(const struct daemon_check *check, const struct job_settings *jobs,
                          const struct identity *identity);

#endif
