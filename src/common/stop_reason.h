/* stop_reason: why a running job is told to stop, as the master tells the worker and the worker its
 * module. */
#ifndef TASKMASTER_COMMON_STOP_REASON_H
#define TASKMASTER_COMMON_STOP_REASON_H

enum stop_reason {
    STOP_REASON_NONE,
    STOP_REASON_CANCEL,
    STOP_REASON_TIMEOUT,
    STOP_REASON_SOFT_TIMEOUT,
    STOP_REASON_SHUTDOWN,
    STOP_REASON_LINK,   /* the end of the connection that the job was tied to */
    STOP_REASON_READER, /* nobody takes the parts of its result */
    STOP_REASONS
};

#endif
