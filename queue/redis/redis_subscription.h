/*
 * redis_subscription: what other nodes publish in Redis's channels.
 *
 * A connection that listens cannot make calls, so this is a second one. It is made to the server of
 * the calls while these are up. A message may be lost while it is made anew: `listening` tells that
 * all has to be looked at again.
 */
#ifndef TASKMASTER_QUEUE_REDIS_REDIS_SUBSCRIPTION_H
#define TASKMASTER_QUEUE_REDIS_REDIS_SUBSCRIPTION_H

#include <stddef.h>
#include <stdint.h>

struct redis_calls;
struct redis_subscription;

struct redis_subscription_ops {
    /* The message is borrowed, and has a NUL behind. `channel` is without the prefix. */
    void (*heard)(void *arg, const char *channel, const char *message, size_t len);
    /* All channels are listened to, from now on. Also after the channels have changed. */
    void (*listening)(void *arg);
};

/* `calls` must outlive it, and is told of it in redis_subscription_free(). All is borrowed. Makes
 * no connection before channels are set. */
struct redis_subscription *redis_subscription_new(struct redis_calls *calls,
                                                  const struct redis_subscription_ops *ops,
                                                  void *arg);
void redis_subscription_free(struct redis_subscription *subscription);

enum { REDIS_CHANNELS_MAX = 8 };

/* These are the channels from now on, without the prefix; the names are copied. */
void redis_subscription_set(struct redis_subscription *subscription, const char *const *channels,
                            size_t count);

#endif
