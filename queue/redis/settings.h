/* settings: the Redis that many nodes share, and this node's part in it. */
#ifndef TASKMASTER_QUEUE_REDIS_SETTINGS_H
#define TASKMASTER_QUEUE_REDIS_SETTINGS_H

#include "access/token_set.h"
#include "base/option.h"

#include <stdbool.h>
#include <stdint.h>

struct redis_settings {
    struct option_list servers; /* HOST:PORT or unix:PATH; the one that is a primary is used */
    char *prefix;               /* of all keys and channels */
    char *user;                 /* of AUTH; NULL: the default one */
    char *password_file;        /* NULL: no AUTH */
    struct token_set passwords; /* read from it: the first */
    char *node_name;            /* NULL: the host's name and the process id */
    uint32_t database;
    uint32_t timeout_ms; /* without an answer for so long, the connection is given up, and a submit
                          * is unconfirmed */
    uint32_t replicas; /* redis-wait: a change is safe once so many replicas have it; 0: at once */
    uint32_t lease_ms; /* a node that is not heard of for so long is dead */
    bool is_unsafe;    /* a server that may lose what it has confirmed will do */
};

extern const struct option_table redis_options;

#endif
