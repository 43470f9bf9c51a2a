/* scripts: the Lua scripts of lua/, compiled in. queue/redis/embed writes the table. */
#ifndef TASKMASTER_QUEUE_REDIS_SCRIPTS_H
#define TASKMASTER_QUEUE_REDIS_SCRIPTS_H

#include <stddef.h>

struct redis_script {
    const char *name; /* "put" */
    const char *sha1; /* in hex: what EVALSHA names the script by */
    const char *text; /* of `len` bytes, and a NUL */
    size_t len;
};

/* One for each file of lua/ but common.lua. */
enum redis_script_number {
    REDIS_SCRIPT_ADOPT,
    REDIS_SCRIPT_AGAIN,
    REDIS_SCRIPT_BACK,
    REDIS_SCRIPT_CHECK,
    REDIS_SCRIPT_CLAIM,
    REDIS_SCRIPT_ENDED,
    REDIS_SCRIPT_EXPIRE,
    REDIS_SCRIPT_FORGET,
    REDIS_SCRIPT_HELD,
    REDIS_SCRIPT_JOIN,
    REDIS_SCRIPT_LEAVE,
    REDIS_SCRIPT_LIST,
    REDIS_SCRIPT_LOAD,
    REDIS_SCRIPT_MARK,
    REDIS_SCRIPT_MEMORY,
    REDIS_SCRIPT_NEWS,
    REDIS_SCRIPT_NODES,
    REDIS_SCRIPT_PAUSE,
    REDIS_SCRIPT_PUT,
    REDIS_SCRIPT_RIPEN,
    REDIS_SCRIPT_SHORTEN,
    REDIS_SCRIPT_SWEEP,
    REDIS_SCRIPT_TELL,
    REDIS_SCRIPT_TICK,
    REDIS_SCRIPT_WATCH,
    REDIS_SCRIPTS
};

extern const struct redis_script redis_scripts[REDIS_SCRIPTS];

#endif
