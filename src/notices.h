/* notices: what the service manager is told of the master, beside its life (daemon/notify.h). */
#ifndef TASKMASTER_NOTICES_H
#define TASKMASTER_NOTICES_H

#include "daemon/notify.h"

/* `arg` is the struct pools. */
extern const struct notify_ops master_notices;

#endif
