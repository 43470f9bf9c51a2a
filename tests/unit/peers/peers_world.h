/*
 * peers_world: the clients of a daemon that has nothing but the operations of every daemon.
 */
#ifndef TASKMASTER_TESTS_UNIT_PEERS_PEERS_WORLD_H
#define TASKMASTER_TESTS_UNIT_PEERS_PEERS_WORLD_H

#include "peers/ops/ops.h"
#include "protocol/hello.h"
#include "protocol/ping.h"
#include "tests/unit/peers/world.h"

/* --- the protocol --- */

static struct peer_request peer_request;

static inline void no_limits(const struct peer *peer, struct event_writer *event)
{
    (void)peer, (void)event;
}

static inline enum verdict run_hello(struct dialogue *dialogue, struct request *request)
{
    peer_hello(dialogue, request, "peers/1", no_limits);
    return VERDICT_FINE;
}

static const struct field hello_fields[] = {
    HELLO_FIELDS,
    {"module", FIELD_NAME, PEER_REQUEST_AT(module), .max = MODULE_NAME_MAX},
    {0},
};
static const struct operation hello_operation = {"hello", hello_fields, .is_hello = true,
                                                 .check = peer_hello_check, .run = run_hello};
static const struct operation *const operations[] = {
    &hello_operation,   &ping_operation,    &peer_op_set,     &peer_op_bye,
    &peer_op_clients,   &peer_op_reload,    &peer_op_reopen,  &peer_op_drain,
    &peer_op_log_level, &peer_op_demonitor, &peer_op_unwatch, NULL,
};
static const struct protocol protocol = {PEERS_PROTOCOL, .operations = operations,
                                         .request = &peer_request.base,
                                         .request_size = sizeof peer_request};

/* --- the daemon --- */

/* The daemon's things of each peer, as a test says. */
static size_t busy;         /* peers have events to come */
static size_t ends_to_come; /* batches more of each `end` and each `release` */

static inline bool one_batch(struct peer *peer)
{
    (void)peer;
    return !ends_to_come || !ends_to_come--;
}

static inline bool is_busy(const struct peer *peer)
{
    (void)peer;
    return busy > 0;
}

static inline size_t no_jobs(const struct peer *peer)
{
    (void)peer;
    return 0;
}

static const struct peers_ops peers_ops = {
    .session_size = sizeof(struct peer),
    .protocol = &protocol,
    .end = one_batch,
    .is_busy = is_busy,
    .release = one_batch,
    .jobs = no_jobs,
};

static struct peers peers;
static struct peers_settings settings;

static inline void reload(uint32_t client_max, const char *const *tokens)
{
    settings.client_max = client_max;
    set_tokens(tokens);
    peers_configure(&peers, &settings, &access_settings);
}

static inline void open_world(uint32_t client_max, const char *const *tokens)
{
    settings = (struct peers_settings){.hello_timeout_ms = 5000,
                                       .header_timeout_ms = 5000,
                                       .payload_timeout_ms = 5000,
                                       .output_timeout_ms = 30000,
                                       .linger_ms = 60000,
                                       .monitor_max = 100,
                                       .payload_max = 1000};
    busy = ends_to_come = 0;
    open_loop(&peers);
    peers = (struct peers){.ops = &peers_ops, .loop = &loop, .boot = "boot"};
    peers_init(&peers);
    reload(client_max, tokens);
}

static inline void close_world(void)
{
    peers_close(&peers);
    turns();
    peers_free(&peers);
    close_loop();
}

#endif
