/* redis_server: a Redis of the test program's own, on a unix socket; nothing of it stays. */
#ifndef TASKMASTER_TESTS_REDIS_SERVER_H
#define TASKMASTER_TESTS_REDIS_SERVER_H

#include <sys/types.h>

struct redis_server {
    char *dir;     /* a directory of its own */
    char *address; /* as in redis-servers */
    pid_t pid;
};

/* Starts it, and waits until it listens. It ends with the process that calls. */
void redis_server_start(struct redis_server *server);
void redis_server_end(struct redis_server *server);

/* Stops all of it, as a machine that hangs, and lets it go on. */
void redis_server_freeze(const struct redis_server *server);
void redis_server_thaw(const struct redis_server *server);

#endif
