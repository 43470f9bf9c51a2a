/*
 * redis_calls_internal: the order of the files behind redis_calls.h. A file calls those below it
 * only.
 *
 *     redis_subscription.c   a second connection, that listens
 *     redis_calls.c     the connection of the calls, their deadlines, and views
 *     redis_answer.c    a reply is an answer, or a reason to call again
 *     redis_send.c      posted calls are written, and WAIT behind them
 *     redis_call.c      one call: its bytes, its state, its end
 */
#ifndef TASKMASTER_QUEUE_REDIS_REDIS_CALLS_INTERNAL_H
#define TASKMASTER_QUEUE_REDIS_REDIS_CALLS_INTERNAL_H

#include "base/backoff.h"
#include "base/log_episode.h"
#include "base/log_limit.h"
#include "base/payload.h"
#include "queue/redis/redis_calls.h"
#include "queue/redis/redis_link.h"
#include "queue/redis/scripts.h"

#include <sys/queue.h>

enum redis_call_state {
    CALL_MADE,    /* it is being given its arguments */
    CALL_POSTED,  /* to be sent */
    CALL_SENT,    /* its reply is awaited */
    CALL_REPLIED, /* replicas do not have it yet */
    CALL_AGAIN,   /* to be sent again, before posted ones */
    CALL_STATES
};

/* What is written to Redis. The last three are no calls of an owner's. */
enum redis_call_role {
    CALL_SCRIPT,
    CALL_LOAD,    /* SCRIPT LOAD, after a SCRIPT FLUSH */
    CALL_PUBLISH, /* a change for WAIT to wait for */
    CALL_WAIT,
};

enum { CALL_PAYLOADS = 2, CALL_ROOM = 512 };

struct redis_call {
    TAILQ_ENTRY(redis_call) link;     /* in the list of its state */
    TAILQ_ENTRY(redis_call) deadline; /* among those with a deadline */
    struct redis_calls *calls;
    enum redis_call_role role;
    enum redis_call_state state;
    const struct redis_script *script;
    const struct redis_call_kind *kind; /* of CALL_SCRIPT */
    void *arg;
    bool has_deadline; /* it is in the list of deadlines */
    bool is_unsure;    /* an earlier connection ended before its reply: it may be done */
    bool is_told;      /* LATE was told */
    bool is_over;      /* nobody waits for it any more: its reply is dropped */
    uint64_t due_us;   /* the deadline */
    uint64_t sent_us;
    struct redis_reply *reply; /* of REPLIED */
    size_t words;              /* arguments */
    char *bytes;               /* arguments, without payloads */
    size_t len, room;
    size_t payload_count;
    struct {
        size_t at; /* bytes before it */
        struct payload *payload;
    } payloads[CALL_PAYLOADS];
};

TAILQ_HEAD(redis_call_list, redis_call);

/* Hears of the connection, besides the owner: the subscription. */
struct redis_calls_watcher {
    void (*up)(struct redis_calls_watcher *watcher, struct redis_server *server);
    void (*down)(struct redis_calls_watcher *watcher);
    void (*configured)(struct redis_calls_watcher *watcher, const struct redis_settings *settings);
};

struct redis_calls {
    struct redis_link link;
    struct redis_calls_parts parts;
    struct redis_server *servers;
    size_t server_count;
    struct redis_calls_watcher *watcher; /* or NULL */
    struct redis_call_list lists[CALL_STATES];
    struct redis_call_list deadlines; /* the soonest first */
    struct timer over;                /* the deadline of the first of these */
    struct timer send;                /* posted calls are sent, if nobody flushes */
    struct timer pause;               /* set: nothing is sent */
    struct backoff pauses;
    bool has_to_load;           /* the server has lost its scripts */
    bool has_to_publish;        /* before the first WAIT of this connection */
    bool is_waiting;            /* WAIT is not answered: nothing is sent */
    size_t unwaited;            /* calls sent since the last WAIT */
    struct log_episode unready; /* errors that pass */
    struct log_episode unsafe;  /* WAIT finds too few replicas */
    struct log_limit failed;    /* errors that do not */
    char *why;                  /* the last loss's */
    char token[32];             /* the beginning of tokens without an epoch */
    uint64_t token_count;
    uint64_t ups, round_trip_us;
    size_t count; /* of CALL_SCRIPT */
};

/* redis_call.c */

struct redis_call *redis_call_make(struct redis_calls *calls, enum redis_call_role role);

/* One argument of a command of ours. */
void redis_call_word(struct redis_call *call, const void *data, size_t len);

/* Into the list of the state, at its end. */
void redis_call_move(struct redis_call *call, enum redis_call_state state);

/* The command, or the call, with all its arguments. */
void redis_call_write(struct redis_call *call, struct conn *conn);

/* Tells the owner. With `is_last` the call is over: it is freed, unless its reply is to come. */
void redis_call_tell(struct redis_call *call, enum redis_end end, const struct redis_reply *reply,
                     bool is_last);
void redis_call_free(struct redis_call *call);

/* Redis may have done it. */
bool redis_call_may_be_done(const struct redis_call *call);

/* redis_send.c */

/* Sends what may be sent now. */
void redis_send(struct redis_calls *calls);

/* Nothing is sent for a while: the server cannot work just now. */
void redis_send_pause(struct redis_calls *calls);
void redis_send_init(struct redis_calls *calls);

/* redis_answer.c */

/* The reply to the first of the sent ones; takes it over. */
void redis_answer_take(struct redis_calls *calls, struct redis_reply *reply);

void redis_answer_init(struct redis_calls *calls);

/* redis_calls.c */

/* NULL: none. If the connection stands, `up` comes in the call. */
void redis_calls_watch(struct redis_calls *calls, struct redis_calls_watcher *watcher);

#endif
