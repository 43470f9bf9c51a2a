/*
 * redis_engine_internal: the parts of the engine on Redis, for queue/redis/redis_*.c alone.
 *
 * The files, each calling only those before it:
 *
 *   redis_blob      a record as one text
 *   redis_wish      wishes and outcomes as such
 *   redis_row       a row of an answer as a job
 *   redis_key       hashes of keys
 *   redis_digest    digests of keyed inputs
 *   redis_clock     the store's clock, numbers of new jobs
 *   redis_lease     what is left of the lease
 *   redis_contents  counts and pauses, as the last tick told them
 *   redis_news      entries of this node's list of news
 *   redis_member    whether this node is a member, and what is left of its lease
 *   redis_memory    the memory of Redis
 *   redis_tick      the lease is renewed, and all is looked at
 *   redis_node      the node joins, and leaves
 *   redis_channels  what is published
 *   redis_write     operations as arguments of scripts
 *   redis_read      answers of scripts as those of operations
 *   redis_batch     operations of which many go in one call
 *   redis_op        an operation: posted, answered, put right
 *   redis_stats     what `stats` shows
 *   redis_engine    the table of operations of engine.h
 */
#ifndef TASKMASTER_QUEUE_REDIS_ENGINE_INTERNAL_H
#define TASKMASTER_QUEUE_REDIS_ENGINE_INTERNAL_H

#include "base/clock.h"
#include "base/timers.h"
#include "net/conn.h"
#include "queue/redis/node_name.h"
#include "queue/redis/redis_calls.h"
#include "queue/redis/redis_clock.h"
#include "queue/redis/redis_digest.h"
#include "queue/redis/redis_lease.h"
#include "queue/redis/redis_subscription.h"
#include "queue/redis/settings.h"
#include "queue/store/engine.h"

/* This node, as the store sees it. */
enum redis_node_state {
    REDIS_NODE_AWAY,     /* Redis cannot be reached */
    REDIS_NODE_ENTERING, /* the node joins, or hears whether it still is a member */
    REDIS_NODE_MEMBER,   /* the engine is up */
    REDIS_NODE_LEAVING,  /* all ends */
    REDIS_NODE_STATES
};

struct redis_node {
    enum redis_node_state state;
    uint64_t epoch;        /* 0: not joined */
    uint32_t number;       /* in numbers of jobs */
    uint64_t lease_end_ms; /* by the store's clock */
    struct redis_lease lease;
    struct timer tick, expiry;
    bool is_asking;                  /* JOIN or TICK is under way, */
    bool asks_again;                 /* and another TICK follows at once; */
    uint64_t asked_us;               /* posted then, */
    uint64_t asked_read;             /* when so many news were read */
    uint64_t turned_us, patience_us; /* the last turn; no run is stopped before */
    uint64_t next_us;                /* when the next TICK is to be posted */
    uint64_t news_read;              /* since the node joined */
    char name[NODE_NAME_MAX + 1];
};

/* NEWS under way. */
struct redis_fetch {
    bool is_asking, asks_again;
    uint64_t epoch, read; /* of the node at the post */
};

/* Since the start. */
struct redis_counters {
    uint64_t unconfirmed, lost;
};

/* Of Redis. */
struct redis_memory {
    uint64_t bytes, bytes_max; /* 0: no bound */
    bool is_asking;
    uint64_t next_us; /* asked for again then */
};

/* As the last tick told. */
struct redis_totals {
    uint64_t taken_over, refused, nodes;
    bool is_watched;
};

struct engine {
    struct engine_parts parts;
    struct redis_calls *calls;
    struct redis_subscription *subscription;
    const struct engine_news *news; /* NULL: nobody listens */
    void *news_arg;
    struct redis_node node;
    struct redis_clock clock;
    struct store_contents contents;
    bool asked_counts;  /* the TICK under way did */
    uint64_t counts_us; /* a later one does */
    struct redis_totals totals;
    struct redis_counters counters;
    struct redis_memory memory;
    struct redis_fetch fetch;
    struct store_ops posted;  /* of this turn: their fields are not complete before the flush */
    struct store_ops refused; /* operations that are none of this engine */
    struct timer refusal;
    struct redis_digests digests; /* PUTs that wait for theirs */
    bool watches;
    uint64_t full_until_us; /* a put found no room: none is admitted before */
};

/* Not the time of the turn: what is read first after a stop of this process is read at the old one.
 */
static inline uint64_t redis_now_us(void)
{
    return clock_us();
}

/* --- redis_contents.c --- */

/* True: they have changed. */
bool redis_contents_set_paused(struct store_contents *contents, const struct redis_reply *names);
/* Four numbers: of all jobs. */
void redis_contents_set_all(struct store_contents *contents, const struct redis_reply *numbers);
/* Lists of names, each followed by its number. */
void redis_contents_set_modules(struct store_contents *contents, const struct redis_reply *counts);
void redis_contents_set_owners(struct store_contents *contents, const struct redis_reply *owners);
void redis_contents_free(struct store_contents *contents);

/* --- redis_news.c --- */

/* Tells the entries of a list of news, read behind the first `read` ones. False: more may wait. */
bool redis_news_tell(struct engine *engine, const struct redis_reply *entries, uint64_t read);
/* Asks for those that wait in Redis. */
void redis_news_fetch(struct engine *engine);

enum { REDIS_NEWS_MAX = 1000 }; /* in one answer */

/* --- redis_write.c, redis_read.c --- */

/* The call of an operation, with all its arguments. */
struct redis_call *redis_write(struct engine *engine, const struct store_op *op);
/* A result up to this size is copied into the call; a larger one is shared. */
enum { REDIS_SMALL = 4096 };
/* An operation that is one of many in the call: its arguments. */
void redis_write_add(struct redis_call *call, const struct store_op *op);
/* A job goes back as if it had never been handed. */
struct redis_call *redis_write_back(struct engine *engine, uint64_t seq, uint64_t expires_ms);

/* The answer to a call of a node of `epoch` as the operation's. */
void redis_read(struct engine *engine, struct store_op *op, uint64_t epoch,
                const struct redis_answer *answer);
/* The `i`th of the operations of one call. */
void redis_read_one(struct engine *engine, struct store_op *op, uint64_t epoch,
                    const struct redis_answer *answer, size_t i);

/* --- redis_batch.c --- */

/* Whether the operation goes in such a call. */
bool redis_batch_takes(const struct store_op *op);
/* Calls with all of these. */
void redis_batch_post(struct engine *engine, struct store_ops *ops);

/* --- redis_op.c --- */

void redis_op_init(struct engine *engine);
void redis_op_post(struct engine *engine, struct store_op *op);
/* Makes the calls. */
void redis_op_flush(struct engine *engine);
/* Some are not calls yet. */
bool redis_op_is_busy(const struct engine *engine);
void redis_op_finish(struct engine *engine);

/* --- redis_member.c --- */

/* The keep hears of it if the node becomes a member, or is one no longer. */
void redis_member_change(struct engine *engine, enum redis_node_state to);
uint64_t redis_member_interval_us(const struct engine *engine);
/* JOIN or TICK is about to be posted. */
void redis_member_ask(struct engine *engine);
/* Enough of it is left. */
bool redis_member_has_lease(const struct engine *engine);
/* Without it the node is a member no longer. */
void redis_member_check(struct engine *engine);
/* When the lease is to be looked at; 0: there is nothing to be seen. */
uint64_t redis_member_expiry_us(const struct engine *engine);
/* How much is left of the lease? Then sets the timers. */
void redis_member_look(struct engine *engine);
void redis_member_set_timers(struct engine *engine);
/* The next tick is looked for an interval from now. */
void redis_member_put_off(struct engine *engine);

/* --- redis_tick.c, redis_node.c --- */

/* Renews the lease and looks at all, now. */
void redis_tick(struct engine *engine);

void redis_node_init(struct engine *engine);
void redis_node_clear(struct engine *engine);
/* The connection stands, or no longer. */
void redis_node_connected(struct engine *engine);
void redis_node_disconnected(struct engine *engine);
void redis_node_turn(struct engine *engine);
void redis_node_watch(struct engine *engine, bool on);
void redis_node_leave(struct engine *engine);

/* --- redis_channels.c, redis_memory.c, redis_stats.c --- */

extern const struct redis_subscription_ops redis_channels_ops;

/* At each tick. */
void redis_memory_look(struct engine *engine);

char *redis_stats(const struct engine *engine);

#endif
