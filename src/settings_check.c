/* settings_check: see settings_check.h. */
#include "settings_check.h"

#include "common/limits.h"
#include "common/name.h"
#include "daemon/rules.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* One check on its way. */
struct check {
    const struct config *config;
    struct settings *settings;
    struct config_error *error;
};

static const char *by_default(const struct check *check, const char *key)
{
    return config_is_set(check->config, key) ? "" : " by default";
}

static int check_default_start(const struct check *check)
{
    struct pool_settings *pool = &check->settings->jobs.pool;
    if (pool->pool_start <= pool->pool_max)
        return 0;
    if (config_is_set(check->config, "pool-start"))
        return config_fault(check->config, check->error, "pool-start",
                            "found %" PRIu32 ", expected at most pool-max, %" PRIu32 "%s",
                            pool->pool_start, pool->pool_max, by_default(check, "pool-max"));
    pool->pool_start = pool->pool_max;
    return 0;
}

static int check_sizes(const struct check *check)
{
    const struct settings *settings = check->settings;
    const struct size_rule rules[] = {
        {"payload-total-max", settings->clients.peers.payload_total_max, false},
        {"output-total-max", settings->clients.peers.output_total_max, false},
        {"client-output-max", settings->jobs.source_output_max, true},
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (daemon_rule_size(check->config, check->error, &rules[i],
                             settings->clients.peers.payload_max) < 0)
            return -1;
    return 0;
}

static int check_listen(const struct check *check)
{
    const char *worker_listen = check->settings->workers.listen;
    const struct access_settings *access = &check->settings->access;
    enum address_kind kind;
    if (daemon_rule_listen(check->config, check->error, &check->settings->clients.peers.listen,
                           access) < 0 ||
        daemon_rule_address(check->config, check->error, "worker-listen", worker_listen, access,
                            false, &kind) < 0)
        return -1;
    if (kind == ADDRESS_UNIX)
        return config_fault(check->config, check->error, "worker-listen",
                            "found \"%s\", expected HOST:PORT: workers use TCP", worker_listen);
    return 0;
}

/* The fault of a key of the pool, at the top level or in its entry. Always -1. */
static int pool_fault(const struct check *check, const struct pool_settings *pool, const char *key,
                      const char *text)
{
    if (pool->name)
        return config_entry_fault(check->config, check->error, "pools", pool->name, key, "%s",
                                  text);
    return config_fault(check->config, check->error, key, "%s", text);
}

static int check_preload(const struct check *check, const struct pool_settings *pool)
{
    char text[OPTION_PATH_MAX + 128];
    for (size_t i = 0; i < pool->preload.count; i++) {
        const char *expected = module_settings_name_fault(pool->preload.items[i]);
        if (!expected)
            continue;
        snprintf(text, sizeof text, "found \"%s\", %s", pool->preload.items[i], expected);
        return pool_fault(check, pool, "preload", text);
    }
    return 0;
}

static int check_pool(const struct check *check, const struct pool_settings *pool)
{
    if (pool->pool_start > pool->pool_max)
        return config_entry_fault(check->config, check->error, "pools", pool->name, "pool-start",
                                  "found %" PRIu32 ", expected at most pool-max, %" PRIu32,
                                  pool->pool_start, pool->pool_max);
    return check_preload(check, pool);
}

static int check_pools(const struct check *check)
{
    const struct option_entries *pools = &check->settings->jobs.pools;
    if (check_default_start(check) < 0 || check_preload(check, &check->settings->jobs.pool) < 0)
        return -1;
    for (size_t i = 0; i < pools->count; i++)
        if (check_pool(check, (const struct pool_settings *)pools->items + i) < 0)
            return -1;
    return 0;
}

static int check_modules(const struct check *check)
{
    const struct option_entries *modules = &check->settings->modules.modules;
    const struct module_setting *module = modules->items;
    for (size_t i = 0; i < modules->count; i++)
        if (!job_settings_pool(&check->settings->jobs, module[i].pool))
            return config_entry_fault(
                check->config, check->error, "modules", module[i].name, "pool",
                "found \"%s\", expected " POOL_DEFAULT " or an entry of pools", module[i].pool);
    return 0;
}

static int check_dead_letters(const struct check *check)
{
    const char *name = check->settings->clients.dead_letters;
    if (service_name_valid(name, strlen(name)))
        return 0;
    return config_fault(check->config, check->error, "dead-letters",
                        "found \"%s\", expected " DEAD_LETTERS_DROP
                        " or a service's name of 1 to %d of [A-Za-z0-9_.-]",
                        name, SERVICE_NAME_MAX);
}

int settings_check(const struct config *config, struct settings *settings,
                   struct config_error *error)
{
    const struct check check = {.config = config, .settings = settings, .error = error};
    if (check_sizes(&check) < 0 || check_listen(&check) < 0 || check_pools(&check) < 0)
        return -1;
    if (check_dead_letters(&check) < 0)
        return -1;
    return check_modules(&check);
}
