/* check_sockets: the service manager's sockets and the settings fit together. */
#ifndef TASKMASTER_DAEMON_CHECK_SOCKETS_H
#define TASKMASTER_DAEMON_CHECK_SOCKETS_H

#include "daemon/activation.h"
#include "daemon/start.h"

/* The sockets stand alone, without `listen`, and strangers do not reach them unless they are asked
 * for a token or that is permitted. Returns false after a fault. */
bool daemon_check_sockets(const struct daemon_check *check, const struct start_checks *checks,
                          const struct activation *sockets);

#endif
