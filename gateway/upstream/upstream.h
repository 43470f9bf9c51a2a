/*
 * upstream: a daemon that the gateway is a client of: the master, or taskqueued.
 *
 * An upstream has a few connections for all calls, and one of its own for each stream. A stream is
 * read no faster than its reader takes it; the others are always read. Connections are made in the
 * background, and made again after their end, with pauses from 0.1 to 0.5 seconds (src/upstream).
 * The pauses stay short while calls would wait for the daemon.
 *
 * A call is one request. The events that belong to it come to its owner, until the last one or the
 * loss of the connection. A call is embedded in its owner's struct.
 */
#ifndef TASKMASTER_GATEWAY_UPSTREAM_UPSTREAM_H
#define TASKMASTER_GATEWAY_UPSTREAM_UPSTREAM_H

#include "access/token_set.h"
#include "base/hash.h"
#include "base/payload.h"
#include "net/conn.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

struct upstream;
struct upstream_call;
struct upstream_carrier;
struct upstream_request;

enum upstream_event_type {
    UPSTREAM_ANSWER, /* the one answer to a request that is no submit: `ok`, `stats`, ... */
    UPSTREAM_ERROR,  /* `error`: of a submit, too; the last event of its call */
    UPSTREAM_ACCEPTED,
    UPSTREAM_STARTED,
    UPSTREAM_PROGRESS,
    UPSTREAM_PART,
    UPSTREAM_RETRY,
    UPSTREAM_DONE,     /* the last one, */
    UPSTREAM_FAILED,   /* and this, */
    UPSTREAM_OVERLOAD, /* and this */
    UPSTREAM_NEWS,     /* of a watch or a monitor */
    UPSTREAM_OTHER,    /* unknown here */
};

/* Borrowed for the call of `event`. */
struct upstream_event {
    enum upstream_event_type type;
    const char *name;   /* "done" */
    const char *header; /* the line, without its LF */
    size_t header_len;
    struct payload *payload; /* NULL: none, or empty; take a reference to keep it */
    bool is_last;            /* no event of this call follows */
};

/* The header as an object, parsed once at the first call; borrowed. The short way for frequent
 * members: upstream_event_text() and _uint() scan the line. */
const json_t *upstream_event_json(const struct upstream_event *event);
/* The member as JSON text (a string with its quotes) without parsing it all; false: none. */
bool upstream_event_member(const struct upstream_event *event, const char *key, const char **text,
                           size_t *len);
bool upstream_event_uint(const struct upstream_event *event, const char *key, uint64_t *value);

struct upstream_call_ops {
    /* An event of the call. After the last one the call is its owner's again. */
    void (*event)(struct upstream_call *call, const struct upstream_event *event);
    /* The daemon is away, or its connection was lost before the last event: no event follows.
     * `begun`: the request was written, so a job may have run. Never within upstream_call...(). */
    void (*lost)(struct upstream_call *call, const char *why, bool begun);
};

struct upstream_call {
    const struct upstream_call_ops *ops;
    /* For gateway/upstream alone: */
    struct upstream_carrier *carrier; /* NULL: the call is its owner's */
    uint64_t id;
    struct hash_node node; /* of the carrier's calls, by id */
    TAILQ_ENTRY(upstream_call) link;
    struct upstream_request *waiting; /* NULL: it has been written */
    bool is_job;                      /* a submit or a wait: events of a job answer it */
    bool is_submit;                   /* with a job of its own, which a forget cancels */
    bool is_detached;                 /* `accepted` is its last event */
};

/* Writes a request. While the daemon has been away for less than a second, or for less than five
 * seconds and somebody holds its socket, the call waits for it: so a restart costs nobody anything.
 * `members`: JSON text of further members, each with its comma before it:
 * ",\"module\":\"fib\""; `id` and `size` are added here. A submit (or wait) is answered by the
 * events of its job, all else by one answer. */
void upstream_call(struct upstream *upstream, struct upstream_call *call, const char *op,
                   const char *members, size_t members_len, struct payload *payload);

/* The same, and the same patience, on a connection of the call's own: events are read while the
 * stream has room. */
void upstream_stream(struct upstream *upstream, struct upstream_call *call, const char *op,
                     const char *members, size_t members_len, struct payload *payload);
void upstream_hold(struct upstream_call *call);    /* of a stream: reads no further event */
void upstream_release(struct upstream_call *call); /* goes on, from the next turn on */
/* A further request on the stream's connection; its answer is not told. */
void upstream_say(struct upstream_call *call, const char *op, const char *members,
                  size_t members_len);

/* The owner goes: no event comes any more. A job of a submit is cancelled (killed with `kill`); a
 * stream's connection closes. Of a call that is its owner's nothing happens. */
void upstream_forget(struct upstream_call *call, bool kill);

/* --- the daemon --- */

/* What an upstream is made of; all is borrowed. */
struct upstream_parts {
    struct conn_loop *loop;
    uint64_t (*random)(void);
    const char *noun;    /* of the daemon, in reasons and log lines: "master", "queue" */
    const char *program; /* of the daemon: "taskmasterd" */
    const char *address;
    const struct token_set *tokens; /* the first is told */
};

/* Looks the address up, and so may wait for the resolver: for the start only. NULL after a message
 * in `error`. */
struct upstream *upstream_new(const struct upstream_parts *parts, char *error, size_t error_size);

/* Connects from now on. */
void upstream_start(struct upstream *upstream);

/* The next connections have the token of this set. */
void upstream_configure(struct upstream *upstream, const struct token_set *tokens);

/* The gateway ends: whoever only looks on is lost. These are streams without an end of their own
 * (watches, monitors), and waits for jobs that go on without us. */
void upstream_drain(struct upstream *upstream);

/* Closes all connections; a call that is left is lost, and no other begins. The loop's chores free
 * the rest. NULL is fine. */
void upstream_free(struct upstream *upstream);

/* Connections with a descriptor. */
size_t upstream_connections(const struct upstream *upstream);

struct upstream_view {
    const char *address;
    bool is_up;      /* hello was answered, and the connection stands */
    bool is_awaited; /* a call would wait for it, because it has not been away for long */
    bool is_draining;
    const char *server;   /* "taskmasterd/0.2.0"; NULL while it was never up */
    const char *boot;     /* likewise */
    const char *why;      /* while it is away: the reason, or NULL */
    uint64_t payload_max; /* bytes; 0 while it was never up */
    uint64_t silent_ms;   /* since the last answer of it; a ping goes out every second */
};

struct upstream_view upstream_view(const struct upstream *upstream);

enum { UPSTREAM_EXCUSE_MAX = 320 }; /* with its NUL */

/* Why the daemon takes no request, for people: "the master is away: Connection refused". */
void upstream_excuse(const struct upstream *upstream, char *text, size_t size);

/* Whether hello's answer has the feature or the right: "detach"; "relay". */
bool upstream_has_feature(const struct upstream *upstream, const char *feature);
bool upstream_has_right(const struct upstream *upstream, const char *right);

#endif
