/* upstream_daemon: what is known of the daemon; each of its connections tells the same. */
#include "gateway/upstream/upstream_internal.h"

#include "upstream/hello.h"

#include <taskmaster/version.h>

#include <string.h>

struct uplink_parts upstream_uplink_parts(const struct upstream *upstream,
                                          const struct conn_limits *limits,
                                          const struct uplink_ops *ops)
{
    return (struct uplink_parts){.loop = upstream->parts.loop,
                                 .random = upstream->parts.random,
                                 .address = &upstream->address,
                                 .limits = limits,
                                 .ops = ops,
                                 .noun = upstream->parts.noun,
                                 .client = "taskmaster-http/" TASKMASTER_VERSION};
}

static struct upstream_carrier *carrier_of(struct uplink *uplink)
{
    return (struct upstream_carrier *)uplink; /* its first member */
}

bool upstream_greeted(struct uplink *uplink, const json_t *hello, char *error, size_t error_size)
{
    struct upstream *upstream = carrier_of(uplink)->upstream;
    (void)error, (void)error_size;
    json_decref(upstream->hello);
    upstream->hello = json_incref((json_t *)hello);
    upstream->is_draining = json_is_true(json_object_get(hello, "draining"));
    return true;
}

/* Whoever asked may have gone by now, but a job's result is kept for the moment all the same. */
const char *upstream_header(struct uplink *uplink, const char *data, size_t len,
                            struct uplink_frame *frame)
{
    struct upstream_carrier *carrier = carrier_of(uplink);
    struct upstream *upstream = carrier->upstream;
    const char *fault = upstream_read(&carrier->reading, data, len);
    upstream->heard_us = upstream->parts.loop->timers->now_us;
    upstream->is_draining |= strcmp(carrier->reading.name, "draining") == 0;
    *frame = (struct uplink_frame){.size = carrier->reading.size, .is_kept = true};
    return fault;
}

struct upstream_view upstream_view(const struct upstream *upstream)
{
    const char *why = upstream->up ? NULL : upstream->carriers[0].uplink.why;
    struct upstream_view view = {
        .address = upstream->text,
        .is_up = upstream->up,
        .is_draining = upstream->is_draining,
        .why = why,
        .silent_ms = (upstream->parts.loop->timers->now_us - upstream->heard_us) / 1000,
    };
    if (!upstream->hello)
        return view;
    view.server = hello_text(upstream->hello, "server");
    view.boot = hello_text(upstream->hello, "boot");
    view.payload_max = hello_number(upstream->hello, "payload_max");
    return view;
}

bool upstream_has_feature(const struct upstream *upstream, const char *feature)
{
    return hello_has(upstream->hello, "features", feature);
}

bool upstream_has_right(const struct upstream *upstream, const char *right)
{
    return hello_has(upstream->hello, "rights", right);
}

size_t upstream_connections(const struct upstream *upstream)
{
    const struct upstream_carrier *stream;
    size_t count = 0;
    for (size_t i = 0; i < UPSTREAM_CARRIERS; i++)
        count += upstream->carriers[i].uplink.conn != NULL;
    TAILQ_FOREACH (stream, &upstream->streams, link)
        count += stream->uplink.conn != NULL;
    return count;
}
