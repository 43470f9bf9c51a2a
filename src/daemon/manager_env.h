/* manager_env: numbers that a service manager has put into the environment. */
#ifndef TASKMASTER_DAEMON_MANAGER_ENV_H
#define TASKMASTER_DAEMON_MANAGER_ENV_H

#include <stdbool.h>
#include <stdint.h>

/* False if the variable is not there or is no number. */
bool manager_env_number(const char *name, uint64_t *number);

/* Whether the variable, LISTEN_PID or WATCHDOG_PID, has our process id. Children inherit variables
 * that are not for them. */
bool manager_env_is_ours(const char *name);

#endif
