/* redis_error: what an error of Redis means for the call that it answers. */
#ifndef TASKMASTER_QUEUE_REDIS_REDIS_ERROR_H
#define TASKMASTER_QUEUE_REDIS_REDIS_ERROR_H

#include "queue/redis/redis_reply.h"

enum redis_error {
    REDIS_ERROR_FATAL,      /* a fault of a script, or a foreign store */
    REDIS_ERROR_FULL,       /* no room, in memory or on the disk; nothing was changed */
    REDIS_ERROR_PASSING,    /* the server cannot work just now; nothing was changed */
    REDIS_ERROR_NO_SCRIPT,  /* the script has to be loaded again */
    REDIS_ERROR_NO_PRIMARY, /* this server is not, or no longer, fit: another one may be */
};

enum redis_error redis_error_of(const struct redis_reply *reply);

#endif
