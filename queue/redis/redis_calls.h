/*
 * redis_calls: scripts that are called in Redis, each answered once.
 *
 * A call is made, given its arguments, and posted. It is sent with the next flush, in the order of
 * posting, without waiting for the answers before. It keeps its bytes until it is answered: after a
 * lost connection the unanswered ones are sent again in their order, each with its own token, by
 * which a script knows a repeat (lua/README.md). So a call is done once, whatever happens to the
 * connection, or it is not done at all.
 *
 * A call has a deadline if its owner cannot wait: redis-timeout-ms from the post on. Without one it
 * waits for Redis to come back: the outcome of a held job does.
 *
 * An error of Redis that passes (it loads its data, it has too few replicas, its disk is full) is
 * no answer: the call is sent again after a pause. A server that is no primary any more is left for
 * the one that is.
 *
 * With redis-wait, an answer is told once so many replicas have all that was written before it.
 */
#ifndef TASKMASTER_QUEUE_REDIS_REDIS_CALLS_H
#define TASKMASTER_QUEUE_REDIS_REDIS_CALLS_H

#include "queue/redis/redis_reply.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct conn_loop;
struct payload;
struct redis_call;
struct redis_calls;
struct redis_script; /* scripts.h */
struct redis_settings;

enum redis_end {
    REDIS_ANSWERED, /* `reply`: the script's list, its status first */
    REDIS_FULL,     /* of a call with `gives_up_full`: Redis has no room; nothing was changed */
    REDIS_UNSENT,   /* the deadline is over, or all ends; Redis has surely not done the call */
    REDIS_LATE,     /* likewise, but Redis may have done the call, or may do it still */
    REDIS_FAILED,   /* an error that no repeat mends: `reply`. It is in the log. Redis may have done
                     * a part of the call, if the script has a fault */
};

struct redis_answer {
    enum redis_end end;
    uint64_t status;                 /* of ANSWERED: the list's first item */
    const struct redis_reply *reply; /* borrowed for the call of `done`; never NULL */
    bool is_last;                    /* no other answer of this call comes */
};

/* What kind of call this is. Static. */
struct redis_call_kind {
    /* An answer. There is one, the last. But a call with `is_change`, LATE after it was sent, is
     * repeated until Redis tells what became of it, and answered again then: the owner puts right
     * what came about after all. */
    void (*done)(void *arg, const struct redis_answer *answer);
    bool has_deadline;
    bool is_change;     /* see above */
    bool gives_up_full; /* a lack of room is an answer */
    bool is_prompt;     /* told at once, whatever redis-wait says: a lease is renewed or not */
};

/* What calls are made with; all is borrowed. */
struct redis_calls_parts {
    struct conn_loop *loop;
    uint64_t (*random)(void);
    const struct redis_settings *settings;
    const struct redis_script *scripts; /* all that may be called */
    size_t script_count;
    /* The connection stands: calls are answered again. Or no longer. In a turn of the loop, never
     * within a call of this header. Unanswered calls are sent again before `up`. */
    void (*up)(void *arg);
    void (*down)(void *arg, const char *why);
    void *arg;
};

/* Never waits. NULL after a message in `error`: the servers' addresses are none. */
struct redis_calls *redis_calls_new(const struct redis_calls_parts *parts, char *error,
                                    size_t error_size);

/* Connects, in the next turn of the loop. */
void redis_calls_start(struct redis_calls *calls);

/* All unanswered calls are answered with UNSENT or LATE, and the connection is closed. The loop's
 * chores free the rest. */
void redis_calls_free(struct redis_calls *calls);

/* The next connection has the password of these settings. */
void redis_calls_configure(struct redis_calls *calls, const struct redis_settings *settings);

/* --- a call --- */

/* Begins a call: prefix, epoch and a new token are its first arguments. Epoch 0: of no node. */
struct redis_call *redis_call_new(struct redis_calls *calls, const struct redis_script *script,
                                  uint64_t epoch);

/* Its further arguments, in their order. */
void redis_call_number(struct redis_call *call, uint64_t number);
void redis_call_text(struct redis_call *call, const char *text); /* NULL: an empty one */
void redis_call_bytes(struct redis_call *call, const void *data, size_t len);
/* One argument made of bytes and a payload behind them: `in:SEQ` has the wish, then the input. A
 * reference is taken. NULL: no payload. */
void redis_call_payload(struct redis_call *call, const void *data, size_t len,
                        const struct payload *payload);

/* To be sent with the next flush. The call is not the caller's any more. */
void redis_call_post(struct redis_call *call, const struct redis_call_kind *kind, void *arg);

/* Sends posted calls, at the end of the turn. */
void redis_calls_flush(struct redis_calls *calls);

/* --- views --- */

struct redis_calls_view {
    bool is_up;
    const char *server;  /* the address, as it stands in redis-servers; NULL while away */
    const char *why;     /* while away: the reason; NULL before the first attempt has failed */
    const char *version; /* of Redis; "" before it is known */
    uint64_t up_us;      /* since then, by the loop's clock */
    uint64_t reconnects; /* connections after the first */
    uint64_t
        round_trip_us; /* from the sending of a call to its answer: the mean of late; 0: none */
    size_t unanswered; /* calls */
    bool may_lose;     /* while up: the server may lose what it confirms (redis-unsafe) */
};

struct redis_calls_view redis_calls_view(const struct redis_calls *calls);

#endif
