/* settings_check: see settings_check.h. */
#include "settings_check.h"

#include "net/address.h"

#include <inttypes.h>
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

static int check_pool(const struct check *check)
{
    struct job_settings *jobs = &check->settings->jobs;
    if (jobs->pool.pool_start <= jobs->pool.pool_max)
        return 0;
    if (config_is_set(check->config, "pool-start"))
        return config_fault(check->config, check->error, "pool-start",
                            "found %" PRIu32 ", expected at most pool-max, %" PRIu32 "%s",
                            jobs->pool.pool_start, jobs->pool.pool_max,
                            by_default(check, "pool-max"));
    jobs->pool.pool_start = jobs->pool.pool_max;
    return 0;
}

/* A bound in relation to payload-max. */
struct size_rule {
    const char *key;
    uint64_t bound;
    bool more; /* more than payload-max, not at least */
};

/* If only payload-max was written, the fault is told of payload-max: nobody wrote the bound. */
static int check_size(const struct check *check, const struct size_rule *rule)
{
    uint64_t payload_max = check->settings->clients.payload_max;
    const char *expected = rule->more ? "more than" : "at least";
    if (rule->bound >= payload_max + rule->more)
        return 0;
    if (config_is_set(check->config, rule->key))
        return config_fault(check->config, check->error, rule->key,
                            "found %" PRIu64 ", expected %s payload-max, %" PRIu64 "%s",
                            rule->bound, expected, payload_max, by_default(check, "payload-max"));
    return config_fault(check->config, check->error, "payload-max",
                        "found %" PRIu64 ", but %s is %" PRIu64
                        " by default and must be %s payload-max: raise it too",
                        payload_max, rule->key, rule->bound, expected);
}

static int check_sizes(const struct check *check)
{
    const struct settings *settings = check->settings;
    const struct size_rule rules[] = {
        {"payload-total-max", settings->clients.payload_total_max, false},
        {"output-total-max", settings->clients.output_total_max, false},
        {"client-output-max", settings->jobs.source_output_max, true},
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (check_size(check, &rules[i]) < 0)
            return -1;
    return 0;
}

/* An address of `key`. `guarded`: whoever connects is asked for a token. */
static int check_address(const struct check *check, const char *key, const char *text, bool guarded,
                         enum address_kind *kind)
{
    char why[128];
    bool local;
    if (address_check(text, kind, &local, why, sizeof why) < 0)
        return config_fault(check->config, check->error, key, "found \"%s\", %s", text, why);
    if (local || guarded || check->settings->access.allow_open_listen)
        return 0;
    return config_fault(check->config, check->error, key,
                        "found \"%s\", which others than this machine may reach: %sset "
                        "allow-open-listen if something else keeps strangers away",
                        text, strcmp(key, "listen") == 0 ? "set token-file, or " : "");
}

static int check_listen(const struct check *check)
{
    const struct option_list *listen = &check->settings->clients.listen;
    const char *worker_listen = check->settings->workers.listen;
    bool guarded = check->settings->access.token_file != NULL;
    enum address_kind kind;
    for (size_t i = 0; i < listen->count; i++)
        if (check_address(check, "listen", listen->items[i], guarded, &kind) < 0)
            return -1;
    if (check_address(check, "worker-listen", worker_listen, false, &kind) < 0)
        return -1;
    if (kind == ADDRESS_UNIX)
        return config_fault(check->config, check->error, "worker-listen",
                            "found \"%s\", expected HOST:PORT: workers use TCP", worker_listen);
    return 0;
}

static int check_preload(const struct check *check)
{
    const struct option_list *preload = &check->settings->jobs.pool.preload;
    for (size_t i = 0; i < preload->count; i++) {
        const char *expected = module_settings_name_fault(preload->items[i]);
        if (expected)
            return config_fault(check->config, check->error, "preload", "found \"%s\", %s",
                                preload->items[i], expected);
    }
    return 0;
}

int settings_check(const struct config *config, struct settings *settings,
                   struct config_error *error)
{
    const struct check check = {.config = config, .settings = settings, .error = error};
    if (check_pool(&check) < 0 || check_sizes(&check) < 0 || check_listen(&check) < 0)
        return -1;
    return check_preload(&check);
}
