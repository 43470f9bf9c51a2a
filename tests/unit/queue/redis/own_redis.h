/* own_redis: a Redis of the test program's own, on a unix socket; nothing of it stays. */
#ifndef TASKMASTER_TESTS_OWN_REDIS_H
#define TASKMASTER_TESTS_OWN_REDIS_H

#include <sys/types.h>

struct own_redis {
    char *dir;     /* a directory of its own */
    char *address; /* as in redis-servers */
    pid_t pid;
};

/* Starts it, and waits until it listens. It ends with the process that calls. */
void own_redis_start(struct own_redis *server);
void own_redis_end(struct own_redis *server);

/* Stops all of it, as a machine that hangs, and lets it go on. */
void own_redis_freeze(const struct own_redis *server);
void own_redis_thaw(const struct own_redis *server);

#endif
