/*
 * upstream_internal: the order of the files. A file calls those below it only.
 *
 *     upstream.c    the daemon, and the carriers for all calls
 *     stream.c      a call with a carrier of its own
 *     carrier.c     a connection, and the calls on it
 *     daemon.c      what is known of the daemon
 *     request.c     a request that waits
 *     header.c      the header of an event, read
 */
#ifndef TASKMASTER_GATEWAY_UPSTREAM_INTERNAL_H
#define TASKMASTER_GATEWAY_UPSTREAM_INTERNAL_H

#include "common/limits.h"
#include "gateway/upstream/upstream.h"
#include "upstream/uplink.h"

#define UPSTREAM_DRAIN_WHY "the gateway is shutting down"

/* A large result on one holds up a quarter of the calls. The last one has calls only while it is
 * the only free one: so one without a job looks for the next daemon while this one drains. */
enum { UPSTREAM_RESERVE = 4, UPSTREAM_CARRIERS };

TAILQ_HEAD(upstream_call_list, upstream_call);
TAILQ_HEAD(upstream_carrier_list, upstream_carrier);

/* An event, from its header on. */
struct upstream_reading {
    struct upstream_event event; /* its first member */
    json_t *json;                /* of the header; NULL until somebody asks */
    bool has_event;
    bool is_of_call; /* `id` is a number, */
    uint64_t id;     /* of a call */
    bool is_said;    /* an answer to upstream_say() */
    bool is_fatal;
    uint64_t size;
    char name[CODE_MAX + 1];
    char header[HEADER_MAX + 1];
};

/* Its texts are borrowed, but those of a kept one. */
struct upstream_request {
    const char *op;
    const char *members;
    size_t members_len;
    struct payload *payload;
};

struct upstream_carrier {
    struct uplink uplink; /* its first member */
    struct upstream *upstream;
    struct hash calls_by_id;
    struct upstream_call_list calls;
    size_t count;     /* of them */
    bool is_draining; /* the daemon has said so on this connection */
    struct upstream_reading reading;

    /* Of a stream. */
    struct upstream_call *stream;    /* NULL: the carrier is for all calls */
    struct upstream_request request; /* while it waits for the connection; kept */
    bool is_answered;                /* its first event was told */
    TAILQ_ENTRY(upstream_carrier) link;
};

struct upstream {
    struct upstream_parts parts;
    struct address address;
    char *text; /* of the address */
    struct upstream_carrier carriers[UPSTREAM_CARRIERS];
    struct upstream_carrier nowhere;               /* calls that wait for the daemon */
    struct timer lose;                             /* the end of their patience */
    uint64_t away_us;                              /* while no carrier is up: since then */
    struct upstream_carrier_list streams, retired; /* the second are freed in the next turn */
    struct timer sweep;
    struct timer ping;
    uint64_t next_id;
    size_t up;     /* carriers for all calls that are up */
    json_t *hello; /* the last one; NULL: none yet */
    bool is_draining;
    bool is_ending;    /* the gateway drains */
    uint64_t heard_us; /* the last word of the daemon; 0: never */
};

/* header.c */

/* NULL, or the fault: the peer is no daemon of ours. */
const char *upstream_read(struct upstream_reading *reading, const char *header, size_t len);

/* The event has been told. */
void upstream_read_end(struct upstream_reading *reading);

/* daemon.c */

struct uplink_parts upstream_uplink_parts(const struct upstream *upstream,
                                          const struct conn_limits *limits,
                                          const struct uplink_ops *ops);

/* The connection is up, and the daemon takes submits on it. */
bool upstream_carrier_is_free(const struct upstream_carrier *carrier);

/* The connection takes no submits any more: notes the time if it was the last. */
void upstream_note_away(struct upstream *upstream);

/* Whether a call waits for the daemon. Otherwise it is there, or has been away for too long. */
bool upstream_is_awaited(const struct upstream *upstream);

/* Why the daemon is away, in a sentence that names the daemon. */
void upstream_word_excuse(const struct upstream *upstream, const char *why, char *text,
                          size_t size);

/* Operations of uplinks. */

bool upstream_greeted(struct uplink *uplink, const json_t *hello, char *error, size_t error_size);
const char *upstream_header(struct uplink *uplink, const char *data, size_t len,
                            struct uplink_frame *frame);

/* request.c */

struct upstream_request upstream_request_keep(const struct upstream_request *request);
void upstream_request_free(struct upstream_request *kept);

/* carrier.c */

void upstream_call_begin(struct upstream_call *call, const struct upstream_request *request);
bool upstream_call_ends(const struct upstream_call *call, enum upstream_event_type type);

void upstream_carrier_init(struct upstream_carrier *carrier, struct upstream *upstream);

/* No call is left. */
void upstream_carrier_free(struct upstream_carrier *carrier);

/* The call is the carrier's from now on, until the drop. */
void upstream_carrier_take(struct upstream_carrier *carrier, struct upstream_call *call);
void upstream_carrier_drop(struct upstream_call *call);

void upstream_carrier_write(struct upstream_carrier *carrier, const struct upstream_call *call,
                            const struct upstream_request *request);

/* A request without a call. */
void upstream_carrier_say(struct upstream_carrier *carrier, const char *op, const char *members,
                          size_t members_len);
void upstream_carrier_cancel(struct upstream_carrier *carrier, uint64_t id, bool kill);

/* Loses `most` of its calls, the oldest first. */
void upstream_carrier_lose(struct upstream_carrier *carrier, size_t most, const char *why,
                           bool begun);

/* The words of a fatal error, if that has been read, are the reason for the connection's end. */
void upstream_carrier_note_words(struct upstream_carrier *carrier);

/* Tells its call of the event that has been read; takes over the payload. */
void upstream_carrier_event(struct uplink *uplink, struct payload *payload);

/* stream.c */

void upstream_streams_init(struct upstream *upstream);
void upstream_streams_free(struct upstream *upstream);

/* Streams without an end of their own are lost. */
void upstream_streams_drain(struct upstream *upstream);

/* Streams whose connections are being made have the tokens of the upstream. */
void upstream_streams_configure(struct upstream *upstream);
void upstream_stream_forget(struct upstream_carrier *carrier);

#endif
