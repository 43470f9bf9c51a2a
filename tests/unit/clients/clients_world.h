/*
 * clients_world: clients of the master, and the parts below them.
 *
 * No worker and no module exists, so every job fails at once.
 */
#ifndef TASKMASTER_TESTS_UNIT_CLIENTS_CLIENTS_WORLD_H
#define TASKMASTER_TESTS_UNIT_CLIENTS_CLIENTS_WORLD_H

#include "clients/clients.h"
#include "jobs/module_table.h"
#include "jobs/pools.h"
#include "tests/unit/peers/world.h"

static struct pools pools;
static struct module_table modules;
static struct clients clients;
static struct client_settings settings;

static inline void reload(uint32_t client_max, const char *const *tokens)
{
    settings.peers.client_max = client_max;
    set_tokens(tokens);
    clients_configure(&clients, &settings, &access_settings);
}

static inline void open_world(uint32_t client_max, const char *const *tokens)
{
    static const struct dispatcher_ops no_ops;
    static const struct module_settings no_modules = {.dir = "/nonexistent"};
    const struct job_settings limits = {
        .pool.pool_max = 1, .pool.job_max = 10, .start_timeout_ms = 1000};
    settings = (struct client_settings){.peers = {.hello_timeout_ms = 5000,
                                                  .header_timeout_ms = 5000,
                                                  .payload_timeout_ms = 5000,
                                                  .output_timeout_ms = 30000,
                                                  .linger_ms = 60000,
                                                  .payload_max = 1000},
                                        .dead_letters = DEAD_LETTERS_DROP};
    open_loop(&clients.peers);
    module_table_init(&modules, &no_modules);
    pools_init(&pools, &no_ops, NULL, &timers, &limits, 1);
    clients = (struct clients){
        .peers = {.loop = &loop, .boot = "boot"}, .pools = &pools, .modules = &modules};
    clients_init(&clients);
    reload(client_max, tokens);
}

static inline void close_world(void)
{
    peers_close(&clients.peers);
    turns();
    clients_free(&clients);
    pools_free(&pools);
    module_table_free(&modules);
    close_loop();
}

#endif
