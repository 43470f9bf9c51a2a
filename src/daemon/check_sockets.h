/* check_sockets: the service manager's sockets and the settings fit together. */
#ifndef TASKMASTER_DAEMON_CHECK_SOCKETS_H
#define TASKMASTER_DAEMON_CHECK_SOCKETS_H

#include "access/settings.h"
#include "daemon/activation.h"
#include "daemon/check.h"

/* The sockets stand alone, without `listen`, and strangers do not reach them unless they are asked
 * for a token or that is permitted. Returns false after a fault. */
bool daemon_check_sockets(const struct daemon_check *check, const struct activation *sockets,
                          const struct access_settings *access);

#endif
