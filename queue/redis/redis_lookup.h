/*
 * redis_lookup: asks the resolver for an address, in a thread of its own: the loop never waits.
 *
 * Names are looked up at each attempt to connect. So a name may come to mean another server, which
 * is how some hosts move a primary, and a resolver that is late at the start costs nothing.
 */
#ifndef TASKMASTER_QUEUE_REDIS_REDIS_LOOKUP_H
#define TASKMASTER_QUEUE_REDIS_REDIS_LOOKUP_H

#include "net/address.h"

struct event_base;
struct redis_lookup;

/* `done` comes in a later turn of the loop, with the address, or with NULL and the reason,
 * borrowed. NULL: there is no thread for it. */
struct redis_lookup *redis_lookup_begin(struct event_base *base, const char *text,
                                        void (*done)(void *arg, const struct address *address,
                                                     const char *why),
                                        void *arg);

/* `done` does not come. The thread ends when the resolver lets it. NULL is fine. */
void redis_lookup_forget(struct redis_lookup *lookup);

#endif
