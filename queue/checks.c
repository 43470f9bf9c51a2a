/* checks: see checks.h. */
#include "queue/checks.h"

#include "net/address.h"
#include "queue/all_settings.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct daemon_settings settings(const struct config *config)
{
    const struct queue_settings *all = queue_settings_of(config);
    return (struct daemon_settings){.listen = &all->peers.listen,
                                    .identity = &all->identity,
                                    .access = &all->access,
                                    .log = &all->log};
}

/* --- the store --- */

/* Returns 0, or the errno of the obstacle to a new directory. */
static int try_parent(const struct identity *identity, const char *path)
{
    char parent[PATH_MAX] = ".";
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    while (len && path[len - 1] != '/')
        len--;
    if (len && len < sizeof parent)
        snprintf(parent, sizeof parent, "%.*s", (int)len, path);
    return identity_access(identity, parent, W_OK | X_OK);
}

/* Returns 0, or the errno of the obstacle to the directory, or to a new one. */
static int try_path(const struct identity *identity, const char *path)
{
    struct stat st;
    int e = identity_access(identity, path, R_OK | W_OK | X_OK);
    if (e == ENOENT)
        return try_parent(identity, path);
    return stat(path, &st) == 0 && !S_ISDIR(st.st_mode) ? ENOTDIR : e;
}

/* The store's directory is there, or can be made. */
static bool check_store_path(const struct daemon_check *check, const struct identity *identity,
                             const char *path)
{
    const char *user = identity->user;
    int e = try_path(identity, path);
    if (e)
        daemon_check_tell(check, FINDING_FAULT, "store-path", NULL,
                          "%s \"%s\", expected a directory to write to%s%s, or the place for a new "
                          "one: %s",
                          config_is_set(check->config, "store-path") ? "found" : "by default", path,
                          *user ? " by user " : "", user, strerror(e));
    return !e;
}

static bool check_paths(const struct daemon_check *check, const struct identity *identity)
{
    const struct store_settings *store = &queue_settings_of(check->config)->store;
    return store->engine != STORE_ENGINE_SQLITE || check_store_path(check, identity, store->path);
}

/* --- warnings --- */

static void check_lease(const struct daemon_check *check, const struct redis_settings *redis)
{
    if (redis->timeout_ms > redis->lease_ms / 2)
        daemon_check_tell(check, FINDING_WARNING, "redis-timeout-ms", NULL,
                          "found %" PRIu32 ", expected at most half of lease-ms, %" PRIu32
                          ": one connection that hangs would cost the lease",
                          redis->timeout_ms, redis->lease_ms);
}

/* A reload reads the files again. */
static void check_warnings(const struct daemon_check *check, const struct identity *identity)
{
    const struct queue_settings *all = queue_settings_of(check->config);
    daemon_check_readable(check, identity, "master-token-file", all->master.token_file);
    if (all->store.engine != STORE_ENGINE_REDIS)
        return;
    daemon_check_readable(check, identity, "redis-password-file", all->redis.password_file);
    check_lease(check, &all->redis);
}

/* --- names --- */

/* The name has an address. Nobody need listen there yet. */
static bool try_server(const struct daemon_check *check, enum finding finding, const char *key,
                       const char *text)
{
    struct address address;
    char why[128];
    if (address_parse(&address, text, why, sizeof why) == 0)
        return true;
    daemon_check_tell(check, finding, key, NULL, "found \"%s\": %s", text, why);
    return finding != FINDING_FAULT;
}

/* The master's name is looked up at the start, those of Redis at each attempt: a replica may come
 * later. */
static bool try_servers(const struct daemon_check *check, struct identity *identity, bool option)
{
    const struct queue_settings *all = queue_settings_of(check->config);
    const struct option_list *servers = &all->redis.servers;
    bool fine = try_server(check, FINDING_FAULT, "master", all->master.address);
    (void)identity, (void)option;
    for (size_t i = 0; all->store.engine == STORE_ENGINE_REDIS && i < servers->count; i++)
        (void)try_server(check, FINDING_WARNING, "redis-servers", servers->items[i]);
    return fine;
}

const struct start_checks queue_checks = {
    .program = "taskqueued",
    .sockets = "clients",
    .guard = "set token-file or access-file, or set allow-open-listen if something else keeps "
             "strangers away",
    .settings = settings,
    .paths = check_paths,
    .warn = check_warnings,
    .trial = try_servers,
};
