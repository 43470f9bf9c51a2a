/* upstream_daemon: what is known of the daemon; each of its connections tells the same. */
#include "gateway/upstream/upstream_internal.h"

#include "upstream/hello.h"

#include <taskmaster/version.h>

#include <stdio.h>
#include <string.h>

enum {
    PATIENCE_US = 1000000,
    PATIENCE_MOST_US = 5000000,
    /* A request right after the daemon's return is refused: the pause is short. */
    PAUSE_MOST_MS = 500,
};

struct uplink_parts upstream_uplink_parts(const struct upstream *upstream,
                                          const struct conn_limits *limits,
                                          const struct uplink_ops *ops)
{
    return (struct uplink_parts){.loop = upstream->parts.loop,
                                 .pause_most_ms = PAUSE_MOST_MS,
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

bool upstream_carrier_is_free(const struct upstream_carrier *carrier)
{
    return carrier->uplink.state == UPLINK_UP && !carrier->is_draining;
}

static bool is_there(const struct upstream *upstream)
{
    for (size_t i = 0; i < UPSTREAM_CARRIERS; i++)
        if (upstream_carrier_is_free(&upstream->carriers[i]))
            return true;
    return false;
}

void upstream_note_away(struct upstream *upstream)
{
    if (!is_there(upstream))
        upstream->away_us = upstream->parts.loop->timers->now_us;
}

/* A service manager holds the socket of a daemon that starts again. */
static bool is_held(const struct upstream *upstream)
{
    for (size_t i = 0; i < UPSTREAM_CARRIERS; i++)
        if (upstream->carriers[i].uplink.state == UPLINK_GREETING)
            return true;
    return false;
}

bool upstream_is_awaited(const struct upstream *upstream)
{
    uint64_t away_us = upstream->parts.loop->timers->now_us - upstream->away_us;
    return !is_there(upstream) && away_us < (is_held(upstream) ? PATIENCE_MOST_US : PATIENCE_US);
}

/* A reason with a subject stands alone; others are the words of the system. */
void upstream_word_excuse(const struct upstream *upstream, const char *why, char *text, size_t size)
{
    const char *noun = upstream->parts.noun;
    if (!why)
        snprintf(text, size, "the %s does not answer", noun);
    else if (strncmp(why, "the ", strlen("the ")) == 0)
        snprintf(text, size, "%s", why);
    else
        snprintf(text, size, "the %s is away: %s", noun, why);
}

/* A daemon that is connected and takes no job drains. */
void upstream_excuse(const struct upstream *upstream, char *text, size_t size)
{
    if (upstream->up)
        snprintf(text, size, "the %s drains", upstream->parts.noun);
    else
        upstream_word_excuse(upstream, upstream->carriers[0].uplink.why, text, size);
}

static void note_draining(struct upstream_carrier *carrier)
{
    carrier->is_draining = carrier->upstream->is_draining = true;
    upstream_note_away(carrier->upstream);
}

/* Two daemons speak the protocol, and their addresses are easily taken for each other. */
static bool is_our_daemon(const struct upstream *upstream, const json_t *hello, char *error,
                          size_t error_size)
{
    const char *program = upstream->parts.program, *server = hello_text(hello, "server");
    size_t len = strlen(program);
    if (strncmp(server, program, len) == 0 && server[len] == '/')
        return true;
    snprintf(error, error_size, "found the server \"%.64s\", expected %s", server, program);
    return false;
}

/* A daemon that drains answers hello, if it has begun to in between. It would take no job. */
bool upstream_greeted(struct uplink *uplink, const json_t *hello, char *error, size_t error_size)
{
    struct upstream *upstream = carrier_of(uplink)->upstream;
    if (!is_our_daemon(upstream, hello, error, error_size))
        return false;
    carrier_of(uplink)->is_draining = false;
    json_decref(upstream->hello);
    upstream->hello = json_incref((json_t *)hello);
    upstream->is_draining = json_is_true(json_object_get(hello, "draining"));
    if (upstream->is_draining)
        snprintf(error, error_size, "the %s drains", uplink->parts.noun);
    return !upstream->is_draining;
}

/* Whoever asked may have gone by now, but a job's result is kept for the moment all the same. */
const char *upstream_header(struct uplink *uplink, const char *data, size_t len,
                            struct uplink_frame *frame)
{
    struct upstream_carrier *carrier = carrier_of(uplink);
    struct upstream *upstream = carrier->upstream;
    const char *fault = upstream_read(&carrier->reading, data, len);
    upstream->heard_us = upstream->parts.loop->timers->now_us;
    if (strcmp(carrier->reading.name, "draining") == 0)
        note_draining(carrier);
    *frame = (struct uplink_frame){.size = carrier->reading.size, .is_kept = true};
    return fault;
}

struct upstream_view upstream_view(const struct upstream *upstream)
{
    const char *why = upstream->up ? NULL : upstream->carriers[0].uplink.why;
    struct upstream_view view = {
        .address = upstream->text,
        .is_up = upstream->up,
        .is_awaited = !upstream->up && upstream_is_awaited(upstream),
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
