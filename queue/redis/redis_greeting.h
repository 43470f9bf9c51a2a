/*
 * redis_greeting: the first words to a server, and whether its answers make it fit for us.
 *
 * All are written at once, so a greeting takes one round trip. The answers are judged in their
 * order, and the first bad one is the reason.
 */
#ifndef TASKMASTER_QUEUE_REDIS_REDIS_GREETING_H
#define TASKMASTER_QUEUE_REDIS_REDIS_GREETING_H

#include "queue/redis/redis_info.h"
#include "queue/redis/redis_reply.h"

#include <stdbool.h>
#include <stddef.h>

struct conn;
struct redis_script;
struct redis_settings;

struct redis_greeting {
    const struct redis_settings *settings;
    const struct redis_script *scripts; /* to be loaded */
    size_t script_count;
    bool is_listener;       /* nothing is written here: the server need not be fit for jobs */
    size_t awaited;         /* answers */
    size_t taken;           /* of these */
    struct redis_info info; /* as told */
};

/* Writes it. */
void redis_greeting_ask(struct redis_greeting *greeting, struct conn *conn);

/* The next answer. False after the reason in `fault`: the server is not used. */
bool redis_greeting_take(struct redis_greeting *greeting, const struct redis_reply *reply,
                         struct redis_fault *fault);

/* All has been answered well. */
bool redis_greeting_is_whole(const struct redis_greeting *greeting);

#endif
