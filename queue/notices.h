/* notices: what the service manager is told of taskqueued, beside its life (daemon/notify.h). */
#ifndef TASKMASTER_QUEUE_NOTICES_H
#define TASKMASTER_QUEUE_NOTICES_H

#include "daemon/notify.h"

/* `arg` is the struct queue_report. */
extern const struct notify_ops queue_notices;

#endif
