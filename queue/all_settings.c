/* all_settings: see all_settings.h. */
#include "queue/all_settings.h"

#include "access/read.h"
#include "access/token_file.h"
#include "daemon/rules.h"
#include "queue/redis/password_file.h"

#include <limits.h>
#include <stddef.h>

/* In the order of --help. */
static const struct config_part parts[] = {
    {&listen_options, offsetof(struct queue_settings, peers)},
    {&master_link_options, offsetof(struct queue_settings, master)},
    {&store_options, offsetof(struct queue_settings, store)},
    {&redis_options, offsetof(struct queue_settings, redis)},
    {&keep_options, offsetof(struct queue_settings, keep)},
    {&peers_options, offsetof(struct queue_settings, peers)},
    {&end_options, offsetof(struct queue_settings, end)},
    {&access_options, offsetof(struct queue_settings, access)},
    {&identity_options, offsetof(struct queue_settings, identity)},
    {&log_options, offsetof(struct queue_settings, log)},
};

static int check_sizes(const struct config *config, const struct peers_settings *peers,
                       struct config_error *error)
{
    const struct size_rule rules[] = {
        {"payload-total-max", peers->payload_total_max, false},
        {"output-total-max", peers->output_total_max, false},
    };
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (daemon_rule_size(config, error, &rules[i], peers->payload_max) < 0)
            return -1;
    return 0;
}

static int check_servers(const struct config *config, const struct option_list *servers,
                         struct config_error *error)
{
    for (size_t i = 0; i < servers->count; i++)
        if (daemon_rule_server(config, error, "redis-servers", servers->items[i]) < 0)
            return -1;
    return 0;
}

static int check(const struct config *config, void *arg, struct config_error *error)
{
    const struct queue_settings *settings = arg;
    if (check_sizes(config, &settings->peers, error) < 0 ||
        daemon_rule_listen(config, error, &settings->peers.listen, &settings->access) < 0 ||
        check_servers(config, &settings->redis.servers, error) < 0)
        return -1;
    return daemon_rule_server(config, error, "master", settings->master.address);
}

/* With another engine the file need not be there. */
static int read_password(const struct config *config, struct queue_settings *settings,
                         enum file_kind kind, struct config_error *error)
{
    struct redis_settings *redis = &settings->redis;
    char why[PATH_MAX + 192];
    if (settings->store.engine == STORE_ENGINE_REDIS && redis->password_file &&
        redis_password_read(redis->password_file, kind, &redis->passwords, why, sizeof why) < 0)
        return config_fault(config, error, "redis-password-file", "%s", why);
    return 0;
}

static int read_tokens(const struct config *config, void *arg, enum file_kind kind,
                       struct config_error *error)
{
    struct queue_settings *settings = arg;
    struct master_link_settings *master = &settings->master;
    char why[PATH_MAX + 192];
    if (access_read(config, &settings->access, kind, error) < 0)
        return -1;
    if (master->token_file &&
        token_file_read(master->token_file, kind, &master->tokens, why, sizeof why) < 0)
        return config_fault(config, error, "master-token-file", "%s", why);
    return read_password(config, settings, kind, error);
}

static void release(void *arg)
{
    struct queue_settings *settings = arg;
    token_set_free(&settings->access.tokens);
    token_set_free(&settings->master.tokens);
    token_set_free(&settings->redis.passwords);
}

const struct config_schema queue_schema = {
    .program = "taskqueued",
    .parts = parts,
    .part_count = sizeof parts / sizeof *parts,
    .size = sizeof(struct queue_settings),
    .check = check,
    .read = read_tokens,
    .release = release,
};
