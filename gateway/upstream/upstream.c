/* upstream: see upstream.h. */
#include "gateway/upstream/upstream_internal.h"

#include "common/log.h"
#include "common/xmalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    PING_MS = 1000,
    LOOK_MS = 100, /* at the daemon's state, while calls wait for it */
};

/* There is no deadline for reading and writing: a stopped daemon goes on later, and TCP finds a
 * lost one. */
static const struct conn_limits limits = {.output_pause = UINT64_MAX, .own = true};

static struct upstream_carrier *carrier_of(struct uplink *uplink)
{
    return (struct upstream_carrier *)uplink; /* its first member */
}

static struct timers *timers_of(const struct upstream *upstream)
{
    return upstream->parts.loop->timers;
}

/* --- calls --- */

static bool is_reserve(const struct upstream_carrier *carrier)
{
    return carrier == &carrier->upstream->carriers[UPSTREAM_RESERVE];
}

/* Of the two, the one with fewer calls. */
static struct upstream_carrier *less_busy(struct upstream_carrier *a, struct upstream_carrier *b)
{
    return a && (is_reserve(b) || a->count <= b->count) ? a : b;
}

/* `nowhere` if none is free. Requests that are no submits are also for a daemon that drains. */
static struct upstream_carrier *choose(struct upstream *upstream, bool is_submit)
{
    struct upstream_carrier *best = NULL, *other = NULL;
    for (size_t i = 0; i < UPSTREAM_CARRIERS; i++) {
        struct upstream_carrier *carrier = &upstream->carriers[i];
        if (upstream_carrier_is_free(carrier))
            best = less_busy(best, carrier);
        else if (carrier->uplink.state == UPLINK_UP && !is_submit)
            other = less_busy(other, carrier);
    }
    if (!best)
        best = other;
    return best ? best : &upstream->nowhere;
}

static void lose_waiting(struct upstream *upstream)
{
    char why[UPSTREAM_EXCUSE_MAX];
    upstream_excuse(upstream, why, sizeof why);
    upstream_carrier_lose(&upstream->nowhere, upstream->nowhere.count, why, false);
}

static void on_lose(void *arg)
{
    struct upstream *upstream = arg;
    if (upstream_is_awaited(upstream))
        timer_set_ms(timers_of(upstream), &upstream->lose, LOOK_MS);
    else
        lose_waiting(upstream);
}

static void wait_for_daemon(struct upstream *upstream, struct upstream_call *call,
                            const struct upstream_request *request)
{
    call->waiting = xmalloc(sizeof *call->waiting);
    *call->waiting = upstream_request_keep(request);
    if (!timer_is_set(&upstream->lose))
        timer_set_next(timers_of(upstream), &upstream->lose);
}

static void begin_call(struct upstream *upstream, struct upstream_call *call,
                       const struct upstream_request *request)
{
    struct upstream_carrier *carrier = choose(upstream, call->is_submit);
    upstream_carrier_take(carrier, call);
    if (carrier == &upstream->nowhere)
        wait_for_daemon(upstream, call, request);
    else
        upstream_carrier_write(carrier, call, request);
}

void upstream_call(struct upstream *upstream, struct upstream_call *call, const char *op,
                   const char *members, size_t members_len, struct payload *payload)
{
    const struct upstream_request request = {op, members, members_len, payload};
    upstream_call_begin(call, &request);
    begin_call(upstream, call, &request);
}

/* A payload over its limit would make the daemon end the connection, with the calls of others. */
static bool is_too_large(const struct upstream *upstream, const struct upstream_request *request)
{
    return request->payload && request->payload->size > upstream_view(upstream).payload_max;
}

static void begin_one(struct upstream *upstream, struct upstream_call *call)
{
    struct upstream_request request = *call->waiting;
    free(call->waiting);
    call->waiting = NULL;
    upstream_carrier_drop(call);
    if (is_too_large(upstream, &request))
        call->ops->lost(call, "it takes no payload of this size", false);
    else
        begin_call(upstream, call, &request);
    upstream_request_free(&request);
}

/* The daemon is there: the waiting calls begin. */
static void begin_waiting(struct upstream *upstream)
{
    timer_clear(timers_of(upstream), &upstream->lose);
    for (size_t count = upstream->nowhere.count; count && upstream->nowhere.count; count--)
        begin_one(upstream, TAILQ_FIRST(&upstream->nowhere.calls));
}

/* An answer that comes later finds no call. */
void upstream_forget(struct upstream_call *call, bool kill)
{
    struct upstream_carrier *carrier = call->carrier;
    if (!carrier)
        return;
    if (carrier->stream) {
        upstream_stream_forget(carrier);
        return;
    }
    upstream_carrier_drop(call);
    if (call->is_submit && carrier->uplink.state == UPLINK_UP)
        upstream_carrier_cancel(carrier, call->id, kill);
}

/* --- the connections for all calls --- */

enum { NAME_MAX_LEN = 32 };

/* "master-lost", "queue-connected" */
static const char *name_event(const struct upstream *upstream, const char *what,
                              char name[NAME_MAX_LEN])
{
    snprintf(name, NAME_MAX_LEN, "%s-%s", upstream->parts.noun, what);
    return name;
}

static void say_away(const struct upstream *upstream, const char *what, const char *why)
{
    char name[NAME_MAX_LEN];
    log_event(LOG_WARN, name_event(upstream, what, name), LOG_STR("address", upstream->text),
              LOG_STR("why", why));
}

static void on_up(struct uplink *uplink)
{
    struct upstream *upstream = carrier_of(uplink)->upstream;
    char name[NAME_MAX_LEN];
    if (!upstream->up++)
        log_event(LOG_INFO, name_event(upstream, "connected", name),
                  LOG_STR("address", upstream->text),
                  LOG_STR("boot", upstream_view(upstream).boot));
    begin_waiting(upstream);
}

/* All connections have the same reason as a rule: the log tells of one. */
static void on_lost(struct uplink *uplink, const struct uplink_end *end)
{
    struct upstream_carrier *carrier = carrier_of(uplink);
    struct upstream *upstream = carrier->upstream;
    char why[UPLINK_WHY_MAX];
    snprintf(why, sizeof why, "%s", end->why);
    upstream->up -= end->was_up;
    if (end->was_up && (!carrier->is_draining || !upstream->up))
        upstream_note_away(upstream);
    if (end->was_up || upstream_is_awaited(upstream))
        uplink_hasten(uplink);
    if (end->was_up && !upstream->up)
        say_away(upstream, "lost", why);
    else if (!end->was_up && carrier == upstream->carriers && !end->is_known)
        say_away(upstream, "unreachable", why);
    upstream_carrier_lose(carrier, SIZE_MAX, why, true);
}

static const struct uplink_ops ops = {
    .greeted = upstream_greeted,
    .up = on_up,
    .header = upstream_header,
    .event = upstream_carrier_event,
    .lost = on_lost,
};

/* --- the daemon --- */

/* The list may change in each call. */
static struct upstream_call *find_wait(const struct upstream_carrier *carrier)
{
    struct upstream_call *call;
    TAILQ_FOREACH (call, &carrier->calls, link)
        if (call->is_job && !call->is_submit)
            return call;
    return NULL;
}

static void lose_waits_of(struct upstream_carrier *carrier)
{
    struct upstream_call *call;
    while ((call = find_wait(carrier))) {
        upstream_carrier_drop(call);
        call->ops->lost(call, UPSTREAM_DRAIN_WHY, true);
    }
}

static void lose_waits(struct upstream *upstream)
{
    for (size_t i = 0; i < UPSTREAM_CARRIERS; i++)
        lose_waits_of(&upstream->carriers[i]);
}

void upstream_drain(struct upstream *upstream)
{
    upstream->is_ending = true;
    upstream_streams_drain(upstream);
    lose_waits(upstream);
}

/* Without calls nothing else would tell that the daemon's loop stands. */
static void on_ping(void *arg)
{
    struct upstream *upstream = arg;
    if (upstream->is_ending)
        lose_waits(upstream); /* those that have begun since */
    struct upstream_carrier *carrier = choose(upstream, false);
    timer_set_ms(timers_of(upstream), &upstream->ping, PING_MS);
    if (carrier != &upstream->nowhere)
        upstream_carrier_say(carrier, "ping", "", 0);
}

struct upstream *upstream_new(const struct upstream_parts *parts, char *error, size_t error_size)
{
    struct address address;
    if (address_parse(&address, parts->address, error, error_size) < 0)
        return NULL;
    struct upstream *upstream = xcalloc(1, sizeof *upstream);
    upstream->parts = *parts;
    upstream->address = address;
    upstream->text = xstrdup(parts->address);
    upstream->heard_us = parts->loop->timers->now_us;
    timer_init(&upstream->lose, on_lose, upstream);
    timer_init(&upstream->ping, on_ping, upstream);
    upstream_streams_init(upstream);
    upstream_carrier_init(&upstream->nowhere, upstream);
    return upstream;
}

void upstream_start(struct upstream *upstream)
{
    const struct uplink_parts parts = upstream_uplink_parts(upstream, &limits, &ops);
    upstream->away_us = timers_of(upstream)->now_us;
    for (size_t i = 0; i < UPSTREAM_CARRIERS; i++) {
        upstream_carrier_init(&upstream->carriers[i], upstream);
        uplink_init(&upstream->carriers[i].uplink, &parts, upstream->parts.tokens);
        uplink_start(&upstream->carriers[i].uplink);
    }
    timer_set_ms(timers_of(upstream), &upstream->ping, PING_MS);
}

void upstream_configure(struct upstream *upstream, const struct token_set *tokens)
{
    upstream->parts.tokens = tokens;
    for (size_t i = 0; i < UPSTREAM_CARRIERS; i++)
        upstream->carriers[i].uplink.tokens = tokens;
    upstream_streams_configure(upstream);
}

/* A kept job on its way has a call that nobody waits for. */
static void free_carrier(struct upstream_carrier *carrier)
{
    upstream_carrier_lose(carrier, SIZE_MAX, "the gateway has ended", true);
    upstream_carrier_free(carrier);
}

void upstream_free(struct upstream *upstream)
{
    if (!upstream)
        return;
    timer_clear(timers_of(upstream), &upstream->ping);
    upstream_streams_free(upstream);
    for (size_t i = 0; i < UPSTREAM_CARRIERS; i++)
        if (upstream->carriers[i].upstream)
            free_carrier(&upstream->carriers[i]);
    upstream_carrier_lose(&upstream->nowhere, SIZE_MAX, "the gateway has ended", false);
    hash_free(&upstream->nowhere.calls_by_id);
    timer_clear(timers_of(upstream), &upstream->lose);
    json_decref(upstream->hello);
    free(upstream->text);
    free(upstream);
}
