/*
 * ops: the operations of every daemon, one file each. A daemon names them in its list of
 * operations, and its request begins with a struct peer_request.
 */
#ifndef TASKMASTER_PEERS_OPS_OPS_H
#define TASKMASTER_PEERS_OPS_OPS_H

#include "common/limits.h"
#include "peers/peer.h"
#include "protocol/dialogue.h"
#include "protocol/event_writer.h"

enum {
    LIST_MAX = 1000,    /* items in a list, */
    LIST_DEFAULT = 100, /* and if the client does not say */
};

/* The fields of these operations. */
struct peer_request {
    struct request base;
    REQUEST_TEXT(MODULE_NAME_MAX) module;
    uint32_t limit; /* items in a list; 0: not given */
    REQUEST_TEXT(PLACE_TEXT_MAX) after;
    uint32_t level;                /* of the log, from 1; 0: not given */
    REQUEST_TEXT(ID_TEXT_MAX) ref; /* of a monitor, like an id */
    uint32_t what;                 /* bits of the words of watch's field */
};

#define PEER_REQUEST_AT(member) .at = offsetof(struct peer_request, member)

/* The rows of a list in pages. */
#define PEER_OP_PAGE_FIELDS                                                             \
    {"limit", FIELD_UINT, PEER_REQUEST_AT(limit), .min = 1, .max = LIST_MAX},           \
    {                                                                                   \
        "after", FIELD_STRING, PEER_REQUEST_AT(after), .min = 1, .max = PLACE_TEXT_MAX, \
                                                       .noun = "a place in a list"      \
    }

/* The row of a monitor's ref. */
#define PEER_OP_REF_FIELD                                     \
    {                                                         \
        "ref", FIELD_ID, FIELD_REQUIRED, PEER_REQUEST_AT(ref) \
    }

extern const struct operation peer_op_bye;
extern const struct operation peer_op_clients;
extern const struct operation peer_op_demonitor;
extern const struct operation peer_op_drain; /* without fields */
extern const struct operation peer_op_log_level;
extern const struct operation peer_op_reload;
extern const struct operation peer_op_reopen;
extern const struct operation peer_op_set;
extern const struct operation peer_op_unwatch;

static inline const struct peer_request *peer_request_of(const struct request *request)
{
    return (const struct peer_request *)request;
}

/* --- hello.c: the daemon's operation hello has its fields, and calls these --- */

/* The operation's `check`. */
enum verdict peer_hello_check(struct dialogue *dialogue, struct request *request);

/* The operation's `run`: the client has a name and a default module then. `server`: "NAME/VERSION".
 * `limits` writes the daemon's own fields into the answer. */
void peer_hello(struct dialogue *dialogue, struct request *request, const char *server,
                void (*limits)(const struct peer *peer, struct event_writer *event));

/* --- set.c --- */

/* Makes the request's module, if it has one, the default of the peer's submits. */
void peer_set_module(struct peer *peer, const struct peer_request *request);

/* --- submit.c --- */

/* The module of a submit: the request's, or the peer's default. NULL after a refusal. */
const char *peer_submit_module(struct peer *peer, struct request *request);

/* --- drain.c: for a daemon whose drain has fields --- */

void peer_drain(struct dialogue *dialogue, struct request *request, enum control_waiting waiting);

/* --- monitor.c: the daemon's operation monitor has its things, and calls these --- */

/* Refuses a ref in use, and one monitor too many. */
enum verdict peer_monitor_check(const struct peer *peer, struct request *request);

/* Answers ok and adds the monitor of a thing that lives. `name`: or NULL. */
struct peers_monitor *peer_monitor_add(struct peer *peer, const struct request *request,
                                       unsigned kind, uint64_t number, const char *name);

/* The thing does not live: answers ok, and tells its `down`. In between the daemon names it. */
void peer_monitor_begin_unknown(struct event_writer *event, struct peer *peer,
                                const struct request *request);
void peer_monitor_end_unknown(struct event_writer *event);

/* --- watch.c: the daemon's operation watch has the words of `what`, and calls this --- */

/* Answers, and begins the daemon's watch of `size` bytes; NULL after a refusal. */
struct peers_watch *peer_watch(struct dialogue *dialogue, struct request *request, size_t size);

/* --- page.c: pages of a list --- */

/* The size of the page. */
size_t peer_page_limit(const struct request *request);

/* The place of the page; NULL after a refusal. */
struct peers_place *peer_page_place(struct peers *peers, struct request *request,
                                    const struct peers_place_kind *kind);

#endif
